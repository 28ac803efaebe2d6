package tool

import "context"

// Preview is what a call would change, for people who decide about it.
type Preview struct {
	// What names what would change, in one line, such as a page with its version.
	What string `json:"what,omitempty"`
	// Page is the id of the page of Confluence that would change; "" for none.
	Page string `json:"page,omitempty"`
	// Diff is the change as a unified diff of texts that people can read.
	Diff string `json:"diff,omitempty"`
	// Basis stands for all that the change was made from; see Call.Basis.
	Basis string `json:"basis,omitempty"`
	// Refused says why the call would not be made; "" if it would.
	Refused string `json:"-"`
}

// Previewer is a Tool that can tell what a call would change before it is made. It
// reads what is there now, and writes nothing. Calls that it cannot tell more of
// than their arguments do have the zero Preview. An error means that it cannot be
// told now.
type Previewer interface {
	Preview(ctx context.Context, call Call) (Preview, error)
}
