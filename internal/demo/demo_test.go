package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// patience bounds every wait.
const patience = 2 * time.Minute

func TestTheDemoTellsItsStoriesAndEnds(t *testing.T) {
	var out, log bytes.Buffer
	dir := filepath.Join(t.TempDir(), "new")
	if err := Run(t.Context(), Options{Out: &out, LogOut: &log, LogLevel: "error", Version: "v1", Dir: dir, Once: true}); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), log.String())
	}
	at := 0
	for _, want := range []string{
		"no real model runs here", "aofctl v1", "webhooks   http://127.0.0.1:", "triggers   5: bug-triage, commands, specs",
		"1. Alice reports a bug", "issue_created on PROJ-1: trigger bug-triage chose agent/bug-triager", "tool jira_update_issue",
		"run succeeded", "Jira now has PROJ-1 (Bug, To Do)", "priority Highest",
		"2. Bob asks for an estimate", "comment_created on FEAT-1: trigger commands chose agent/story-estimator",
		"asked Jira for what the event does not tell", "story points",
		"3. A hostile comment", "tool jira_transition_issue", "DENIED", "calls denied",
		"4. Bob assigns a story", "completed: **Estimate for FEAT-3", "Bob alone has the answer", "5. Alice publishes a specification", "page_created on", "trigger specs chose flow/spec-to-stories", "atlassian_register_requirements", "confluence_add_comment",
		"Confluence now has", "8 requirements", "PROJ-3 (Story)", "Acceptance criteria", "All five stories ended as they should.",
	} {
		i := strings.Index(out.String()[at:], want)
		if i < 0 {
			t.Fatalf("%q is missing, or not in its place, in\n%s", want, out.String())
		}
		at += i
	}
	if log.Len() > 0 {
		t.Errorf("the log has errors: %s", log.String())
	}
	if strings.Contains(out.String(), "stays up") {
		t.Error("it says that it stays up")
	}
	for _, name := range []string{"daemon.yaml", "triggers/commands.yaml", "agents/bug-triager.yaml", "data/main.db"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestTheDemoStaysUpUntilItIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &watched{found: make(chan struct{}), want: "/issues/PROJ-1"}
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, Options{Out: out, LogOut: io.Discard, Dir: t.TempDir()}) }()
	select {
	case <-out.found:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v\n%s", err, out)
	case <-time.After(patience):
		t.Fatalf("it does not say how to look around:\n%s", out)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("it does not end")
	}
	if !strings.Contains(out.String(), "aofctl logs -f") {
		t.Errorf("it does not say how to look around:\n%s", out)
	}
}

func TestTheDemoTakesNoDirectoryWithSomethingInIt(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{dir: "is not empty", file: "use directory for the demo"} {
		err := Run(t.Context(), Options{Out: io.Discard, LogOut: io.Discard, Dir: path, Once: true})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("the directory has %v now, %v", entries, err)
	}
}

func TestEventsAreDescribedInALine(t *testing.T) {
	payload := func(v any) json.RawMessage {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	long := strings.Repeat("very long ", 50)
	for _, c := range []struct {
		kind    store.EventKind
		payload any
		want    string
	}{
		{store.EventQueued, map[string]string{"target": "agent/a", "trigger": "t", "issue_key": "P-1", "event_type": "e"}, "e on P-1: trigger t chose agent/a"},
		{store.EventStarted, nil, "run started"},
		{store.EventFinished, map[string]string{"state": "succeeded"}, "run succeeded"},
		{store.EventFinished, map[string]string{"state": "failed", "error": "why"}, "run failed why"},
		{store.EventStep, step.Entry{Kind: step.KindModel, Name: "m", Model: "script", TokensIn: 1, TokensOut: 2}, "script answered in place of m (1+2 tokens)"},
		{store.EventStep, step.Entry{Kind: step.KindEnrich}, "asked Jira for what the event does not tell"},
		{store.EventStep, step.Entry{Kind: step.KindTool, Name: "x", Decision: "allowed", Input: json.RawMessage(`{"a":1}`), Output: json.RawMessage(`"two\nlines"`)},
			`tool x {"a":1} -> two lines`},
		{store.EventStep, step.Entry{Kind: step.KindTool, Name: "x", Decision: "scope", Output: json.RawMessage(`"no"`)}, "tool x  DENIED: no"},
		{store.EventStep, step.Entry{Kind: step.KindTool, Name: "x", Decision: "allowed", Output: payload(long)}, "tool x  -> " + short(long, 70)},
		{"else", nil, "else"},
	} {
		if got := describe(store.Event{Kind: c.kind, Payload: payload(c.payload)}); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got := short(long, 70); len([]rune(got)) != 70 || !strings.HasSuffix(got, "…") {
		t.Errorf("shortened to %q", got)
	}
}

// watched tells when a text was written to it.
type watched struct {
	mu    sync.Mutex
	buf   bytes.Buffer
	want  string
	once  sync.Once
	found chan struct{}
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.buf.Write(p)
	if strings.Contains(w.buf.String(), w.want) {
		w.once.Do(func() { close(w.found) })
	}
	return n, err
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}
