package forgeapp

// PlaceholderID stands for the id of an app that is not registered yet.
const PlaceholderID = "ari:cloud:ecosystem::app/00000000-0000-0000-0000-000000000000"

// Input is what the manifest is made from.
type Input struct {
	// AppID is the app's id as an ARI; "" for PlaceholderID.
	AppID string
	// PublicURL is where Atlassian reaches the daemon, without a slash at its end.
	PublicURL string
	// Agents are those that Jira shows, in the order of the manifest.
	Agents []Agent
	// Scopes are those of OAuth that the agents' tools need, in any order and with
	// repeats. What the app itself needs comes besides.
	Scopes []string
}

// AllScopes are the scopes that the app asks for: what it needs itself, and what the
// agents' tools need.
func (in Input) AllScopes() []string { return scopes(in.Scopes) }

// Agent is an agent, fleet or flow of the daemon.
type Agent struct {
	// Name is the one in its manifest, by which the daemon is asked.
	Name string
	// Title is what people see; "" for one that is made from Name.
	Title string
	// Description says what it is for; "" for nothing.
	Description string
	// Icon is a file among the app's icons or an https address; "" for the app's own.
	Icon string
	// Starters are sentences with which a conversation may begin.
	Starters []string
	// Default is true for the one that answers at the address that names nobody.
	Default bool
	// Pages is true for one with tools for Confluence. They are refused in what users
	// ask for in Jira, so the app asks for none of Confluence's scopes.
	Pages bool
	// Source is where its manifest stands, as "path:line".
	Source string
}
