package llm_test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// double starts a stand-in for all providers that others wrote, from what they
// know of the APIs: npm install -g @copilotkit/aimock, or its program llmock
// named by AOF_LLMOCK.
func double(t *testing.T, fixtures string) string {
	t.Helper()
	program := os.Getenv("AOF_LLMOCK")
	if program == "" {
		found, err := exec.LookPath("llmock")
		if err != nil {
			t.Skip("needs node and the program llmock: npm install -g @copilotkit/aimock")
		}
		program = found
	}
	file := filepath.Join(t.TempDir(), "fixtures.json")
	if err := os.WriteFile(file, []byte(fixtures), 0o600); err != nil {
		t.Fatal(err)
	}
	number := strconv.Itoa(port.For(t))
	addr := "127.0.0.1:" + number
	cmd := exec.CommandContext(t.Context(), program, "--strict", "--port", number, "--fixtures", file)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(2 * time.Minute); ; {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return "http://" + addr
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer: %v", program, err)
		}
		<-time.After(50 * time.Millisecond)
	}
}

const doubleFixtures = `{"fixtures": [
	{"match": {"userMessage": "triage", "hasToolResult": true}, "response": {"content": "Both are duplicates."}},
	{"match": {"userMessage": "triage", "hasToolResult": false}, "response": {"toolCalls": [
		{"name": "jira_get_issue", "arguments": {"issue_key": "PROJ-1"}}, {"name": "jira_search", "arguments": "{}"}]}},
	{"match": {"userMessage": "too much"}, "response": {"error": {"message": "Slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 7}}
]}`

func TestADoubleThatOthersWroteUnderstandsEachAPI(t *testing.T) {
	url := double(t, doubleFixtures)
	for _, kind := range []struct{ provider, model, path string }{
		{"openai", "gpt-4.1", "/v1"}, {"responses", "gpt-5.4", "/v1"}, {"anthropic", "claude-haiku-4-5", ""}, {"google", "gemini-2.5-flash", "/v1beta/openai"},
		{"azure-2024-10-21", "gpt-4.1", ""}, {"openrouter", "openai/gpt-4.1", "/api/v1"}, {"ollama", "llama3.1:8b", "/v1"},
	} {
		t.Run(kind.provider, func(t *testing.T) {
			m := open(t, kind.provider, kind.model, url+kind.path, llm.Options{Transport: &http.Transport{}})
			req := llm.Request{
				System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "triage PROJ-1"}}, MaxTokens: 500,
				Tools: []llm.ToolSpec{tool("jira_get_issue"), tool("jira_search")},
			}
			var asked []string
			for range 2 {
				resp, err := m.Complete(t.Context(), req)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range resp.Message.ToolCalls {
					asked = append(asked, c.Name+string(c.Args))
				}
				req.Messages = throughJournal(t, answerCalls(req.Messages, resp.Message))
			}
			if diff := cmp.Diff([]string{`jira_get_issue{"issue_key":"PROJ-1"}`, `jira_search{}`}, asked); diff != "" {
				t.Error(diff)
			}
			if last := req.Messages[len(req.Messages)-1]; last.Text != "Both are duplicates." {
				t.Errorf("last message %+v", last)
			}
			_, err := m.Complete(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "too much"}}})
			wantError(t, err, llm.KindRateLimit, 429, true, "Slow down")
		})
	}
	var journal []json.RawMessage
	resp, err := http.Get(url + "/__aimock/journal")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(&journal); err != nil || len(journal) == 0 {
		t.Errorf("the double has no record of %d requests: %v", len(journal), err)
	}
}
