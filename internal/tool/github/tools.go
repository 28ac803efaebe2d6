// Package github holds the tools with which a model works on GitHub: it reads pull
// requests and files, looks for issues, and comments, each comment once.
package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/tool"
)

// Hub gives the client of the configured GitHub.
type Hub func() (*github.Client, error)

// Tools are the GitHub tools.
type Tools struct {
	hub    Hub
	writer tool.Writer
}

// New makes the tools.
func New(hub Hub, writer tool.Writer) *Tools { return &Tools{hub: hub, writer: writer} }

// All returns every tool, for a registry.
func (t *Tools) All() []tool.Tool {
	return []tool.Tool{t.getPullRequest(), t.listPullRequests(), t.comment(), t.getFile(), t.searchIssues()}
}

// job is one call at work.
type job struct {
	*Tools
	call   tool.Call
	client *github.Client
}

// handler is a tool whose arguments are an A.
type handler[A any] struct {
	tools *Tools
	spec  tool.Spec
	// repository is the one that the call is about; nil for a tool that keeps to
	// Call.Repositories by itself.
	repository func(A) Repository
	run        func(ctx context.Context, j job, args A) (tool.Result, error)
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
	if h.repository == nil {
		return tool.Targets{WithinRepositories: true}, nil
	}
	targets := tool.Targets{Repositories: []string{h.repository(args).String()}}
	if c, ok := any(args).(commentArgs); ok {
		targets.Issues = []string{fmt.Sprintf("%s#%d", c.Repository, c.Number)}
	}
	return targets, nil
}

// Call implements tool.Tool.
func (h handler[A]) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	args, err := decode[A](call.Args)
	if err != nil {
		return tool.Result{Text: err.Error(), Failed: true}, nil //nolint:nilerr // the model is told
	}
	target := ""
	if h.repository != nil {
		target = h.repository(args).String()
		if !tool.InRepositories(call.Repositories, target) {
			return outcome(h.spec.Name, target, refuse("repository %s is outside the scope of this run", target))
		}
	}
	client, err := h.tools.hub()
	if err != nil {
		return outcome(h.spec.Name, target, refuse("%s", err))
	}
	result, err := h.run(ctx, job{Tools: h.tools, call: call, client: client}, args)
	if err != nil {
		return outcome(h.spec.Name, target, err)
	}
	if result.Target == "" {
		result.Target = target
	}
	result.Text = capped(result.Text)
	return result, nil
}

// decode reads arguments that passed the schema.
func decode[A any](raw json.RawMessage) (A, error) {
	var args A
	err := tool.DecodeArgs(raw, &args)
	return args, err
}

// refusal is a call that we do not make, with what the model should do instead.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, parts ...any) error { return &refusal{fmt.Sprintf(format, parts...)} }

// notSent reports whether an error proves that a write did not happen.
func notSent(err error) bool {
	var ours *refusal
	var failure *github.Error
	return errors.As(err, &ours) || errors.Is(err, github.ErrNoToken) || errors.As(err, &failure) && failure.NotSent()
}

// outcome sorts errors: what the model can act on becomes a failed result, all
// else stays an error, be it transient or the operator's to cure.
func outcome(name, target string, err error) (tool.Result, error) {
	failed := tool.Result{Failed: true, Target: target}
	var ours *refusal
	var failure *github.Error
	switch {
	case errors.Is(err, tool.ErrInDoubt):
		return tool.Result{}, err
	case errors.As(err, &ours):
		failed.Text = ours.text
	case errors.Is(err, github.ErrNoToken), errors.Is(err, github.ErrNoText):
		failed.Text = err.Error()
	case errors.As(err, &failure) && !failure.Temporary() && !failure.Unauthorized() && failure.Status >= 400:
		failed.Text = capped("GitHub refused: " + failure.Error() + advice(failure))
	default:
		return tool.Result{}, fmt.Errorf("%s: %w", name, err)
	}
	return failed, nil
}

// advice says what a refusal may mean that GitHub does not explain.
func advice(e *github.Error) string {
	if e.Status == 404 {
		return " (it does not exist there, or the daemon's token may not see it)"
	}
	return ""
}

func capped(text string) string { return tool.Capped(text, "ask for less, or use page") }

// spec makes the Spec of a tool of this set.
func spec(name string, access tool.Access, description, parameters string, aliases ...string) tool.Spec {
	return tool.Spec{Name: name, Aliases: aliases, Toolset: "github", Description: description,
		Parameters: json.RawMessage(strings.ReplaceAll(parameters, "\n", "")), Access: access}
}
