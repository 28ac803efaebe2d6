package manifest

import (
	"encoding/json"

	"github.com/aofctl/aofctl/internal/memory"
)

// Output says what happens with an agent's final text.
type Output string

// The kinds of output.
const (
	// OutputComment posts the final text as one comment if the agent posted none.
	OutputComment Output = "comment"
	// OutputNone keeps it in the history only.
	OutputNone Output = "none"
)

// Writes says how an agent's writes are carried out.
type Writes string

// The kinds of writes that are offered.
const (
	WritesDirect Writes = "direct"
	// WritesPropose makes proposals, which people approve when the agent has
	// finished.
	WritesPropose Writes = "propose"
	// WritesDraft is WritesPropose, but for edits of pages: they become drafts at once,
	// which people publish.
	WritesDraft  Writes = "draft"
	WritesDryRun Writes = "dry_run"
)

// Agent is a model with instructions and tools.
type Agent struct {
	Meta
	// Model is "provider:model".
	Model string
	// Fallbacks stand in for it, in their order; none for those that daemon.yaml
	// has for it.
	Fallbacks    []string
	Description  string
	Instructions string
	// Tools are canonical tool names, resolved from names, globs and toolsets,
	// without repeats and sorted.
	Tools              []string
	Temperature        *float64
	MaxTokens          int
	MaxIterations      int
	MaxContextMessages int
	Output             Output
	// OutputSchema is what the final text has to be, as a JSON Schema; nil for any
	// text. A text that has to be JSON is not posted.
	OutputSchema json.RawMessage
	Writes       Writes
	// Approval says which calls need somebody's approval; nil for none.
	Approval *Approval
	// Budget is what may be spent on the agent's models.
	Budget Budget
	// Memory is what the agent keeps from run to run; zero for nothing.
	Memory memory.Config
	// ScopeProjects are the project globs that tools may touch; empty means the
	// event's own project.
	ScopeProjects []string
	// OwnIssue keeps what writes to the event's own issue (scope.writes: issue).
	OwnIssue bool
	// MCPServers are the servers whose tools the agent has besides.
	MCPServers []MCPServer
	// ScopeRepositories are the same for repositories on GitHub, ScopeSpaces for
	// spaces in Confluence.
	ScopeRepositories []string
	ScopeSpaces       []string
}

// Defaults of an Agent.
const (
	DefaultMaxIterations = 10
	DefaultMaxTokens     = 4096
)
