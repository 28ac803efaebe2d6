package mcpserver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/mcpserver"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/tool"
)

// stub is a tool that tells how it was called.
type stub struct {
	name    string
	access  tool.Access
	comment bool
	calls   *[]tool.Call
	fail    func(n int) error
}

func (s stub) Spec() tool.Spec {
	return tool.Spec{Name: s.name, Toolset: "jira", Description: "Does " + s.name, Access: s.access, Comments: s.comment,
		Parameters: json.RawMessage(`{"type":"object","properties":{"project":{"type":"string"},"text":{"type":"string"}},"required":["project"]}`)}
}

func (s stub) Targets(args json.RawMessage) (tool.Targets, error) {
	var in struct{ Project string }
	err := json.Unmarshal(args, &in)
	return tool.Targets{Projects: []string{in.Project}}, err
}

func (s stub) Call(_ context.Context, call tool.Call) (tool.Result, error) {
	*s.calls = append(*s.calls, call)
	if s.fail != nil {
		if err := s.fail(len(*s.calls)); err != nil {
			return tool.Result{}, err
		}
	}
	return tool.Result{Text: "done " + s.name, Target: "PROJ-1"}, nil
}

type passing struct{}

func (passing) Error() string   { return "Jira is away" }
func (passing) Temporary() bool { return true }

// fixture is a server with a client.
type fixture struct {
	calls  []tool.Call
	log    strings.Builder
	mu     sync.Mutex
	server *mcpserver.Server
	now    time.Time
}

func (f *fixture) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.Write(p)
}

func (f *fixture) logged() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.log.String()
}

const secretValue = "a-secret-of-the-daemon"

func serve(t *testing.T, change func(*mcpserver.Config), fail func(n int) error) *fixture {
	t.Helper()
	f := &fixture{now: time.Now()}
	registry, err := tool.NewRegistry(
		stub{name: "jira_get", access: tool.Read, calls: &f.calls, fail: fail},
		stub{name: "jira_set", access: tool.Write, calls: &f.calls, fail: fail},
		stub{name: "jira_say", access: tool.Write, comment: true, calls: &f.calls})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	cfg := mcpserver.Config{Tools: registry, Allowed: registry.Names(), Write: true, Scope: []string{"PROJ"}, Version: "1", Log: zerolog.New(f),
		Policy: policy.New(policy.Config{Tools: registry, Secrets: []string{secretValue}, Limits: policy.Limits{WritesPerRun: 3, CommentsPerRun: 1}}),
		ID:     func() string { n++; return fmt.Sprintf("call-%d", n) }, Now: func() time.Time { return f.now }, Pause: time.Millisecond}
	if change != nil {
		change(&cfg)
	}
	if f.server, err = mcpserver.New(cfg); err != nil {
		t.Fatal(err)
	}
	return f
}

// connect gives a client over pipes.
func (f *fixture) connect(t *testing.T) *mcp.ClientSession {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- f.server.Stdio(t.Context(), inR, outW) }()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.IOTransport{Reader: outR, Writer: inW}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = session.Close()
		_ = inW.Close()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	return session
}

func ask(t *testing.T, s *mcp.ClientSession, name, args string) (string, bool) {
	t.Helper()
	r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(args)})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := r.Content[0].(*mcp.TextContent)
	return text.Text, r.IsError
}

func listed(t *testing.T, s *mcp.ClientSession) []string {
	t.Helper()
	r, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, one := range r.Tools {
		names = append(names, one.Name)
		if one.Annotations.ReadOnlyHint != (one.Name == "jira_get") {
			t.Errorf("%s: hint %v", one.Name, one.Annotations.ReadOnlyHint)
		}
	}
	return names
}

func TestCallsPassThePolicy(t *testing.T) {
	f := serve(t, nil, nil)
	s := f.connect(t)
	for _, tt := range []struct{ tool, args, want string }{
		{"jira_get", `{"project":"PROJ"}`, "done jira_get"},
		{"jira_set", `{"project":"PROJ"}`, "done jira_set"},
		{"jira_set", `{"project":"OTHER"}`, "Denied by policy (scope)"},
		{"jira_set", `{"project":1}`, "Denied by policy (schema)"},
		{"jira_get", `{"project":"PROJ","text":"` + secretValue + `"}`, "Denied by policy (content.secret)"},
		{"jira_say", `{"project":"PROJ"}`, "done jira_say"},
		{"jira_say", `{"project":"PROJ"}`, "Denied by policy (limit.comments)"},
		{"jira_set", `{"project":"PROJ"}`, "done jira_set"},
		{"jira_set", `{"project":"PROJ"}`, "Denied by policy (limit.writes)"},
	} {
		got, failed := ask(t, s, tt.tool, tt.args)
		if !strings.HasPrefix(got, tt.want) || failed != strings.HasPrefix(tt.want, "Denied") {
			t.Errorf("%s %s: %s (failed %v), want %s", tt.tool, tt.args, got, failed, tt.want)
		}
	}
	if len(f.calls) != 4 {
		t.Errorf("%d calls were made", len(f.calls))
	}
	f.now = f.now.Add(time.Hour)
	if got, _ := ask(t, s, "jira_set", `{"project":"PROJ"}`); got != "done jira_set" {
		t.Errorf("an hour later: %s", got)
	}
	if log := f.logged(); !strings.Contains(log, `"rule":"limit.writes"`) || !strings.Contains(log, `"args":{"project":"PROJ"}`) || strings.Contains(log, secretValue) {
		t.Errorf("the log:\n%s", log)
	}
}

