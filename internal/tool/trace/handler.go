package trace

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

// job is one call at work.
type job struct {
	*Tools

	call tool.Call
	wiki toolconfluence.Access
	// jira is there for tools that need it.
	jira tooljira.Access
}

// handler is a tool whose arguments are an A.
type handler[A any] struct {
	tools *Tools
	spec  tool.Spec
	// pages are those that the call is about, issues and projects what it names of Jira.
	pages    func(A) []toolconfluence.Ref
	issues   func(A) []tooljira.Key
	projects func(A) []tooljira.ProjectKey
	// searches is true if the tool looks for issues within the scope, and offline if it
	// needs no Jira.
	searches, offline bool
	run               func(ctx context.Context, j job, args A) (any, error)
}

var _ tool.Tool = handler[struct{}]{}

// Spec implements tool.Tool.
func (h handler[A]) Spec() tool.Spec { return h.spec }

// Targets implements tool.Tool.
func (h handler[A]) Targets(raw json.RawMessage) (tool.Targets, error) {
	var args A
	if err := tool.DecodeArgs(raw, &args); err != nil {
		return tool.Targets{}, err
	}
	targets := toolconfluence.Targets(h.pages(args)...)
	targets.Confined = h.searches
	if h.issues != nil {
		for _, key := range h.issues(args) {
			if key != (tooljira.Key{}) {
				targets.Projects, targets.Issues = append(targets.Projects, key.Project()), append(targets.Issues, key.String())
			}
		}
	}
	if h.projects != nil {
		for _, project := range h.projects(args) {
			targets.Projects = append(targets.Projects, project.String())
		}
	}
	return targets, nil
}

// Call implements tool.Tool.
func (h handler[A]) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	var args A
	targets, err := h.Targets(call.Args)
	if err == nil {
		err = tool.DecodeArgs(call.Args, &args)
	}
	if err != nil {
		return tool.Result{Text: err.Error(), Failed: true}, nil //nolint:nilerr // the model is told
	}
	return h.tools.make(ctx, h.spec.Name, call, targets, h.offline, func(ctx context.Context, j job) (any, error) { return h.run(ctx, j, args) })
}

// make makes a call. It does not know the type of the arguments, of which there are
// many: what does is in the program once for each.
func (t *Tools) make(
	ctx context.Context, name string, call tool.Call, targets tool.Targets, offline bool, run func(context.Context, job) (any, error),
) (tool.Result, error) {
	target := ""
	if len(targets.Issues) > 0 {
		target = targets.Issues[0]
	}
	whole := ""
	result, err := t.wiki.Use(ctx, name, call, func(wiki toolconfluence.Access) (tool.Result, error) {
		out, err := t.work(ctx, job{Tools: t, call: call, wiki: wiki}, targets, offline, run)
		if err != nil {
			return outcome(name, target, err)
		}
		if failed, ok := out.(tool.Result); ok {
			return failed, nil
		}
		whole, err = encode(out)
		return tool.Result{Text: whole, Target: target}, err
	})
	if whole != "" && err == nil {
		result.Text = whole // JSON that is cut off is none: results here are bounded before
	}
	return result, err
}

func (t *Tools) work(
	ctx context.Context, j job, targets tool.Targets, offline bool, run func(context.Context, job) (any, error),
) (any, error) {
	if !offline {
		var err error
		if ctx, j.jira, err = t.jira.Open(ctx, j.call); err != nil {
			return nil, err
		}
	}
	for _, project := range targets.Projects {
		if !tool.InProjects(j.call.Projects, project) {
			return nil, refuse("project %s is outside the scope of this run", project)
		}
	}
	return run(ctx, j)
}

// refusal is a call that we do not make, with what the model should do instead.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

func refuse(format string, parts ...any) error { return &refusal{fmt.Sprintf(format, parts...)} }

// ofJira marks an error as one of Jira's and not of Confluence's.
type ofJira struct{ error }

// Unwrap returns the error itself.
func (e ofJira) Unwrap() error { return e.error }

func asJira(err error) error {
	if err == nil {
		return nil
	}
	return ofJira{err}
}

// outcome sorts errors: what the model can act on becomes a failed result, all else
// stays an error, be it transient or the operator's to cure.
func outcome(name, target string, err error) (tool.Result, error) {
	var ours *refusal
	var jira ofJira
	switch {
	case errors.As(err, &ours):
		return tool.Result{Text: ours.text, Failed: true, Target: target}, nil
	case errors.Is(err, requirement.ErrForeign), errors.Is(err, requirement.ErrTooLarge):
		return tool.Result{Text: err.Error(), Failed: true, Target: target}, nil
	case errors.As(err, &jira):
		return tooljira.Outcome(name, target, jira.error)
	}
	return toolconfluence.Outcome(name, target, err)
}

// encode writes a result as JSON, which flows read, without what stands for nothing.
func encode(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", fmt.Errorf("encode result: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// spec makes the Spec of a tool of this set.
func spec(name string, access tool.Access, description, parameters string) tool.Spec {
	return tool.Spec{
		Name: name, Toolset: Toolset, Description: description, Access: access,
		Parameters: json.RawMessage(strings.ReplaceAll(parameters, "\n", "")),
	}
}

// once performs a write on Confluence under an id.
func (j job) once(ctx context.Context, id string, a tool.Action) error {
	a.NotSent = func(err error) bool {
		var ours *refusal
		var busy *busyError
		return errors.As(err, &ours) || errors.As(err, &busy) || toolconfluence.NotSent(err)
	}
	_, err := j.writer.Once(ctx, id, a)
	return err
}

// site is the address of the Confluence, by which links name it.
func (j job) site() string { return strings.TrimSuffix(j.wiki.API().WebURL("/"), "/") }

// pageURL is where people find a page, or a place in it.
func (j job) pageURL(page confluence.Page, anchor string) string {
	address := j.wiki.API().WebURL("/pages/viewpage.action?pageId=" + page.ID)
	if anchor == "" {
		return address
	}
	if j.wiki.API().Kind() == confluence.DataCenter {
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		return address + "#" + url.PathEscape(squeeze(page.Title)+"-"+squeeze(anchor))
	}
	return address + "#" + url.PathEscape(strings.Join(strings.Fields(anchor), "-"))
}

// place is where people find a requirement: at its heading, which Confluence gives an
// anchor of its own, or at the anchor that somebody put there.
func (j job) place(page confluence.Page, r *requirement.Requirement) string {
	switch {
	case r == nil:
		return j.pageURL(page, "")
	case r.Anchor != "" && r.Anchor != requirement.Slug(r.Section):
		return j.pageURL(page, r.Anchor)
	}
	return j.pageURL(page, r.Section)
}

// busyError says what others do just now that has to be waited for.
type busyError struct {
	what string
	wait time.Duration
}

// Error says what is waited for.
func (e *busyError) Error() string { return e.what }

// Temporary reports that asking again helps.
func (*busyError) Temporary() bool { return true }

// RetryDelay is how long to wait before.
func (e *busyError) RetryDelay() time.Duration { return e.wait }
