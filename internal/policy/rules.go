package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

func unlistedReason(req Request) string {
	names := slices.Clone(req.Allowed)
	if req.Own != nil {
		names = append(names, req.Own.Names()...)
	}
	if len(names) == 0 {
		return fmt.Sprintf("this agent has no tool %q, and no tools at all", req.Tool)
	}
	return fmt.Sprintf("this agent has no tool %q; its tools are %s", req.Tool, strings.Join(names, ", "))
}

// scope confines the call to the agent's projects. It returns the call with
// Projects set and what it is about, or the rule that objects and why.
func (p *Policy) scope(t tool.Tool, req Request) (tool.Call, tool.Targets, string, string) {
	call := req.Call
	call.Projects = projects(req)
	call.Repositories = repositories(req)
	call.Spaces = spaces(req)
	targets, err := t.Targets(call.Args)
	switch {
	case err != nil && p.on(RuleSchema):
		return call, targets, RuleSchema, err.Error()
	case !p.on(RuleScope):
		call.Projects, call.Repositories, call.Spaces = nil, nil, nil
		return call, targets, "", ""
	}
	if why := outside(call, targets); why != "" {
		return call, targets, RuleScope, why
	}
	return call, targets, "", ""
}

// outside says what of the targets the call may not touch; "" for nothing.
func outside(call tool.Call, targets tool.Targets) string {
	for _, key := range targets.Projects {
		if !tool.InProjects(call.Projects, key) {
			return outsideReason(key, call.Projects)
		}
	}
	if targets.Confined && len(call.Projects) == 0 {
		return outsideReason("", call.Projects)
	}
	for _, name := range targets.Repositories {
		if !tool.InRepositories(call.Repositories, name) {
			return outsideRepositories(name, call.Repositories)
		}
	}
	if targets.WithinRepositories && len(call.Repositories) == 0 {
		return outsideRepositories("", call.Repositories)
	}
	for _, key := range targets.Spaces {
		if !tool.InSpaces(call.Spaces, key) {
			return outsideSpaces(key, call.Spaces)
		}
	}
	if targets.WithinSpaces && len(call.Spaces) == 0 {
		return outsideSpaces("", call.Spaces)
	}
	return ""
}

// ownIssue keeps a write to what the event is about.
func ownIssue(targets tool.Targets, o tool.Origin) (rule, reason string) {
	own := []string{strings.ToUpper(o.IssueKey)}
	if o.Repository != "" && o.Thread > 0 {
		own = append(own, strings.ToUpper(fmt.Sprintf("%s#%d", o.Repository, o.Thread)))
	}
	name := o.IssueKey
	if o.Page != "" {
		own = append(own, strings.ToUpper(pageTarget(o.Page)))
		name = cmp.Or(name, "page "+o.Page)
	}
	for _, issue := range targets.Issues {
		if issue == "" || !slices.Contains(own, strings.ToUpper(issue)) {
			return RuleOwnIssue, fmt.Sprintf("this agent writes to the issue or page of its event only, which is %s, and not to %s", name, shorten(issue))
		}
	}
	if len(targets.Issues) == 0 {
		return RuleOwnIssue, fmt.Sprintf("this agent writes to the issue or page of its event only, which is %s; this call writes elsewhere", name)
	}
	return "", ""
}

// projects are what the run may touch: the agent's scope, else the event's own
// project, or those that the trigger admits of an event of another platform, else
// nothing; of that, what is within the run's own bound. It is never nil, which would
// mean every project.
func projects(req Request) []string {
	own := req.Call.Origin
	list := projectsOf(req.Scope)
	switch {
	case len(list) > 0:
	case len(own.Projects) > 0:
		list = append(list, own.Projects...)
	case own.Project != "":
		list = append(list, own.Project)
	}
	if own.Within != nil {
		list = tool.Narrow(list, own.Within)
	}
	return list
}

// repositories are the same for repositories on GitHub.
func repositories(req Request) []string {
	list := []string{}
	for _, one := range req.Scope {
		if _, space := tool.SpaceOf(one); !space && strings.Contains(one, "/") {
			list = append(list, one)
		}
	}
	if own := req.Call.Origin.Repository; len(list) == 0 && own != "" {
		list = append(list, own)
	}
	return list
}

