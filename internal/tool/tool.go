// Package tool defines what a model may call: the Tool interface, the registry
// that resolves the names in an agent's manifest, and the discipline that makes
// a write happen once. The tools themselves are in sub-packages.
package tool

import (
	"context"
	"encoding/json"
)

// Access says whether a tool only reads or also changes something outside.
type Access string

// The two kinds of access.
const (
	Read  Access = "read"
	Write Access = "write"
)

// Spec describes a tool to the model and to the policy.
type Spec struct {
	// Name is the tool's canonical name, such as "jira_post_comment".
	Name string
	// Aliases are other names under which manifests may list it.
	Aliases []string
	// Toolset is the umbrella name, such as "jira", under which an agent gets
	// the whole set ("jira:read" gives its reading tools only).
	Toolset string
	// Description is one short sentence for the model.
	Description string
	// Parameters is the JSON Schema of the arguments, in the subset that every
	// provider takes: one type string, items, enum and required; no $ref, anyOf
	// or const.
	Parameters json.RawMessage
	// Access says whether the tool writes.
	Access Access
	// Comments is true if each call posts a comment, of which people are told;
	// such calls have a limit of their own.
	Comments bool
	// Internal is true for a tool that writes to nothing but the daemon's own
	// records, such as an agent's memory. Its calls do not count as writes and
	// need no consent; a dry run does not make them.
	Internal bool
	// Unseen is true for a tool that writes what nobody but tools see and changes
	// nothing that people made, such as the register behind a page. An agent that only
	// proposes writes it all the same: what it proposes stands on it.
	Unseen bool
	// DraftLabels names the argument that takes the labels of what the tool makes;
	// "" for none. What an agent only proposes is made with the label "draft".
	DraftLabels string
	// DraftStatus names the argument for which "draft" makes what the tool makes a
	// draft; "" for none. It does what DraftLabels does where there are drafts.
	DraftStatus string
	// DraftEdits names the argument for which "draft" keeps a change of what is there
	// from being published; "" for none.
	DraftEdits string
}

