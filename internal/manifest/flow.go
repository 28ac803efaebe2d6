package manifest

import (
	"encoding/json"
	"time"
)

// Flow is a graph of nodes. Its texts are templates and expressions as they
// stand in the manifest; what they mean is internal/flow's business.
type Flow struct {
	Meta
	Description string
	// Nodes are in the order of the file, those in the body of a ForEach left out.
	Nodes       []FlowNode
	Connections []FlowConnection
	// ScopeProjects are the project globs that Tool nodes may touch; empty means
	// the event's own project. ScopeRepositories are the same on GitHub, ScopeSpaces
	// in Confluence.
	ScopeProjects []string
	// OwnIssue keeps what writes to the event's own issue (scope.writes: issue).
	OwnIssue          bool
	ScopeRepositories []string
	ScopeSpaces       []string
	// Writes says how Tool, HTTP and Response nodes write.
	Writes Writes
	// Approval says which calls need somebody's approval; nil for none. Budget is
	// what may be spent on models in the whole flow.
	Approval *Approval
	Budget   Budget
	// Output is comment if the flow's result is posted although no node did so.
	Output Output
	// Exports are the names that Transform scripts give to values, by node.
	Exports map[string]string
}

// Each calls do with each node, those in bodies included.
func (f *Flow) Each(do func(n *FlowNode)) {
	for i := range f.Nodes {
		do(&f.Nodes[i])
		if c, ok := f.Nodes[i].Config.(*ForEachNode); ok {
			for k := range c.Body {
				do(&c.Body[k])
			}
		}
	}
}

// NodeType is what a node does.
type NodeType string

// The types of node.
const (
	NodeAgent       NodeType = "Agent"
	NodeFleet       NodeType = "Fleet"
	NodeFlow        NodeType = "Flow"
	NodeTool        NodeType = "Tool"
	NodeConditional NodeType = "Conditional"
	NodeParallel    NodeType = "Parallel"
	NodeJoin        NodeType = "Join"
	NodeForEach     NodeType = "ForEach"
	NodeApproval    NodeType = "Approval"
	NodeWait        NodeType = "Wait"
	NodeHTTP        NodeType = "HTTP"
	NodeTransform   NodeType = "Transform"
	NodeResponse    NodeType = "Response"
	NodeEnd         NodeType = "End"
)

// FlowNode is one node of a flow.
type FlowNode struct {
	ID          string
	Type        NodeType
	Description string
	// Config is the config struct of the type: *AgentNode for NodeAgent and so on;
	// nil for NodeParallel.
	Config any
	// When is a condition of the node itself; "" for none.
	When  string
	Retry FlowRetry
	// Timeout bounds the working time of one attempt; 0 for none.
	Timeout time.Duration
	// Continue is true if the flow goes on although the node failed, and Handler
	// names the node with which it goes on then alone; "" for none.
	Continue bool
	Handler  string
}

// FlowRetry says how often a node is tried; once if it is zero.
type FlowRetry struct {
	// Attempts is how often at most.
	Attempts int
	// Delay is the pause before the second attempt, Factor by how much each
	// further one is longer, MaxDelay the longest.
	Delay    time.Duration
	Factor   float64
	MaxDelay time.Duration
}

// FlowConnection is an edge of the graph. From is "start" for the entry.
type FlowConnection struct {
	From string
	To   string
	// When is an expression; "" for always.
	When string
	// OnError is true for the way that is taken if From failed, and only then.
	OnError bool
}

// AgentNode runs an agent.
type AgentNode struct {
	// Agent names it; "" if Inline is set.
	Agent  string
	Inline *Agent
	// Input is a template: what the agent is to do. "" hands it what the nodes
	// before it found.
	Input string
	// Schema is what the answer has to be; nil for any text.
	Schema json.RawMessage
}

// FleetNode runs a fleet.
type FleetNode struct {
	Fleet string
	Input string
}

// SubflowNode runs another flow. The texts in Inputs are templates.
type SubflowNode struct {
	Flow   string
	Inputs map[string]any
}

// ToolNode calls a tool. The texts in Args are templates.
type ToolNode struct {
	Tool string
	Args map[string]any
	// Pages is how many parts of a result are put together, 0 for the first alone.
	Pages int
}

// ConditionalNode decides. Its ways are connections.
type ConditionalNode struct{ Condition string }

// JoinNode waits for the ways that lead to it.
type JoinNode struct{ Strategy JoinStrategy }

// JoinStrategy says for which.
type JoinStrategy string

// The strategies.
const (
	JoinAll      JoinStrategy = "all"
	JoinAny      JoinStrategy = "any"
	JoinMajority JoinStrategy = "majority"
)

// ForEachNode runs its body for each item of a list.
type ForEachNode struct {
	// Items is an expression, or List the list itself, with templates in its texts.
	Items string
	List  []any
	// Item and Index are the names of the variables in the body.
	Item, Index string
	// Body are run one after the other for each item.
	Body []FlowNode
	// MaxParallel is how many items are at work at the same time, MaxItems how
	// many there may be.
	MaxParallel, MaxItems int
	// Continue is true if the others go on although an item failed.
	Continue bool
}

// ApprovalNode asks a person. Message and the entries of Approvers are templates.
type ApprovalNode struct {
	Message   string
	Approvers []string
	Timeout   time.Duration
	AllowSelf bool
	// Issue and Page are where people are asked, by key and by id, or templates that
	// give them; both empty for where the event is. At most one is set.
	Issue, Page string
}

// WaitNode lets time pass.
type WaitNode struct {
	// Duration is a span or a template that gives one; Until a point in time in
	// RFC 3339, or a template that gives one. One of them is set.
	Duration, Until string
}

// HTTPNode sends a request. All texts are templates.
type HTTPNode struct {
	Method, URL string
	Headers     map[string]string
	// Body is a text, or a tree that is sent as JSON; nil for none.
	Body any
}

// TransformNode makes a value.
type TransformNode struct {
	// Template gives a text, which is read as JSON if JSON is true.
	Template string
	JSON     bool
	// Value is a tree with templates in its texts; nil if Template is set.
	Value any
}

// ResponseNode posts a comment on the event's issue, or on another one.
type ResponseNode struct{ Message, Issue string }

// EndNode ends the flow.
type EndNode struct {
	Failed  bool
	Message string
}

// Defaults of flows.
const (
	DefaultMaxParallel     = 4
	DefaultMaxItems        = 100
	DefaultApprovalTimeout = 24 * time.Hour
)
