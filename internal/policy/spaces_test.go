package policy

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/tool"
)

// pages is a tool of Confluence that keeps to Call.Spaces by itself.
type pages struct{ keys []string }

func (pages) Spec() tool.Spec {
	return tool.Spec{Name: "make_page", Toolset: "confluence", Access: tool.Write, DraftStatus: "status",
		Parameters: json.RawMessage(`{"type":"object","properties":{"title":{"type":"string"},"status":{"type":"string"}}}`)}
}

func (p pages) Targets(json.RawMessage) (tool.Targets, error) {
	return tool.Targets{Spaces: p.keys, WithinSpaces: true}, nil
}

func (pages) Call(context.Context, tool.Call) (tool.Result, error) {
	return tool.Result{Text: "ok"}, nil
}

func askPages(t *testing.T, p pages, req Request) Verdict {
	t.Helper()
	registry, err := tool.NewRegistry(p)
	if err != nil {
		t.Fatal(err)
	}
	req.Tool, req.Allowed = "make_page", []string{"make_page"}
	req.Call.Args = json.RawMessage(`{"title":"x"}`)
	return New(Config{Tools: registry}).Check(t.Context(), req)
}

func TestSpacesAreConfinedToTheScope(t *testing.T) {
	own := tool.Origin{Space: "HOME", Project: "DOC"}
	for name, c := range map[string]struct {
		keys   []string
		scope  []string
		origin tool.Origin
		want   []string // nil: refused
	}{
		"in the scope":           {[]string{"DOC"}, []string{"space:DOC", "PROJ"}, own, []string{"DOC"}},
		"in a glob of the scope": {[]string{"docs"}, []string{"space:DOC*"}, own, []string{"DOC*"}},
		"unknown beforehand":     {nil, []string{"space:DOC"}, own, []string{"DOC"}},
		"the event's own":        {[]string{"HOME"}, []string{"PROJ", "a/b"}, own, []string{"HOME"}},
		"beside the scope":       {[]string{"HOME"}, []string{"space:DOC"}, own, nil},
		"a project of that name": {[]string{"DOC"}, []string{"DOC"}, own, nil},
		"without any":            {nil, []string{"PROJ"}, tool.Origin{Project: "PROJ"}, nil},
	} {
		v := askPages(t, pages{c.keys}, Request{Scope: c.scope, Call: tool.Call{Origin: c.origin}})
		if v.Allowed != (c.want != nil) || !v.Allowed && (v.Rule != RuleScope || !strings.Contains(v.Reason, "space")) {
			t.Errorf("%s: %+v", name, v)
		}
		if diff := cmp.Diff(c.want, v.Call.Spaces); v.Allowed && diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSpacesAreNoProjects(t *testing.T) {
	v := askPages(t, pages{}, Request{Scope: []string{"space:DOC"}, Call: tool.Call{Origin: tool.Origin{Project: "PROJ", Repository: "a/b"}}})
	if diff := cmp.Diff([]string{"PROJ"}, v.Call.Projects); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a/b"}, v.Call.Repositories); diff != "" {
		t.Error(diff)
	}
}

// edits is a tool that changes a page, of which there can be a draft.
type edits struct{ pages }

func (e edits) Spec() tool.Spec {
	s := e.pages.Spec()
	s.DraftStatus, s.DraftEdits = "", "status"
	return s
}

func TestAnEditBecomesADraftWhereItIsToBeOneAndAProposalElsewhere(t *testing.T) {
	registry, err := tool.NewRegistry(edits{})
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[Mode]string{ModePropose: RulePropose, ModeDraft: RuleAllowed, ModeDryRun: RuleDryRun} {
		v := New(Config{Tools: registry}).Check(t.Context(), Request{Tool: "make_page", Allowed: []string{"make_page"}, Scope: []string{"space:DOC"}, Mode: mode,
			Call: tool.Call{Args: json.RawMessage(`{"title":"x","status":"current"}`)}})
		if v.Rule != want || mode == ModeDraft && string(v.Call.Args) != `{"status":"draft","title":"x"}` {
			t.Errorf("%s: %+v %s", mode, v, v.Call.Args)
		}
	}
}

func TestWhatIsProposedIsMadeAsADraft(t *testing.T) {
	v := askPages(t, pages{}, Request{Scope: []string{"space:DOC"}, Mode: ModePropose})
	if !v.Allowed || string(v.Call.Args) != `{"status":"draft","title":"x"}` {
		t.Errorf("%+v %s", v, v.Call.Args)
	}
}

func TestWritesOfARunOfAPageCanBeKeptToThePage(t *testing.T) {
	for name, c := range map[string]struct {
		targets tool.Targets
		want    string
	}{
		"its page":     {tool.Targets{Issues: []string{"page:7"}}, ""},
		"another page": {tool.Targets{Issues: []string{"page:8"}}, RuleOwnIssue},
		"both":         {tool.Targets{Issues: []string{"page:7", "page:8"}}, RuleOwnIssue},
		"an issue":     {tool.Targets{Issues: []string{"PROJ-7"}}, RuleOwnIssue},
		"a new page":   {tool.Targets{}, RuleOwnIssue},
	} {
		rule, reason := ownIssue(c.targets, tool.Origin{Page: "7"})
		if rule != c.want || rule != "" && !strings.Contains(reason, "which is page 7") {
			t.Errorf("%s: %q %s", name, rule, reason)
		}
	}
}
