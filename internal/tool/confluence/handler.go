package confluence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

// job is one call at work.
type job struct {
	*Tools
	call tool.Call
	api  confluence.API
	// names are people whose names were asked for.
	names map[string]string
}

// handler is a tool whose arguments are an A.
type handler[A any] struct {
	tools *Tools
	spec  tool.Spec
	// page is the page that the call is about, space the key of a space that it names.
	page  func(A) Ref
	space func(A) string
	run   func(ctx context.Context, j job, args A) (tool.Result, error)
}

var _ tool.Tool = handler[struct{}]{}

// Spec implements tool.Tool.
func (h handler[A]) Spec() tool.Spec { return h.spec }

// Targets implements tool.Tool.
func (h handler[A]) Targets(raw json.RawMessage) (tool.Targets, error) {
	args, err := decode[A](raw)
	if err != nil {
		return tool.Targets{}, err
	}
	targets := tool.Targets{WithinSpaces: true}
	if h.page != nil {
		ref := h.page(args)
		if ref.SpaceKey != "" {
			targets.Spaces = append(targets.Spaces, ref.SpaceKey)
		}
		if ref.ID != "" {
			targets.Issues = append(targets.Issues, target(ref.ID))
		}
	}
	if h.space != nil {
		if key := strings.TrimSpace(h.space(args)); key != "" && len(targets.Spaces) == 0 {
			targets.Spaces = append(targets.Spaces, key)
		}
	}
	return targets, nil
}

// target is how a page is named in the ledger and in results.
func target(id string) string { return "page:" + id }

// onBehalf is why a call is refused that is made for a user of Jira.
const onBehalf = "Confluence cannot be used in this conversation: what is done for a user is done with the user's own rights, " +
	"and the token that Jira gives for that is not good for Confluence. Say so in your answer, and go on without it."

// Call implements tool.Tool.
func (h handler[A]) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	args, err := decode[A](call.Args)
	if err != nil {
		return tool.Result{Text: err.Error(), Failed: true}, nil //nolint:nilerr // the model is told
	}
	if !call.Origin.OnBehalf.IsZero() || !tool.ActsFor(ctx).IsZero() {
		return tool.Result{Text: onBehalf, Failed: true}, nil
	}
	named := ""
	if h.page != nil && h.page(args).ID != "" {
		named = target(h.page(args).ID)
	}
	client, err := h.tools.sites(call.Origin)
	if err != nil {
		return tool.Result{}, fmt.Errorf("%s: %w", h.spec.Name, err)
	}
	api, err := client.API(ctx)
	if err != nil {
		return outcome(h.spec.Name, named, err)
	}
	j := job{Tools: h.tools, call: call, api: api, names: map[string]string{}}
	if h.space != nil {
		if key := strings.TrimSpace(h.space(args)); key != "" && !tool.InSpaces(call.Spaces, key) {
			return outcome(h.spec.Name, named, outside("space "+key))
		}
	}
	result, err := h.run(ctx, j, args)
	if err != nil {
		return outcome(h.spec.Name, named, err)
	}
	if result.Target == "" {
		result.Target = named
	}
	result.Text = capped(result.Text)
	return result, nil
}

func outside(what string) error { return refuse("%s is outside the scope of this run", what) }

// once performs a write under an id.
func (j job) once(ctx context.Context, id string, a tool.Action) (string, error) {
	a.NotSent = notSent
	return j.writer.Once(ctx, id, a)
}

// decode reads arguments that passed the schema.
func decode[A any](raw json.RawMessage) (A, error) {
	var args A
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&args); err != nil {
		return args, fmt.Errorf("read arguments: %w", err)
	}
	return args, nil
}

// ack is the result of a write on a page.
func ack(page, format string, parts ...any) (tool.Result, error) {
	return tool.Result{Text: fmt.Sprintf(format, parts...), Target: target(page)}, nil
}

// spec makes the Spec of a tool of this set.
func spec(name string, access tool.Access, description, parameters string, aliases ...string) tool.Spec {
	return tool.Spec{
		Name: name, Aliases: aliases, Toolset: "confluence", Description: description,
		Parameters: json.RawMessage(strings.ReplaceAll(parameters, "\n", "")), Access: access,
	}
}
