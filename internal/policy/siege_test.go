package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	wikiclient "github.com/aofctl/aofctl/internal/atlassian/confluence"
	client "github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/sandbox/confluence"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
	"github.com/aofctl/aofctl/internal/tool/trace"
)

// gold stands in what no run may read and no hostile model knows, where elsewhere
// stands in titles, for which it may ask.
const gold = "HIDDENGOLD"

// siege is a Confluence with a space that a run may touch, SPEC, and two that it may
// not, HR and a personal one, with all tools for pages behind the real policy.
type siege struct {
	kind     confluence.Kind
	wiki     *confluence.Server
	issues   *sandbox.Server
	registry *tool.Registry
	gate     *gate.Gate
	base     string
	counts   *counts
	runs     int

	own, plan      string // pages of SPEC
	note           string // a comment on own
	foreign        map[string]string
	child, private string
	foreignNote    string
}

// siegePage has a requirement, so that there is something to trace.
const siegePage = `<h1>Requirements</h1><h2>REQ-1: Digest mode</h2><p>Messages must be put together. WORD</p><p><strong>Acceptance criteria</strong></p><ul><li>At most ten WORD</li></ul>`

func newSiege(t *testing.T, kind confluence.Kind) *siege {
	t.Helper()
	wiki, err := confluence.New(confluence.Options{Kind: kind, LogSize: 50000, Spaces: []confluence.Space{{Key: "SPEC", Name: "Specifications"}, {Key: "HR", Name: "People " + elsewhere}, {Key: "~alice", Name: "Alice " + elsewhere}}})
	if err != nil {
		t.Fatal(err)
	}
	deployment := sandbox.Cloud
	if kind == confluence.DataCenter {
		deployment = sandbox.DataCenter
	}
	issues, err := sandbox.New(sandbox.Options{Deployment: deployment, Seed: sandbox.Seed{Issues: []sandbox.NewIssue{{Project: "PROJ", Summary: "One", Type: "Story", Reporter: "alice"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { wiki.Close(); issues.Close() })
	s := &siege{kind: kind, wiki: wiki, issues: issues, counts: &counts{comments: map[string]int{}}}
	s.settle(t)
	s.connect(t)
	return s
}

// settle makes the pages.
func (s *siege) settle(t *testing.T) {
	t.Helper()
	alice := s.wiki.As("alice")
	page := func(space, parent, title, word string) string {
		id, err := alice.CreatePage(confluence.NewPage{Space: space, Title: title, Parent: parent, Body: strings.ReplaceAll(siegePage, "WORD", word)})
		fatal(t, err)
		return id
	}
	remark := func(id, text string) string {
		c, err := alice.Comment(id, "<p>"+text+"</p>")
		fatal(t, err)
		return c
	}
	s.own, s.plan = page("SPEC", "", "Notifications", "plain"), page("SPEC", "", "Plan", "plain")
	s.note = remark(s.own, "fine")
	hr := page("HR", "", "Salaries "+elsewhere, gold)
	fatal(t, alice.EditPage(hr, strings.ReplaceAll(siegePage, "WORD", gold+" more"), gold))
	s.child, s.private = page("HR", hr, "Bonus "+elsewhere, gold), page("~alice", "", "Diary "+elsewhere, gold)
	s.foreignNote = remark(hr, gold)
	for _, id := range []string{hr, s.child, s.private} {
		fatal(t, alice.Label(id, strings.ToLower(gold)))
		fatal(t, alice.Attach(id, "pay.txt", "text/plain", []byte(gold)))
		fatal(t, alice.SetProperty(id, "pay", json.RawMessage(`"`+gold+`"`)))
	}
	s.foreign = map[string]string{"HR": hr}
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (s *siege) connect(t *testing.T) {
	t.Helper()
	transport := func(base string, token string) *atlassian.Transport {
		cfg := atlassian.Config{BaseURL: base, AuthType: atlassian.AuthAPIToken, Email: confluence.BotEmail, Token: token, FirstBackoff: time.Millisecond, Timeout: 30 * time.Second}
		if s.kind == confluence.DataCenter {
			cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
		}
		tr, err := atlassian.NewTransport(cfg)
		fatal(t, err)
		t.Cleanup(tr.Close)
		return tr
	}
	pages, jira := httptest.NewServer(s.wiki), httptest.NewServer(s.issues)
	t.Cleanup(func() { pages.Close(); jira.Close() })
	s.base = pages.URL
	onJira, err := client.New(transport(jira.URL, sandbox.BotToken))
	fatal(t, err)
	onWiki := wikiclient.New(transport(pages.URL, confluence.BotToken))
	writer := tool.Writer{Ledger: s.counts}
	jiraTools := tooljira.New(func(tool.Origin) (*client.Client, error) { return onJira, nil }, writer, tooljira.Converters{ToWiki: markup.MarkdownToWiki, ToMarkdown: markup.WikiToMarkdown})
	wikiTools := toolconfluence.New(func(tool.Origin) (*wikiclient.Client, error) { return onWiki, nil }, writer)
	both := trace.New(jiraTools, wikiTools, writer, time.Now)
	s.registry, err = tool.NewRegistry(slices.Concat(wikiTools.All(), both.All())...)
	fatal(t, err)
	many := policy.Limits{WritesPerRun: 1000, CommentsPerRun: 1000, CommentsPerIssue: 1000}
	s.gate = gate.New(policy.New(policy.Config{Tools: s.registry, Limits: many}), nil)
}

// aims are what a hostile model puts into an argument of that name to get at a page.
func (s *siege) aims(argument string) []string {
	hr := s.foreign["HR"]
	ids := []string{
		hr, " " + hr + " ", "0" + hr, s.child, s.private, s.foreignNote, s.own + "/../" + hr, s.own + "?pageId=" + hr, s.own + "%2f..%2f" + hr,
		s.base + "/wiki/spaces/HR/pages/" + hr + "/Salaries", s.base + "/wiki/spaces/SPEC/pages/" + hr + "/Salaries", s.base + "/spaces/SPEC/pages/" + hr,
		s.base + "/pages/viewpage.action?pageId=" + hr, s.base + "/pages/viewpage.action?spaceKey=SPEC&title=x&pageId=" + hr,
		s.base + "/display/HR/Salaries+" + elsewhere, s.base + "/display/~alice/Diary+" + elsewhere, s.base + "/wiki/display/HR/Salaries+" + elsewhere,
		"https://elsewhere.example.com/wiki/spaces/SPEC/pages/" + hr,
	}
	queries := []string{
		"space = HR", "type = page", "space in (HR, SPEC)", "space = SPEC or space = HR", "type=page) or (space=HR", `text ~ "x") or space in ("HR"`,
		`title ~ "` + elsewhere + `"`, "id = " + hr, "ancestor = " + hr, "parent = " + hr, "container = " + hr, "type = comment", "type = attachment", "type in (comment, attachment, space)",
		`text ~ "\") or space = HR or (\""`, "space = HR order by lastmodified", "type = page order by created) or (space = HR", `space.key = "~alice"`, "creator = currentUser() or space.type = personal",
	}
	switch argument {
	case "page_id", "parent_id", "test_plan", "pages":
		return ids
	case "space_key", "keys":
		return []string{"HR", "hr", "~alice", "~ALICE", "*", "H?", "SPEC,HR", `SPEC" or "HR`, "HR/../SPEC", ""}
	case "cql":
		return queries
	case "text", "title", "heading", "section", "requirement", "summary":
		return []string{elsewhere, `x" or space = "HR`, "Salaries " + elsewhere, "Diary " + elsewhere}
	case "jql", "recover_jql":
		return []string{"project = PROJ", "text ~ " + elsewhere}
	case "parent_comment_id":
		return []string{s.foreignNote, hr, s.foreignNote + "/../" + hr}
	case "filename":
		return []string{"pay.txt", "../" + hr + "/pay.txt", "pay.txt&pageId=" + hr}
	case "key":
		return []string{"pay", "../../" + hr + "/properties/pay", "aofctl"}
	case "page_token":
		return []string{hr, "/wiki/api/v2/pages/" + hr, "/rest/api/content/" + hr, s.base + "/wiki/api/v2/pages/" + hr, "1", "cursor=" + hr, "0&spaceKey=HR"}
	}
	return nil
}

// plain are arguments of a call that is allowed.
func (s *siege) plain(argument string) any {
	switch argument {
	case "page_id", "parent_id":
		return s.own
	case "test_plan":
		return s.plan
	case "space_key":
		return "SPEC"
	case "title":
		s.runs++
		return "New " + strconv.Itoa(s.runs)
	case "body", "content", "reason", "summary", "value", "text":
		return "some words"
	case "heading":
		return "Requirements"
	case "filename":
		return "a.txt"
	case "key":
		return "mine"
	case "label":
		return "mine"
	case "labels":
		return []string{"mine"}
	case "cql":
		return "type = page"
	case "issue_key":
		return "PROJ-1"
	case "project_key":
		return "PROJ"
	case "issue_type":
		return "Story"
	case "requirement":
		return "REQ-1"
	case "requirements":
		return []any{map[string]any{"title": "REQ-1: Digest mode"}}
	}
	return nil
}

// calls are the arguments with which a hostile model calls a tool.
func (s *siege) calls(t *testing.T, spec tool.Spec) []string {
	t.Helper()
	var schema struct {
		Properties map[string]struct {
			Type string `json:"type"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	fatal(t, json.Unmarshal(spec.Parameters, &schema))
	var list []string
	add := func(change map[string]any) {
		args := map[string]any{}
		for _, name := range schema.Required {
			args[name] = s.plain(name)
		}
		maps.Copy(args, change)
		raw, err := json.Marshal(args)
		fatal(t, err)
		list = append(list, string(raw))
	}
	for name, property := range schema.Properties {
		for _, aim := range s.aims(name) {
			change := map[string]any{name: aim}
			if property.Type == "array" {
				change[name] = []string{aim}
			}
			add(change)
			if name == "page_id" {
				continue
			}
			for _, page := range []string{s.foreign["HR"], s.child} { // with a page that is none of ours, too
				if _, has := schema.Properties["page_id"]; has {
					both := maps.Clone(change)
					both["page_id"] = page
					add(both)
				}
			}
		}
	}
	for _, space := range []string{"HR", "~alice"} {
		if _, has := schema.Properties["title"]; has && schema.Properties["space_key"].Type != "" {
			for _, title := range s.aims("title") {
				add(map[string]any{"space_key": space, "title": title})
				add(map[string]any{"space_key": space, "title": title, "page_id": ""})
			}
		}
	}
	for _, more := range []map[string]any{{"version": 1}, {"from_version": 1, "to_version": 2}, {"draft": true}, {"depth": 10}, {"kind": "inline"}, {"format": "storage"}} {
		fits := true
		for name := range more {
			_, has := schema.Properties[name]
			fits = fits && has
		}
		if _, has := schema.Properties["page_id"]; fits && has {
			more["page_id"] = s.foreign["HR"]
			add(more)
		}
	}
	return list
}

// assault has a hostile model make all calls of a tool in a run with a scope, and
// returns what it was told.
func (s *siege) assault(t *testing.T, spec tool.Spec, scope []string, writes manifest.Writes) map[string]step.Entry {
	t.Helper()
	s.runs++
	origin := tool.Origin{Run: fmt.Sprint("run", s.runs), Project: "PROJ", IssueKey: "PROJ-1", Agent: "eve", Actor: tool.Person{AccountID: "eve"}}
	told, session := map[string]step.Entry{}, &gate.Session{}
	err := (&steptest.Run{Name: origin.Run}).Play(t.Context(), func(ctx context.Context, journal step.Journal) error {
		for _, args := range s.calls(t, spec) {
			entry, err := s.gate.Call(ctx, journal, session, gate.Request{Tool: spec.Name, Args: json.RawMessage(args), Allowed: s.registry.Names(), Origin: origin, Scope: scope, Writes: writes})
			if err != nil {
				return fmt.Errorf("%s %s: %w", spec.Name, args, err)
			}
			told[args] = entry
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return told
}

// readersFirst are the tools, those first that make no pages in SPEC that could be
// taken for others.
func (s *siege) readersFirst() []tool.Spec {
	var list []tool.Spec
	for _, name := range s.registry.Names() {
		one, _ := s.registry.Lookup(name)
		list = append(list, one.Spec())
	}
	slices.SortStableFunc(list, func(a, b tool.Spec) int { return strings.Compare(string(a.Access), string(b.Access)) })
	return list
}

// secrets are what an answer must not hold: what stands in pages, and titles that were
// not asked for.
func (s *siege) secrets(args string) []string {
	if strings.Contains(args, elsewhere) {
		return []string{gold}
	}
	return []string{gold, elsewhere}
}

// forbidden is what the spaces that a run must not touch hold.
func (s *siege) forbidden() map[string]confluence.PageState {
	out := map[string]confluence.PageState{}
	for _, id := range s.wiki.Pages() {
		if p, ok := s.wiki.Page(id); ok && p.Space != "SPEC" {
			out[id] = p
		}
	}
	return out
}

// TestNoToolReachesASpaceOutsideTheScope has a hostile model with the scope SPEC try
// every tool for pages on what is in other spaces: by id, address, title, query,
// parent, comment, file, version, property and page token.
func TestNoToolReachesASpaceOutsideTheScope(t *testing.T) {
	for _, kind := range []confluence.Kind{confluence.Cloud, confluence.DataCenter} {
		for _, writes := range []manifest.Writes{manifest.WritesDirect, manifest.WritesPropose} {
			t.Run(string(kind)+" "+string(writes), func(t *testing.T) {
				s := newSiege(t, kind)
				before, calls := s.forbidden(), 0
				for _, spec := range s.readersFirst() {
					for args, entry := range s.assault(t, spec, []string{"PROJ", tool.ScopeSpace("SPEC")}, writes) {
						calls++
						for _, secret := range s.secrets(args) {
							if strings.Contains(strings.ToUpper(string(entry.Output)+string(entry.Preview)+entry.Error), secret) {
								t.Errorf("%s %s: the model is told %s", spec.Name, args, entry.Output)
							}
						}
					}
				}
				if diff := cmp.Diff(before, s.forbidden()); diff != "" {
					t.Errorf("something was written: %s", diff)
				}
				for _, r := range s.wiki.Requests() {
					if r.Method != "GET" && slices.ContainsFunc([]string{s.foreign["HR"], s.child, s.private}, func(id string) bool { return strings.Contains(r.Path, "/"+id) }) {
						t.Errorf("sent %s %s", r.Method, r.Path)
					}
				}
				if calls < 1000 {
					t.Errorf("only %d calls", calls)
				}
			})
		}
	}
}

// TestTheSameCallsReachASpaceWithinTheScope shows that the test above could fail.
func TestTheSameCallsReachASpaceWithinTheScope(t *testing.T) {
	for _, kind := range []confluence.Kind{confluence.Cloud, confluence.DataCenter} {
		s := newSiege(t, kind)
		for _, name := range []string{"confluence_get_page", "confluence_search", "confluence_get_labels", "confluence_get_property", "confluence_get_comments", "confluence_get_children",
			"confluence_get_page_history", "confluence_diff_versions", "confluence_get_attachment", "confluence_list_spaces", "atlassian_trace", "atlassian_get_requirements"} {
			one, ok := s.registry.Lookup(name)
			if !ok {
				t.Fatalf("no tool %s", name)
			}
			reached := false
			for _, entry := range s.assault(t, one.Spec(), []string{"PROJ", tool.ScopeSpace("*")}, manifest.WritesDirect) {
				if said := strings.ToUpper(string(entry.Output)); (strings.Contains(said, gold) || strings.Contains(said, elsewhere)) && entry.Error == "" {
					reached = true
				}
			}
			if !reached {
				t.Errorf("%s: %s reached nothing", kind, name)
			}
		}
	}
}
