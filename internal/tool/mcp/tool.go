package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/aofctl/aofctl/internal/tool"
)

// maxReference is how much of a write's result the ledger keeps, for a run that
// died before it could record the result itself.
const maxReference = 2000

// toolset is the umbrella name of all tools of servers.
const toolset = "mcp"

// remote is a tool of a server.
type remote struct {
	spec   tool.Spec
	name   string // for the server
	conn   *connection
	writer tool.Writer
}

// newRemote makes a tool of what a server says of it. An error says why it cannot
// be offered.
func newRemote(c *connection, t *sdk.Tool, name string, writer tool.Writer) (*remote, error) {
	parameters, err := sanitize(t.InputSchema)
	if err != nil {
		return nil, err
	}
	words := oneLine(t.Description, maxDescription)
	if words == "" {
		words = oneLine(t.Title, maxDescription)
	}
	if words == "" {
		words = "Tool " + oneLine(t.Name, maxName) + " of the MCP server " + c.server.Name
	}
	return &remote{name: t.Name, conn: c, writer: writer, spec: tool.Spec{
		Name: name, Aliases: []string{Display(c.server.Name, t.Name)}, Toolset: toolset,
		Description: words, Parameters: parameters, Access: c.server.access(t)}}, nil
}

// access tells reading tools from writing ones. Only the operator's word counts
// unless the server is trusted to tell.
func (s Server) access(t *sdk.Tool) tool.Access {
	if len(s.ReadOnly) > 0 && matches(s.ReadOnly, t.Name) {
		return tool.Read
	}
	if s.TrustAnnotations && t.Annotations != nil && t.Annotations.ReadOnlyHint {
		return tool.Read
	}
	return tool.Write
}

// Spec implements tool.Tool.
func (r *remote) Spec() tool.Spec { return r.spec }

// Targets implements tool.Tool. What a server touches is not known here: the list
// of tools is its bound.
func (r *remote) Targets(json.RawMessage) (tool.Targets, error) { return tool.Targets{}, nil }

// target names the tool on steps and in the ledger.
func (r *remote) target() string {
	return Display(r.conn.server.Name, oneLine(r.name, maxName))
}

// Call implements tool.Tool.
func (r *remote) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	if r.spec.Access == tool.Read {
		result, err := r.conn.call(ctx, r.name, call.Args)
		result.Target = r.target()
		return result, err
	}
	return r.write(ctx, call)
}

// write calls a tool that may change something, at most once: nobody can look
// whether a call whose answer was lost was carried out.
func (r *remote) write(ctx context.Context, call tool.Call) (tool.Result, error) {
	result := tool.Result{Target: r.target()}
	told := false
	ref, err := r.writer.Once(ctx, call.ID, tool.Action{
		Kind: "mcp", Target: r.target(),
		NotSent: func(err error) bool { return errors.Is(err, errUnsent) },
		Send: func(ctx context.Context) (string, error) {
			answer, err := r.conn.call(ctx, r.name, call.Args)
			if err != nil {
				return "", r.doubt(ctx, err)
			}
			answer.Target = result.Target
			result, told = answer, true
			return reference(answer), nil
		},
	})
	if err != nil {
		return tool.Result{Target: r.target()}, err
	}
	if !told { // an earlier try got the answer
		result.Failed, result.Text = dereference(ref)
	}
	return result, nil
}

// doubt says of a failure that nobody knows what became of the call, unless the
// call was not sent or the run itself was interrupted.
func (r *remote) doubt(ctx context.Context, err error) error {
	if errors.Is(err, errUnsent) || ctx.Err() != nil {
		return err
	}
	r.conn.log.Warn().Err(err).Str("tool", r.target()).Msg("it is not known whether a call of an MCP server was carried out; it is not repeated")
	return fmt.Errorf("%w: %w", tool.ErrInDoubt, err)
}

// reference is what the ledger keeps of a result.
func reference(r tool.Result) string {
	mark := "ok "
	if r.Failed {
		mark = "failed "
	}
	if len(r.Text) > maxReference {
		return mark + oneLine(r.Text, maxReference)
	}
	return mark + r.Text
}

func dereference(ref string) (failed bool, text string) {
	const failure, success = "failed ", "ok "
	switch {
	case len(ref) > len(failure) && ref[:len(failure)] == failure:
		return true, ref[len(failure):]
	case len(ref) > len(success) && ref[:len(success)] == success:
		return false, ref[len(success):]
	}
	return false, "(done; the output was not kept)"
}
