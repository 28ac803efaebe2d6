package policy_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/tool"
)

// forge is a tool for repositories.
type forge struct {
	name   string
	within bool
}

func (f forge) Spec() tool.Spec {
	return tool.Spec{Name: f.name, Access: tool.Read, Parameters: json.RawMessage(`{"type":"object","properties":{"repository":{"type":"string"}}}`)}
}

func (f forge) Targets(args json.RawMessage) (tool.Targets, error) {
	var in struct{ Repository string }
	if err := json.Unmarshal(args, &in); err != nil || f.within {
		return tool.Targets{WithinRepositories: f.within}, err
	}
	return tool.Targets{Repositories: []string{in.Repository}}, nil
}

func (forge) Call(context.Context, tool.Call) (tool.Result, error) {
	return tool.Result{Text: "done"}, nil
}

func TestRepositoriesAreConfinedLikeProjects(t *testing.T) {
	registry, err := tool.NewRegistry(forge{name: "read"}, forge{name: "search", within: true})
	if err != nil {
		t.Fatal(err)
	}
	rules := policy.New(policy.Config{Tools: registry})
	for name, c := range map[string]struct {
		tool, repository, own string
		scope                 []string
		want                  []string // what the call may touch; nil if it is denied
	}{
		"the event's own":               {"read", "Acme/Shop", "acme/shop", nil, []string{"acme/shop"}},
		"another one":                   {"read", "acme/other", "acme/shop", nil, nil},
		"one that begins alike":         {"read", "acme/shop2", "acme/shop", nil, nil},
		"without any":                   {"read", "acme/shop", "", nil, nil},
		"of the scope":                  {"read", "acme/other", "acme/shop", []string{"PROJ", "acme/*"}, []string{"acme/*"}},
		"the own, out of the scope":     {"read", "acme/shop", "acme/shop", []string{"other/*"}, nil},
		"a scope of projects only":      {"read", "acme/shop", "acme/shop", []string{"PROJ"}, []string{"acme/shop"}},
		"a star does not cross a slash": {"read", "evil/acme/shop", "", []string{"*/shop"}, nil},
		"a search":                      {"search", "", "acme/shop", nil, []string{"acme/shop"}},
		"a search of nothing":           {"search", "", "", nil, nil},
	} {
		v := rules.Check(t.Context(), policy.Request{Tool: c.tool, Allowed: []string{"read", "search"}, Scope: c.scope,
			Call: tool.Call{Args: json.RawMessage(`{"repository":"` + c.repository + `"}`), Origin: tool.Origin{Repository: c.own}}})
		if v.Allowed != (c.want != nil) || v.Allowed && !slices.Equal(v.Call.Repositories, c.want) {
			t.Errorf("%s: %+v", name, v)
		}
		if !v.Allowed && (v.Rule != policy.RuleScope || !strings.Contains(v.Reason, "repositor")) {
			t.Errorf("%s is denied by %s: %s", name, v.Rule, v.Reason)
		}
	}
}

func TestProjectsOfSeveralIssuesAreTouchedOnlyWithoutAScope(t *testing.T) {
	for name, c := range map[string]struct {
		scope   []string
		origin  tool.Origin
		project string
		allowed bool
	}{
		"one of several":           {nil, tool.Origin{Projects: []string{"A", "B"}}, "B", true},
		"none of several":          {nil, tool.Origin{Projects: []string{"A", "B"}}, "C", false},
		"the scope comes first":    {[]string{"C"}, tool.Origin{Projects: []string{"A", "B"}}, "B", false},
		"nothing admitted":         {nil, tool.Origin{Projects: []string{}}, "A", false},
		"a scope without projects": {[]string{"acme/*"}, tool.Origin{Project: "A"}, "A", true},
	} {
		registry, err := tool.NewRegistry(tracker{})
		if err != nil {
			t.Fatal(err)
		}
		v := policy.New(policy.Config{Tools: registry}).Check(t.Context(), policy.Request{Tool: "track", Allowed: []string{"track"}, Scope: c.scope,
			Call: tool.Call{Args: json.RawMessage(`{"project":"` + c.project + `"}`), Origin: c.origin}})
		if v.Allowed != c.allowed {
			t.Errorf("%s: %+v", name, v)
		}
		if !v.Allowed && len(c.origin.Projects)+len(c.scope) == 0 && !strings.Contains(v.Reason, "filters.projects of the trigger") {
			t.Errorf("%s does not say what to set: %s", name, v.Reason)
		}
	}
}

// tracker is a tool for projects.
type tracker struct{ forge }

func (tracker) Spec() tool.Spec {
	return tool.Spec{Name: "track", Access: tool.Read, Parameters: json.RawMessage(`{"type":"object","properties":{"project":{"type":"string"}}}`)}
}

func (tracker) Targets(args json.RawMessage) (tool.Targets, error) {
	var in struct{ Project string }
	err := json.Unmarshal(args, &in)
	return tool.Targets{Projects: []string{in.Project}}, err
}
