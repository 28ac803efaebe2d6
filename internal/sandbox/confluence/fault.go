package confluence

import (
	"fmt"
	"net/http"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// What can go wrong with requests, as everywhere in the sandbox.
type (
	// Effect is what a fault does.
	Effect = wire.Effect
	// Fault is a rule that makes requests go wrong.
	Fault = wire.Fault
	// Hold stops requests until it is released.
	Hold = wire.Hold
	// Request is a request that the site got. Its path is without the context path.
	Request = wire.Request
)

// The effects, see [wire.Effect].
const (
	Answer    = wire.Answer
	Latency   = wire.Latency
	CutBefore = wire.CutBefore
	CutAfter  = wire.CutAfter
	Malformed = wire.Malformed
)

// answerFault is how Confluence and its gateways refuse: JSON below 500, HTML above.
func answerFault(w http.ResponseWriter, f *Fault) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Reason != "" {
		w.Header().Set("RateLimit-Reason", f.Reason)
	}
	if f.Status >= 500 {
		w.Header().Set("Content-Type", "text/html;charset=UTF-8")
		w.WriteHeader(f.Status)
		_, _ = fmt.Fprintf(w, "<html><head><title>%d %s</title></head><body></body></html>", f.Status, http.StatusText(f.Status))
		return
	}
	text := http.StatusText(f.Status)
	if f.Status == http.StatusConflict {
		text = "The content was changed by somebody else at the same time."
	}
	writeJSON(w, f.Status, refuse(f.Status, "%s", text).v1())
}
