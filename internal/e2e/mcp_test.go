package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/aofctl/aofctl/internal/logtest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// mcpVariable makes this test's program an MCP server; it names the directory for
// its notes.
const mcpVariable = "AOFCTL_E2E_MCP"

// serveMCP is a server with a tool that reads, and one that writes and breaks.
func serveMCP() int {
	notes := os.Getenv(mcpVariable)
	note := func(name, text string) {
		f, err := os.OpenFile(filepath.Join(notes, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err == nil {
			fmt.Fprintln(f, text)
			_ = f.Close()
		}
	}
	note("pid", strconv.Itoa(os.Getpid()))
	s := calculator()
	s.AddTool(&mcp.Tool{Name: "launch", Description: "Launches", InputSchema: json.RawMessage(`{"type":"object"}`)},
		func(context.Context, *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			note("launched", "yes")
			os.Exit(1)
			return nil, nil
		})
	if err := s.Run(context.Background(), &mcp.StdioTransport{}); err != nil {
		return 1
	}
	return 0
}

// calculator is a server that adds.
func calculator() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "calc", Version: "1"}, nil)
	s.AddTool(&mcp.Tool{Name: "add", Description: "Adds", InputSchema: json.RawMessage(`{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}}}`)},
		func(_ context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
			var in struct{ A, B int }
			if err := json.Unmarshal(req.Params.Arguments, &in); err != nil {
				return nil, err
			}
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf("The sum is %d.", in.A+in.B)}}}, nil
		})
	return s
}

// counting is an agent with an MCP server.
func counting(server string) string {
	return `apiVersion: aof.dev/v1
kind: Agent
metadata: {name: counter}
spec:
  model: google:gemini-2.5-flash
  instructions: Do sums for {{ metadata.issue_key }}.
  tools: ["mcp:calc/*", jira_get_issue]
  mcp_servers:
    - ` + server + "\n"
}

func (w *world) counter(server, rules string) {
	w.t.Helper()
	w.script(rules)
	w.write("agents/counter.yaml", counting(server))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: counter"))
}

const adding = `
let:
  sum: {in: results, match: 'The sum is \d+'}
rules:
  - {name: add, when: {not_called: mcp_calc_add}, call: [{tool: mcp_calc_add, args: {a: 40, b: 2}}]}
  - {name: end, say: "I asked. ${sum}."}
`

// TestAnAgentUsesTheToolsOfAnMCPServer has an agent comment what a server said,
// and a write in doubt; and stops the daemon, which leaves no process.
func TestAnAgentUsesTheToolsOfAnMCPServer(t *testing.T) {
	w := newWorld(t)
	notes := t.TempDir()
	w.counter(fmt.Sprintf("{name: calc, command: %s, args: ['-test.run=^$'], env: {%s: %s}, read_only: [add]}", os.Args[0], mcpVariable, notes), adding)
	d := w.start()
	key := w.story("FEAT")
	w.comment("alice", key, "/echo")
	if runs := w.ended(key, 1); runs[0].State != store.StateSucceeded {
		t.Fatalf("%+v", runs[0])
	}
	if replies := w.replies(key); !slices.ContainsFunc(replies, func(r string) bool { return strings.Contains(r, "The sum is 42") }) {
		t.Errorf("replies %q", replies)
	}

	w.script(`
rules:
  - {name: launch, when: {not_called: mcp_calc_launch}, call: [{tool: mcp_calc_launch, args: {}}]}
  - {name: end, say: I do not know whether it was launched.}
`)
	w.comment("alice", key, "/echo")
	launched := w.ended(key, 2)[1]
	detail := w.run(launched.ID)
	i := slices.IndexFunc(detail.StepList, func(s step.Entry) bool { return s.Name == "mcp_calc_launch" })
	if i < 0 || !detail.StepList[i].InDoubt || launched.State != store.StateSucceeded {
		t.Errorf("%+v", detail)
	}
	if body, _ := os.ReadFile(filepath.Join(notes, "launched")); len(strings.Fields(string(body))) != 1 {
		t.Errorf("launched %q", body)
	}
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	body, _ := os.ReadFile(filepath.Join(notes, "pid"))
	for _, pid := range strings.Fields(string(body)) {
		number, _ := strconv.Atoi(pid)
		w.await("process "+pid+" to be gone", func() bool { return syscall.Kill(number, 0) != nil })
	}
}