// spaces are the same for spaces of Confluence.
func spaces(req Request) []string {
	list := []string{}
	for _, one := range req.Scope {
		if key, ok := tool.SpaceOf(one); ok {
			list = append(list, key)
		}
	}
	if own := req.Call.Origin.Space; len(list) == 0 && own != "" {
		list = append(list, own)
	}
	return list
}

// projectsOf are the projects of a scope: what is neither a repository, which has a
// slash, nor a space. It is never nil.
func projectsOf(scope []string) []string {
	list := []string{}
	for _, one := range scope {
		if _, space := tool.SpaceOf(one); !space && !strings.Contains(one, "/") {
			list = append(list, one)
		}
	}
	return list
}

func outsideSpaces(key string, allowed []string) string {
	if len(allowed) == 0 {
		return "the event is of no space of Confluence and the agent's scope.spaces names none, so none may be touched"
	}
	return fmt.Sprintf("space %s is outside the scope of this run, which is %s", strings.ToUpper(key), strings.Join(allowed, ", "))
}

func outsideRepositories(name string, allowed []string) string {
	if len(allowed) == 0 {
		return "the event is of no repository and the agent's scope.repositories names none, so none may be touched"
	}
	return fmt.Sprintf("repository %s is outside the scope of this run, which is %s", name, strings.Join(allowed, ", "))
}

func outsideReason(key string, allowed []string) string {
	if len(allowed) == 0 {
		return "the event names no project that counts, so none may be touched: the operator has to set scope.projects of the agent, " +
			"or filters.projects of the trigger if it is one for GitHub or HTTP"
	}
	return fmt.Sprintf("project %s is outside the scope of this run, which is %s", strings.ToUpper(key), strings.Join(allowed, ", "))
}

// limit counts what the run did so far. Steps count if the policy let them
// happen, be it for show: a failed write was a write too. What stays within the
// daemon is none.
func (p *Policy) limit(ctx context.Context, spec tool.Spec, writes bool, targets tool.Targets, req Request) (rule, reason string, err error) {
	if !writes || spec.Internal {
		return "", "", nil
	}
	made, comments := p.count(req.Prior)
	if made >= p.limits.WritesPerRun && p.on(RuleWrites) {
		return RuleWrites, fmt.Sprintf("this run made %d writes, which is its limit", made), nil
	}
	if !spec.Comments {
		return "", "", nil
	}
	if comments >= p.limits.CommentsPerRun && p.on(RuleComments) {
		return RuleComments, fmt.Sprintf("this run posted %d comments, which is its limit", comments), nil
	}
	if req.Recent == nil || !p.on(RuleRate) {
		return "", "", nil
	}
	for _, issue := range targets.Issues {
		n, err := req.Recent(ctx, issue)
		if err != nil {
			return "", "", err
		}
		if n >= p.limits.CommentsPerIssue {
			return RuleRate, fmt.Sprintf("%d comments were posted on %s within an hour, which is the limit; post no more there now", n, issue), nil
		}
	}
	return "", "", nil
}

func (p *Policy) count(prior []step.Entry) (writes, comments int) {
	for _, entry := range prior {
		if entry.Kind != step.KindTool || (entry.Decision != RuleAllowed && entry.Decision != RuleDryRun) {
			continue
		}
		t, ok := p.tools.Lookup(entry.Name)
		if !ok && entry.Write { // a tool that only its agent has
			writes++
		}
		if !ok || t.Spec().Internal || tool.AccessOf(t, entry.Input) != tool.Write {
			continue
		}
		writes++
		if t.Spec().Comments {
			comments++
		}
	}
	return writes, comments
}

func dryRunReason(spec tool.Spec, call tool.Call) string {
	const most = 500
	args := string(call.Args)
	if len(args) > most {
		args = strings.ToValidUTF8(args[:most], "") + "…"
	}
	return fmt.Sprintf("Dry run: %s was not carried out, only recorded. Go on as if it had succeeded. Arguments: %s", spec.Name, args)
}
