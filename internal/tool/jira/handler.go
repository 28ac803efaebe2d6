package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// job is one call at work.
type job struct {
	*Tools
	call   tool.Call
	client *jira.Client
}

// handler is a tool whose arguments are an A.
type handler[A any] struct {
	tools *Tools
	spec  tool.Spec
	// keys are the issues that the call is about, projects the projects that it
	// names besides.
	keys     func(A) []Key
	projects func(A) []ProjectKey
	// confined is true if the tool keeps to Call.Projects by itself.
	confined bool
	// careful is true if run itself checks where the issue really is.
	careful bool
	run     func(ctx context.Context, j job, args A) (tool.Result, error)
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
	return h.about(args).targets(), nil
}

func (h handler[A]) about(args A) subject {
	s := subject{confined: h.confined, careful: h.careful}
	if h.keys != nil {
		s.keys = h.keys(args)
	}
	if h.projects != nil {
		s.projects = h.projects(args)
	}
	s.keys = slices.DeleteFunc(s.keys, func(k Key) bool { return !k.given() })
	s.projects = slices.DeleteFunc(s.projects, func(p ProjectKey) bool { return p == "" })
	return s
}

// subject is what a call is about.
type subject struct {
	keys              []Key
	projects          []ProjectKey
	confined, careful bool
}

func (s subject) targets() tool.Targets {
	targets := tool.Targets{Confined: s.confined}
	for _, key := range s.keys {
		targets.Projects = append(targets.Projects, key.Project())
		targets.Issues = append(targets.Issues, key.String())
	}
	for _, project := range s.projects {
		targets.Projects = append(targets.Projects, project.String())
	}
	return targets
}

// Call implements tool.Tool.
func (h handler[A]) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	args, err := decode[A](call.Args)
	if err != nil {
		return tool.Result{Text: err.Error(), Failed: true}, nil //nolint:nilerr // the model is told
	}
	return h.tools.make(ctx, h.spec.Name, call, h.about(args), func(ctx context.Context, j job) (tool.Result, error) { return h.run(ctx, j, args) })
}

// make makes a call. It does not know the type of the arguments, of which there are
// many: what does is in the program once for each.
func (t *Tools) make(ctx context.Context, name string, call tool.Call, about subject, run func(context.Context, job) (tool.Result, error)) (tool.Result, error) {
	ctx, client, err := t.client(ctx, call.Origin)
	if err != nil {
		return tool.Result{}, fmt.Errorf("%s: %w", name, err)
	}
	j := job{Tools: t, call: call, client: client}
	target := ""
	for i, key := range about.keys {
		if i == 0 {
			target = key.String()
		}
		if err := j.admit(ctx, key, about.careful); err != nil {
			return outcome(name, target, err)
		}
	}
	for _, project := range about.projects {
		if target == "" {
			target = project.String()
		}
		if !tool.InProjects(call.Projects, project.String()) {
			return outcome(name, target, refuse("project %s is outside the scope of this run", project))
		}
	}
	result, err := run(ctx, j)
	if err != nil {
		return outcome(name, target, err)
	}
	if result.Target == "" {
		result.Target = target
	}
	result.Text = capped(result.Text)
	return result, nil
}

// admit checks that an issue is where its key says. Jira follows the keys of
// moved issues, which could lead out of the scope; only the event's own issue,
// whose key Jira told us, needs no asking.
func (j job) admit(ctx context.Context, key Key, careful bool) error {
	if key.host != "" {
		site, err := url.Parse(j.client.SiteURL())
		if err != nil || !strings.EqualFold(site.Host, key.host) {
			return refuse("the address of %s is at %s, which is another site; this one is %s", key, key.host, j.client.SiteURL())
		}
	}
	if !tool.InProjects(j.call.Projects, key.Project()) {
		return refuse("%s is in a project outside the scope of this run", key)
	}
	if careful || j.call.Projects == nil || strings.EqualFold(key.String(), j.call.Origin.IssueKey) {
		return nil
	}
	issue, err := j.client.GetIssue(ctx, key.String(), []string{"project"}, nil)
	if err != nil {
		return err
	}
	return j.within(key, issue.Key)
}

// within checks the key that Jira answered with.
func (j job) within(asked Key, answered string) error {
	got, err := ParseKey(answered)
	if err != nil || tool.InProjects(j.call.Projects, got.Project()) {
		return nil //nolint:nilerr // what is no key moved nowhere
	}
	return refuse("%s was moved to a project outside the scope of this run", asked)
}

// once performs a write under the call's id, or under one derived from it for a
// call that writes several things. A conflict with somebody else's edit at the
// same moment is tried once more.
func (j job) once(ctx context.Context, id string, a tool.Action) (string, error) {
	a.NotSent = notSent
	ref, err := j.writer.Once(ctx, id, a)
	if conflict(err) {
		ref, err = j.writer.Once(ctx, id, a)
	}
	return ref, err
}

func (j job) marker(id string) jira.Marker {
	o := j.call.Origin
	return jira.Marker{ID: id, Run: o.Run, Delivery: o.Delivery, Agent: o.Agent, Depth: o.Depth}
}

// decode reads arguments that passed the schema.
func decode[A any](raw json.RawMessage) (A, error) {
	var args A
	err := tool.DecodeArgs(raw, &args)
	return args, err
}

// ack is the result of a write.
func ack(format string, parts ...any) (tool.Result, error) {
	return tool.Result{Text: fmt.Sprintf(format, parts...)}, nil
}

// spec makes the Spec of a tool of this set.
func spec(name string, access tool.Access, description, parameters string, aliases ...string) tool.Spec {
	return tool.Spec{
		Name: name, Aliases: aliases, Toolset: "jira", Description: description,
		Parameters: json.RawMessage(strings.ReplaceAll(parameters, "\n", "")), Access: access,
	}
}