func TestWithoutWriteNothingIsWritten(t *testing.T) {
	f := serve(t, func(c *mcpserver.Config) { c.Write = false }, nil)
	s := f.connect(t)
	if got := listed(t, s); !slices.Equal(got, []string{"jira_get"}) {
		t.Errorf("listed %v", got)
	}
	_, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "jira_set", Arguments: json.RawMessage(`{"project":"PROJ"}`)})
	if err == nil || len(f.calls) != 0 {
		t.Errorf("%v; %d calls", err, len(f.calls))
	}
	if _, err := mcpserver.New(mcpserver.Config{Tools: func() *tool.Registry { r, _ := tool.NewRegistry(); return r }()}); err == nil {
		t.Error("a server of nothing was made")
	}
}

func TestDryRunsAndApprovalsHold(t *testing.T) {
	f := serve(t, func(c *mcpserver.Config) { c.DryRun = true }, nil)
	if got, failed := ask(t, f.connect(t), "jira_set", `{"project":"PROJ"}`); failed || !strings.HasPrefix(got, "Dry run") || len(f.calls) != 0 {
		t.Errorf("%s", got)
	}
	f = serve(t, func(c *mcpserver.Config) { c.Approval = []string{"jira_set"} }, nil)
	if got, failed := ask(t, f.connect(t), "jira_set", `{"project":"PROJ"}`); !failed || !strings.Contains(got, "needs somebody's approval") || len(f.calls) != 0 {
		t.Errorf("%s", got)
	}
}

func TestAPassingFailureIsTriedAgainUnderTheSameID(t *testing.T) {
	f := serve(t, nil, func(n int) error {
		if n < 3 {
			return passing{}
		}
		return nil
	})
	got, failed := ask(t, f.connect(t), "jira_set", `{"project":"PROJ"}`)
	if failed || got != "done jira_set" || len(f.calls) != 3 || f.calls[0].ID != f.calls[2].ID {
		t.Errorf("%s; %+v", got, f.calls)
	}
}

func TestAFailureThatLastsIsTold(t *testing.T) {
	for name, tt := range map[string]struct {
		tool  string
		err   error
		calls int
		want  string
	}{
		"for good":               {"jira_set", errors.New("no such issue"), 1, "The call failed: no such issue"},
		"a read, for a moment":   {"jira_get", passing{}, 3, "The call failed: Jira is away"},
		"a write, for a moment":  {"jira_set", passing{}, 3, "It is not known whether this happened"},
		"a write that is unsure": {"jira_set", tool.ErrInDoubt, 1, "It is not known whether this happened"},
	} {
		f := serve(t, nil, func(int) error { return tt.err })
		got, failed := ask(t, f.connect(t), tt.tool, `{"project":"PROJ"}`)
		if !failed || !strings.HasPrefix(got, tt.want) || len(f.calls) != tt.calls {
			t.Errorf("%s: %s after %d calls", name, got, len(f.calls))
		}
	}
}

func TestTheLedgerHasAWriteHappenOnce(t *testing.T) {
	w := tool.Writer{Ledger: mcpserver.NewLedger()}
	sent := 0
	action := tool.Action{Kind: "comment", Target: "PROJ-1", Send: func(context.Context) (string, error) { sent++; return "ref", nil }}
	for range 3 {
		if ref, err := w.Once(t.Context(), "a", action); ref != "ref" || err != nil {
			t.Errorf("%s, %v", ref, err)
		}
	}
	lost := action
	lost.Send = func(context.Context) (string, error) { sent++; return "", errors.New("no answer") }
	_, _ = w.Once(t.Context(), "b", lost)
	if _, err := w.Once(t.Context(), "b", action); !errors.Is(err, tool.ErrInDoubt) || sent != 2 {
		t.Errorf("%v, sent %d times", err, sent)
	}
	refused := lost
	refused.NotSent = func(error) bool { return true }
	_, _ = w.Once(t.Context(), "c", refused)
	if _, err := w.Once(t.Context(), "c", action); err != nil || sent != 4 {
		t.Errorf("%v, sent %d times", err, sent)
	}
}

// bearer adds a token to requests.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b != "" {
		r.Header.Set("Authorization", string(b))
	}
	return http.DefaultTransport.RoundTrip(r)
}

func TestOverHTTPEachRequestNeedsTheToken(t *testing.T) {
	f := serve(t, nil, nil)
	srv := httptest.NewServer(f.server.Handler("the-right-token"))
	t.Cleanup(srv.Close)
	for header, good := range map[string]bool{"Bearer the-right-token": true, "bearer the-right-token": true, "": false,
		"Bearer wrong": false, "Basic the-right-token": false, "Bearer the-right-token2": false, "Bearer": false} {
		client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
		s, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: srv.URL, DisableStandaloneSSE: true,
			HTTPClient: &http.Client{Transport: bearer(header)}}, nil)
		if (err == nil) != good {
			t.Errorf("%q: %v", header, err)
		}
		if err == nil {
			if got, _ := ask(t, s, "jira_get", `{"project":"PROJ"}`); got != "done jira_get" {
				t.Errorf("%q: %s", header, got)
			}
			_ = s.Close()
		}
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func TestServingOverHTTPEndsWithItsContext(t *testing.T) {
	f := serve(t, nil, nil)
	srv := httptest.NewUnstartedServer(nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.server.HTTP(ctx, srv.Listener, "the-right-token") }()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
