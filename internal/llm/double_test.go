package llm_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/sandbox/double"
)

const doubleFixtures = `{"fixtures": [
	{"match": {"userMessage": "triage", "hasToolResult": true}, "response": {"content": "Both are duplicates."}},
	{"match": {"userMessage": "triage", "hasToolResult": false}, "response": {"toolCalls": [
		{"name": "jira_get_issue", "arguments": {"issue_key": "PROJ-1"}}, {"name": "jira_search", "arguments": "{}"}]}},
	{"match": {"userMessage": "too much"}, "response": {"error": {"message": "Slow down", "type": "rate_limit_error"}, "status": 429, "retryAfter": 7}}
]}`

func TestADoubleThatOthersWroteUnderstandsEachAPI(t *testing.T) {
	others := double.Start(t, doubleFixtures)
	for _, kind := range []struct{ provider, model, path string }{
		{"openai", "gpt-4.1", "/v1"}, {"responses", "gpt-5.4", "/v1"}, {"anthropic", "claude-haiku-4-5", ""}, {"google", "gemini-2.5-flash", "/v1beta/openai"},
		{"azure-2024-10-21", "gpt-4.1", ""}, {"openrouter", "openai/gpt-4.1", "/api/v1"}, {"ollama", "llama3.1:8b", "/v1"},
	} {
		t.Run(kind.provider, func(t *testing.T) {
			m := open(t, kind.provider, kind.model, others.URL+kind.path, llm.Options{Transport: &http.Transport{}})
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
	asked, err := others.Asked()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1beta/openai/chat/completions", "/api/v1/chat/completions"} {
		if !slices.Contains(asked, path) {
			t.Errorf("the double was not asked at %s, but at %q", path, asked)
		}
	}
}
