package github_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	client "github.com/aofctl/aofctl/internal/github"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/github"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/github"
	"github.com/aofctl/aofctl/internal/tool/tooltest"
)

type world struct {
	t    *testing.T
	hub  *sandbox.Server
	reg  *tool.Registry
	open []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	s := sandbox.New(sandbox.Options{BaseURL: "https://github.example.com"})
	t.Cleanup(s.Close)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.AddRepository("acme/shop", map[string]string{"README.md": "# Shop\n", "src/main.go": "package main\n", "logo.png": "\x89PNG\x00"})
	s.AddRepository("acme/secret", map[string]string{"README.md": "# Secret\n"})
	for _, repo := range []string{"acme/shop", "acme/secret"} {
		if _, err := s.As("alice").OpenPull(sandbox.NewPull{Repository: repo, Title: "PROJ-1 login", Head: "fix", Body: "Because.", Additions: 3, Files: []string{"src/main.go"}, Labels: []string{"bug"}}); err != nil {
			t.Fatal(err)
		}
	}
	c, err := client.New(client.Config{APIURL: srv.URL + "/api/v3", Token: sandbox.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	reg, err := tool.NewRegistry(github.New(func() (*client.Client, error) { return c, nil }, tool.Writer{Ledger: &tooltest.Ledger{}, Settle: time.Millisecond}).All()...)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t: t, hub: s, reg: reg, open: []string{"acme/shop"}}
}

func (w *world) try(name, id, args string) (tool.Result, error) {
	w.t.Helper()
	one, ok := w.reg.Lookup(name)
	if !ok {
		w.t.Fatalf("no tool %s", name)
	}
	if err := w.reg.Validate(name, json.RawMessage(args)); err != nil {
		w.t.Fatal(err)
	}
	return one.Call(w.t.Context(), tool.Call{ID: id, Args: json.RawMessage(args), Repositories: w.open, Origin: tool.Origin{Depth: 1}})
}

func (w *world) call(name, args string) tool.Result {
	w.t.Helper()
	r, err := w.try(name, "run:1", args)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return r
}

func TestReadingToolsAnswerInCompactText(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ name, args, want string }{
		{"github_get_pull_request", `{"repository":"acme/shop","number":1,"files":true}`, "#1 PROJ-1 login\nhttps://github.example.com/acme/shop/pull/1\nState: open\nAuthor: alice\nBranch: fix into main\nSize: +3 -0 in 1 files, 1 commits\n"},
		{"github_get_pull_request", `{"repository":"https://github.example.com/acme/shop/pull/1","number":1,"diff":true}`, "modified src/main.go +3 -0\n@@ -1 +1 @@"},
		{"github_list_pull_requests", `{"repository":"Acme/Shop"}`, "#1 PROJ-1 login (open, by alice, fix into main, updated "},
		{"github_list_pull_requests", `{"repository":"acme/shop","state":"closed"}`, "There are no such pull requests."},
		{"github_get_file", `{"repository":"acme/shop","path":"/src/main.go"}`, "package main\n"},
		{"github_get_file", `{"repository":"acme/shop","path":""}`, "file README.md\nfile logo.png\ndir src"},
		{"github_search_issues", `{"query":"login","kind":"pull_request","state":"open"}`, "1 found:\nacme/shop#1 PROJ-1 login (pull request, open, by alice, updated "},
		{"github_search_issues", `{"query":"nothing of the kind"}`, "Nothing was found."},
	} {
		if r := w.call(c.name, c.args); r.Failed || !strings.Contains(r.Text, c.want) {
			t.Errorf("%s %s:\n%s\nwant %q", c.name, c.args, r.Text, c.want)
		}
	}
}

