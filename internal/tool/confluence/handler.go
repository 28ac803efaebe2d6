package confluence

import (
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
	// space has the key of the space of the page that the call was found to be about.
	space *string
}

// handler is a tool whose arguments are an A.
type handler[A any] struct {
	tools *Tools
	spec  tool.Spec
	// page is the page that the call is about, space the key of a space that it names.
	page  func(A) Ref
	space func(A) string
	run   func(ctx context.Context, j job, args A) (tool.Result, error)
	// edit makes the change of a page that the arguments say; nil for a tool that does
	// not change the text of one. See editing.
	edit func(A) (edit, error)
}

var (
	_ tool.Tool      = handler[struct{}]{}
	_ tool.Previewer = handler[struct{}]{}
)

// editing is a tool of which each call is the change of one page.
func (h handler[A]) editing() handler[A] {
	h.spec.DraftEdits = "status"
	h.run = func(ctx context.Context, j job, args A) (tool.Result, error) {
		e, err := h.edit(args)
		if err != nil {
			return tool.Result{}, err
		}
		return j.apply(ctx, e)
	}
	return h
}

// Spec implements tool.Tool.
func (h handler[A]) Spec() tool.Spec { return h.spec }

// Targets implements tool.Tool.
func (h handler[A]) Targets(raw json.RawMessage) (tool.Targets, error) {
	var args A
	if err := tool.DecodeArgs(raw, &args); err != nil {
		return tool.Targets{}, err
	}
	return h.about(args).targets(), nil
}

func (h handler[A]) about(args A) subject {
	var s subject
	if h.page != nil {
		s.page = h.page(args)
	}
	if h.space != nil {
		s.space = strings.TrimSpace(h.space(args))
	}
	return s
}

// subject is what a call is about, as far as its arguments tell.
type subject struct {
	page  Ref
	space string
}

func (s subject) targets() tool.Targets {
	targets := tool.Targets{WithinSpaces: true}
	for _, key := range []string{s.page.SpaceKey, s.space} {
		if key != "" && len(targets.Spaces) == 0 {
			targets.Spaces = append(targets.Spaces, key)
		}
	}
	if s.page.ID != "" {
		targets.Issues = append(targets.Issues, target(s.page.ID))
	}
	return targets
}

// target is how a page is named in the ledger and in results.
func target(id string) string { return "page:" + id }

// onBehalf is why a call is refused that is made for a user of Jira.
const onBehalf = "Confluence cannot be used in this conversation: what is done for a user is done with the user's own rights, " +
	"and the token that Jira gives for that is not good for Confluence. Say so in your answer, and go on without it."

// Call implements tool.Tool.
func (h handler[A]) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	var args A
	if err := tool.DecodeArgs(call.Args, &args); err != nil {
		return tool.Result{Text: err.Error(), Failed: true}, nil //nolint:nilerr // the model is told
	}
	return h.tools.make(ctx, h.spec.Name, call, h.about(args), func(j job) (tool.Result, error) { return h.run(ctx, j, args) })
}

// Preview implements tool.Previewer.
func (h handler[A]) Preview(ctx context.Context, call tool.Call) (tool.Preview, error) {
	var args A
	if h.edit == nil || tool.DecodeArgs(call.Args, &args) != nil {
		return tool.Preview{}, nil //nolint:nilerr // the call itself tells the model
	}
	var shown tool.Preview
	result, err := h.tools.make(ctx, h.spec.Name, call, h.about(args), func(j job) (tool.Result, error) {
		e, err := h.edit(args)
		if err == nil {
			shown, err = j.preview(ctx, e)
		}
		return tool.Result{Text: "shown"}, err
	})
	if result.Failed {
		return tool.Preview{Refused: result.Text}, nil
	}
	return shown, err
}

// make makes a call. It does not know the type of the arguments, of which there are
// many: what does is in the program once for each.
func (t *Tools) make(ctx context.Context, name string, call tool.Call, about subject, run func(job) (tool.Result, error)) (tool.Result, error) {
	if !call.Origin.OnBehalf.IsZero() || !tool.ActsFor(ctx).IsZero() {
		return tool.Result{Text: onBehalf, Failed: true}, nil
	}
	named := ""
	if about.page.ID != "" {
		named = target(about.page.ID)
	}
	client, err := t.sites(call.Origin)
	if err != nil {
		return tool.Result{}, fmt.Errorf("%s: %w", name, err)
	}
	api, err := client.API(ctx)
	if err != nil {
		return outcome(name, named, err)
	}
	if about.space != "" && !tool.InSpaces(call.Spaces, about.space) {
		return outcome(name, named, outside("space "+about.space))
	}
	space := about.space
	result, err := run(job{Tools: t, call: call, api: api, names: map[string]string{}, space: &space})
	if err != nil {
		result, err = outcome(name, named, err)
		result.Space = space
		return result, err
	}
	result.Space = space
	if result.Target == "" {
		result.Target = named
	}
	result.Text = capped(result.Text)
	return result, nil
}

func outside(what string) error {
	return &refusal{text: what + " is outside the scope of this run", outside: true}
}

// once performs a write under an id.
func (j job) once(ctx context.Context, id string, a tool.Action) (string, error) {
	a.NotSent = notSent
	return j.writer.Once(ctx, id, a)
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
