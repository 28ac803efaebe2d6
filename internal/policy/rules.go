package policy

import (
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
// Projects set, or the rule that objects and why.
func scope(t tool.Tool, req Request) (tool.Call, string, string) {
	call := req.Call
	call.Projects = projects(req)
	targets, err := t.Targets(call.Args)
	if err != nil {
		return call, RuleSchema, err.Error()
	}
	for _, key := range targets.Projects {
		if !tool.InProjects(call.Projects, key) {
			return call, RuleScope, outsideReason(key, call.Projects)
		}
	}
	if targets.Confined && len(call.Projects) == 0 {
		return call, RuleScope, outsideReason("", call.Projects)
	}
	call.Repositories = repositories(req)
	for _, name := range targets.Repositories {
		if !tool.InRepositories(call.Repositories, name) {
			return call, RuleScope, outsideRepositories(name, call.Repositories)
		}
	}
	if targets.WithinRepositories && len(call.Repositories) == 0 {
		return call, RuleScope, outsideRepositories("", call.Repositories)
	}
	return call, "", ""
}

// projects are what the run may touch: the agent's scope, else the event's own
// project, or those that the trigger admits of an event of another platform, else
// nothing. It is never nil, which would mean every project.
func projects(req Request) []string {
	own := req.Call.Origin
	list := ofScope(req.Scope, false)
	switch {
	case len(list) > 0:
	case len(own.Projects) > 0:
		list = append(list, own.Projects...)
	case own.Project != "":
		list = append(list, own.Project)
	}
	return list
}

// repositories are the same for repositories on GitHub.
func repositories(req Request) []string {
	list := ofScope(req.Scope, true)
	if own := req.Call.Origin.Repository; len(list) == 0 && own != "" {
		list = append(list, own)
	}
	return list
}

// ofScope returns the projects of a scope, or its repositories, which are what has
// a slash. It is never nil.
func ofScope(scope []string, repositories bool) []string {
	list := []string{}
	for _, one := range scope {
		if strings.Contains(one, "/") == repositories {
			list = append(list, one)
		}
	}
	return list
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
func (p *Policy) limit(spec tool.Spec, writes bool, prior []step.Entry) (rule, reason string) {
	if !writes || spec.Internal {
		return "", ""
	}
	made, comments := p.count(prior)
	if made >= p.limits.WritesPerRun {
		return RuleWrites, fmt.Sprintf("this run made %d writes, which is its limit", made)
	}
	if spec.Comments && comments >= p.limits.CommentsPerRun {
		return RuleComments, fmt.Sprintf("this run posted %d comments, which is its limit", comments)
	}
	return "", ""
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

// content looks at what would leave. Reading calls are looked at too: a search
// term leaves as well as a comment does.
func (p *Policy) content(args []byte) (rule, reason string) {
	if len(args) > p.limits.MaxBytes {
		return RuleSize, fmt.Sprintf("the arguments have %d bytes, the limit is %d", len(args), p.limits.MaxBytes)
	}
	if p.secrets.Load().in(args) {
		return RuleSecret, "the arguments hold a secret of this daemon, which must not leave it"
	}
	return "", ""
}

func dryRunReason(spec tool.Spec, call tool.Call) string {
	const most = 500
	args := string(call.Args)
	if len(args) > most {
		args = strings.ToValidUTF8(args[:most], "") + "…"
	}
	return fmt.Sprintf("Dry run: %s was not carried out, only recorded. Go on as if it had succeeded. Arguments: %s", spec.Name, args)
}