// Person is somebody's account, as far as it is known.
type Person struct {
	AccountID   string `json:"account_id,omitempty"`
	Name        string `json:"name,omitempty"`
	Key         string `json:"key,omitempty"`
	Email       string `json:"email,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
}

// Origin is the run on whose behalf a tool is called.
type Origin struct {
	// Site names the Jira site whose event started the run.
	Site string
	// Run and Delivery identify the run and what caused it.
	Run      string
	Delivery string
	// Trigger and Agent name the manifests at work.
	Trigger string
	Agent   string
	// Project and IssueKey are the event's own; either may be "".
	Project  string
	IssueKey string
	// Subject is the thing that the run is about, such as "issue:10001".
	Subject string
	// Projects are what an event of another platform lets a run touch, if the agent
	// has no scope: the projects of several issues.
	Projects []string
	// Repository is the event's own on GitHub, as owner/name, and Thread the number
	// of its pull request or issue; "" and 0 for none.
	Repository string
	Thread     int
	// Space is the event's own in Confluence, by its key, and Page its page, by its
	// id; "" for none.
	Space string
	Page  string
	// PageComment is the comment on the page that caused the run, or at the beginning
	// of its thread; "" for none.
	PageComment string
	// Actor is who caused the run.
	Actor Person
	// People are the accounts of those on the issue, as far as the event names
	// them, and Texts what the event says: the people and addresses in them may be
	// named in what the run writes.
	People []string
	Texts  []string
	// Depth is how many answers of automations to each other led to the run; what
	// it writes carries it.
	Depth int
	// Memory is what the agent remembers things in, as in its manifest; "" for
	// nothing.
	Memory string
	// OnBehalf is the user with whose rights the tools act; the zero value has them
	// act as the daemon's own account.
	OnBehalf OnBehalf
	// Within are the projects, as keys or globs, beyond which the run does not reach
	// whatever its agent's scope says; nil for no such bound.
	Within []string
}

// OnBehalf is a user of a Jira site who works with the app in it. Tools that act
// for one reach what the user may reach, with the user's token and no other.
type OnBehalf struct {
	// Installation is the UUID of the app's installation, and so names the tenant.
	Installation string `json:"installation"`
	// Account is the user's Atlassian account.
	Account string `json:"account"`
	// CloudID is the site's id, APIBase where its REST API is, such as
	// https://api.atlassian.com/ex/jira/{cloudId}. Both come from a verified token.
	CloudID string `json:"cloud_id"`
	APIBase string `json:"api_base"`
	// SiteURL is where people find the site, which need not be configured; "" if it
	// is not known.
	SiteURL string `json:"site_url,omitempty"`
}

// IsZero reports whether there is no such user.
func (o OnBehalf) IsZero() bool { return o == OnBehalf{} }

// Call is one call of a tool.
type Call struct {
	// ID is stable over retries and crashes; a write carries it to the outside.
	ID string
	// Args are the arguments, already checked against the tool's schema.
	Args json.RawMessage
	// Origin is the run that calls.
	Origin Origin
	// Projects are the project keys, or globs of them such as "TEAM*", that the
	// call may touch; a search is narrowed to them. nil means every project.
	Projects []string
	// Repositories are the same on GitHub, as owner/name or globs such as "acme/*".
	Repositories []string
	// Spaces are the same in Confluence, as keys of spaces or globs of them.
	Spaces []string
	// Basis is Preview.Basis of what people approved: the call is refused if what it
	// changes is not the same any more. "" for a call that nobody was shown.
	Basis string
}

// Result is what a tool tells the model.
type Result struct {
	// Text is compact and made for the model. It is never empty.
	Text string
	// Failed is true if the text explains a failure, such as Jira's refusal.
	Failed bool
	// Target is what was read or changed, such as an issue key, and Space the key of
	// the space of Confluence that it is in, as far as that was looked up.
	Target string
	Space  string
	// Outside is true if the call was refused since what it is about turned out not to
	// be within Call.Projects, Repositories or Spaces. Failed is true then, too.
	Outside bool
	// InDoubt is true if it cannot be known whether the write happened.
	InDoubt bool
}

// Targets is what a call is about, as far as its arguments tell.
type Targets struct {
	// Projects are the keys of the projects that the call touches.
	Projects []string
	// Issues are the issues that the call touches, by key, pull requests as
	// owner/name#7, and pages of Confluence as page:123.
	Issues []string
	// Confined is true if the tool itself keeps to Call.Projects, as a search does.
	Confined bool
	// Repositories are those on GitHub that the call touches, and WithinRepositories
	// is true if the tool itself keeps to Call.Repositories.
	Repositories       []string
	WithinRepositories bool
	// Spaces are the keys of the spaces of Confluence that the call is known to touch,
	// and WithinSpaces is true if the tool itself keeps to Call.Spaces: the id of a page
	// does not tell its space.
	Spaces       []string
	WithinSpaces bool
}

// Tool is a function that a model may call.
type Tool interface {
	Spec() Spec
	// Targets tells from the arguments what the call would touch, without
	// asking anybody. Arguments that make no sense are an error for the model.
	Targets(args json.RawMessage) (Targets, error)
	// Call does the work. A Result with Failed is for the model to act on. An
	// error means that there is no result: a transient one is tried again.
	Call(ctx context.Context, call Call) (Result, error)
}

// Varying is a Tool of which some calls write and others only read, such as a
// request that may be a GET. Its Spec says Write.
type Varying interface {
	// AccessOf says which it is with these arguments; Write if they make no sense.
	AccessOf(args json.RawMessage) Access
}

// AccessOf says whether a call with these arguments writes.
func AccessOf(t Tool, args json.RawMessage) Access {
	if v, ok := t.(Varying); ok {
		return v.AccessOf(args)
	}
	return t.Spec().Access
}
