package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/aofctl/aofctl/internal/tool"
)

// rejected is the code with which the SDK itself, and no server, reports that a
// message could not be written or its answer not be read.
const rejected = -32005

// call calls a tool once and waits for its answer. What the server answers, be it
// a failure, is a result. An error that is no errUnsent leaves it open whether the
// call was carried out.
func (c *connection) call(ctx context.Context, name string, args json.RawMessage) (tool.Result, error) {
	s, err := c.open(ctx)
	if err != nil {
		return tool.Result{}, errors.Join(errUnsent, err)
	}
	limited, cancel := context.WithTimeout(ctx, c.server.timeout())
	defer cancel()
	limited, t := withTrace(limited)
	answer, err := s.CallTool(limited, &sdk.CallToolParams{Name: name, Arguments: args})
	if err == nil {
		return tool.Result{Text: render(answer), Failed: answer.IsError}, nil
	}
	if said := answered(err); said != nil {
		return tool.Result{Text: said.explain(name), Failed: true}, nil
	}
	return tool.Result{}, c.lost(ctx, s, t, err)
}

// answered returns the error with which the server itself answered.
func answered(err error) *protocolError {
	var wire *jsonrpc.Error
	if !errors.As(err, &wire) || wire.Code == rejected || errors.Is(err, sdk.ErrConnectionClosed) {
		return nil
	}
	return &protocolError{wire}
}

type protocolError struct{ *jsonrpc.Error }

// explain tells the model of an error of the protocol.
func (e *protocolError) explain(name string) string {
	words := oneLine(e.Message, maxWords)
	switch e.Code {
	case jsonrpc.CodeMethodNotFound:
		return fmt.Sprintf("The server has no tool %s: %s", name, words)
	case jsonrpc.CodeInvalidParams:
		return fmt.Sprintf("The server refuses this call of %s: %s", name, words)
	}
	return fmt.Sprintf("The call of %s failed: %s (%d)", name, words, e.Code)
}

// lost explains that there is no answer.
func (c *connection) lost(ctx context.Context, s *sdk.ClientSession, t *trace, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("call MCP server %s: %w", c.server.Name, ctx.Err())
	}
	if refused := t.refused.Load(); refused != nil {
		failure := c.unreached(err, t)
		c.drop(s, failure.Error())
		return errors.Join(errUnsent, failure)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return c.trouble(fmt.Sprintf("it did not answer within %s", c.server.timeout()), err)
	}
	failure := c.trouble("the connection broke during the call: "+oneLine(err.Error(), maxWords), err)
	c.drop(s, failure.Reason)
	if c.server.Command == "" && !t.sent.Load() {
		return errors.Join(errUnsent, failure)
	}
	return failure
}