func TestWhatIsOutOfScopeOrMakesNoSenseIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ name, args, want string }{
		{"github_get_pull_request", `{"repository":"acme/secret","number":1}`, "outside the scope"},
		{"github_comment", `{"repository":"acme/secret","number":1,"body":"x"}`, "outside the scope"},
		{"github_get_file", `{"repository":"acme/shop","path":"../secret/README.md"}`, "not a path within"},
		{"github_get_file", `{"repository":"acme/shop","path":"src/../../secret"}`, "not a path within"},
		{"github_get_file", `{"repository":"acme/shop","path":"logo.png"}`, "is no text"},
		{"github_get_file", `{"repository":"acme/shop","path":"none"}`, "GitHub refused: GET"},
		{"github_search_issues", `{"query":"login repo:acme/secret"}`, "leave out repo:"},
		{"github_search_issues", `{"query":"login (org:acme)"}`, "leave out org:"},
		{"github_comment", `{"repository":"acme/shop","number":77,"body":"x"}`, "404"},
		{"github_comment", `{"repository":"acme/shop","number":1,"body":"  "}`, "empty"},
	} {
		if r := w.call(c.name, c.args); !r.Failed || !strings.Contains(r.Text, c.want) {
			t.Errorf("%s %s: %+v, want %q", c.name, c.args, r, c.want)
		}
	}
	for _, bad := range []string{`{"repository":"acme/..","number":1}`, `{"repository":"../x","number":1}`, `{"repository":"acme","number":1}`, `{"repository":"a/b/../c","number":1}`, `{"repository":"acme/shop","number":0}`} {
		one, _ := w.reg.Lookup("github_get_pull_request")
		if targets, err := one.Targets(json.RawMessage(bad)); err == nil {
			t.Errorf("%s names %v", bad, targets.Repositories)
		}
	}
	w.open = []string{"*/*"}
	if r := w.call("github_search_issues", `{"query":"login"}`); !r.Failed {
		t.Errorf("a search everywhere: %+v", r)
	}
	w.open = []string{"acme/*"}
	if r := w.call("github_search_issues", `{"query":"login"}`); r.Failed || !strings.HasPrefix(r.Text, "2 found") {
		t.Errorf("a search of an owner's: %+v", r)
	}
}

func TestACommentIsPostedOnceWhateverIsLost(t *testing.T) {
	for _, effect := range []sandbox.Effect{sandbox.CutAfter, sandbox.CutBefore} {
		w := newWorld(t)
		if err := w.hub.AddFault(sandbox.Fault{Method: http.MethodPost, Effect: effect, Count: 1}); err != nil {
			t.Fatal(err)
		}
		const args = `{"repository":"acme/shop","number":1,"body":"Done."}`
		if _, err := w.try("github_comment", "run:3", args); err == nil {
			t.Fatal("the lost answer is no error")
		}
		for range 2 {
			if r, err := w.try("github_comment", "run:3", args); err != nil || r.Failed {
				t.Fatalf("%+v %v", r, err)
			}
		}
		if r, err := w.try("github_comment", "run:4", args); err != nil || r.Failed { // another step says the same
			t.Fatalf("%+v %v", r, err)
		}
		thread, _ := w.hub.Thread("acme/shop", 1)
		if len(thread.Comments) != 2 || !strings.HasPrefix(thread.Comments[0].Body, "Done.\n\n<!-- aofctl {\"id\":\"run:3\",\"depth\":1} -->") {
			t.Errorf("%s: comments %+v", effect, thread.Comments)
		}
	}
}

func TestALongCommentIsSplit(t *testing.T) {
	w := newWorld(t)
	body, err := json.Marshal(map[string]any{"repository": "acme/shop", "number": 1, "body": strings.Repeat("A line of text with an ä.\n", 4000)})
	if err != nil {
		t.Fatal(err)
	}
	if r := w.call("github_comment", string(body)); r.Failed {
		t.Fatal(r.Text)
	}
	thread, _ := w.hub.Thread("acme/shop", 1)
	lines := 0
	for _, c := range thread.Comments {
		lines += strings.Count(c.Body, "A line of text with an ä.")
	}
	if len(thread.Comments) != 2 || lines != 4000 {
		t.Errorf("%d comments with %d lines", len(thread.Comments), lines)
	}
}
