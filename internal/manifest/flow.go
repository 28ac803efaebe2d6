package manifest

// Flow is a graph of steps. It is loaded and checked; running one is refused at
// the trigger until flows can run.
type Flow struct {
	Meta
	Nodes       []FlowNode
	Connections []FlowConnection
}

// FlowNode is one step of a flow.
type FlowNode struct {
	ID     string
	Type   string
	Config map[string]any
	// When is a condition of the node itself; "" for none.
	When string
}

// FlowConnection is an edge of the graph. From is "start" for the entry.
type FlowConnection struct {
	From string
	To   string
	When string
}
