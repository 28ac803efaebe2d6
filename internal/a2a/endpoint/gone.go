package endpoint

import (
	"net/http"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/wire"
)

// needsAgent says whether a request can be for nothing but the agent itself. What is
// about a task is answered at the address of an agent that is not offered any more:
// there its callers, such as Jira, ask for their tasks, answer and cancel them.
func (x *exchange) needsAgent() bool {
	switch x.req.Operation {
	case wire.ExtendedCard:
		return true
	case wire.Send, wire.SendStream:
		req, wrong := x.req.Send(x.dialect)
		return wrong != nil || req.Message.ContextID == "" && req.Message.TaskID == ""
	}
	return false
}

func noAgent(name string) *a2a.Refusal {
	why := "There is no such agent"
	if name == "" {
		why = "No agent answers at this address: name one in it, as in /a2a/NAME/json-rpc"
	}
	return &a2a.Refusal{Status: http.StatusNotFound, Message: why}
}