// TestAWrongTokenOfAnMCPServerFailsTheRunWithTheReason asks a server behind a URL.
func TestAWrongTokenOfAnMCPServerFailsTheRunWithTheReason(t *testing.T) {
	w := newWorld(t)
	calc := calculator()
	inner := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return calc }, nil)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right-token-0123456789" {
			rw.WriteHeader(http.StatusUnauthorized)
			return
		}
		inner.ServeHTTP(rw, r)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	w.environ["CALC_TOKEN"] = "wrong-token-0123456789"
	w.counter("{name: calc, url: "+srv.URL+", token_env: CALC_TOKEN, read_only: ['*']}", adding)
	d := w.start()
	key := w.story("FEAT")
	w.comment("alice", key, "/echo")
	failed := w.ended(key, 1)[0]
	if failed.State != store.StateFailed || !strings.Contains(failed.Error, "MCP server calc: it refuses the credentials (401 Unauthorized)") {
		t.Errorf("%+v", failed)
	}
	w.await("the log to say so", func() bool { return strings.Contains(d.log.String(), "MCP server cannot be used") })
	if strings.Contains(d.log.String(), "wrong-token") {
		t.Error("the log tells the token")
	}
	if out := doctorSays(w); !strings.Contains(out, "mcp counter/calc") || !strings.Contains(out, "it refuses the credentials") {
		t.Errorf("doctor: %s", out)
	}
	d.stop()
	w.environ["CALC_TOKEN"] = "right-token-0123456789"
	if out := doctorSays(w); !strings.Contains(out, "reads: mcp_calc_add; writes: none; pin: sha256:") {
		t.Errorf("doctor: %s", out)
	}
	w.start()
	w.comment("alice", key, "/echo")
	if again := w.ended(key, 2)[1]; again.State != store.StateSucceeded {
		t.Errorf("%+v", again)
	}
}

func doctorSays(w *world) string {
	w.t.Helper()
	cmd := exec.Command(binary, "doctor", "--config", filepath.Join(w.dir, "daemon.yaml"))
	cmd.Env = w.env()
	out, _ := cmd.CombinedOutput() // it ends with 1 for what it finds
	return string(out)
}

// TestToolsAreServedOverMCP lets a client of MCP work on the sandbox's Jira, while
// a daemon has the database.
func TestToolsAreServedOverMCP(t *testing.T) {
	w := newWorld(t)
	w.start()
	key := w.story("FEAT")
	ask := func(args ...string) (*mcp.ClientSession, func(name, args string) (string, bool)) {
		cmd := exec.Command(binary, append([]string{"mcp", "--config", filepath.Join(w.dir, "daemon.yaml")}, args...)...)
		cmd.Env, cmd.Stderr = w.env(), &logtest.Buffer{}
		s, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, cmd.Stderr)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s, func(name, args string) (string, bool) {
			r, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: json.RawMessage(args)})
			if err != nil {
				return err.Error(), true
			}
			text, _ := r.Content[0].(*mcp.TextContent)
			return text.Text, r.IsError
		}
	}
	reader, call := ask("--projects", "FEAT")
	list, err := reader.ListTools(t.Context(), nil)
	if err != nil || slices.ContainsFunc(list.Tools, func(one *mcp.Tool) bool { return one.Name == "jira_post_comment" }) {
		t.Errorf("%v", err)
	}
	if got, failed := call("jira_get_issue", `{"issue_key":"`+key+`"}`); failed || !strings.Contains(got, key) {
		t.Errorf("read: %s", got)
	}
	if got, failed := call("jira_get_issue", `{"issue_key":"PROJ-1"}`); !failed || !strings.Contains(got, "scope") {
		t.Errorf("another project: %s", got)
	}
	_, write := ask("--projects", "FEAT", "--write", "--tools", "jira_post_comment")
	if got, failed := write("jira_post_comment", `{"issue_key":"`+key+`","body":"Hello from an editor"}`); failed {
		t.Errorf("write: %s", got)
	}
	if replies := w.replies(key); len(replies) != 1 || !strings.Contains(replies[0], "Hello from an editor") {
		t.Errorf("replies %q", replies)
	}
	w.idle()
	if runs := w.runs(url.Values{}); len(runs) != 0 {
		t.Errorf("the comment started %+v", runs)
	}
}
