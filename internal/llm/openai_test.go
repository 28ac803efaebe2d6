package llm_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/llm"
)

// longRequest has everything that a request can have.
func longRequest() llm.Request {
	return llm.Request{
		System: "You triage bugs. <b>Be brief</b> & exact.",
		Messages: []llm.Message{
			{Role: llm.User, Text: "issue_key: PROJ-1\nissue_summary: Größe „falsch“ \u2028"},
			{Role: llm.Assistant, Text: "I look at both.", ToolCalls: []llm.ToolCall{
				{ID: "call_a", Name: "jira_get_issue", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`)},
				{ID: "call_b", Name: "jira_search", Args: json.RawMessage(`{}`)},
			}},
			{Role: llm.ToolRole, ToolCallID: "call_a", ToolName: "jira_get_issue", Text: "PROJ-1 Bug"},
			{Role: llm.ToolRole, ToolCallID: "call_b", ToolName: "jira_search"},
		},
		Tools:       []llm.ToolSpec{tool("jira_get_issue"), tool("jira_search"), {Name: "finish", Description: "Ends."}},
		Temperature: ptr(0.0), MaxTokens: 4096,
	}
}

func TestRequestsAreWrittenAsEachProviderTakesThem(t *testing.T) {
	for _, kind := range []struct{ provider, model string }{
		{"openai", "gpt-4.1"}, {"google", "gemini-2.5-flash"}, {"google", "gemini-3-pro-preview"},
		{"ollama", "llama3.1:8b"}, {"mistral", "mistral-small-latest"}, {"anthropic", "claude-haiku-4-5"},
		{"responses", "gpt-4.1"}, {"azure", "gpt-4.1"},
	} {
		t.Run(kind.provider+"_"+kind.model, func(t *testing.T) {
			rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(saidAnyhow("ok"))) })
			m := open(t, kind.provider, kind.model, rec.URL+"/v1", llm.Options{UserAgent: "aofctl/1.2.3 (aofbot)"})
			if _, err := m.Complete(t.Context(), longRequest()); err != nil {
				t.Fatal(err)
			}
			golden(t, kind.provider+"_"+strings.NewReplacer(":", "_", ".", "_").Replace(kind.model)+".json", rec.bodies[0])
			h := rec.headers[0]
			if got := h.Get("User-Agent"); got != "aofctl/1.2.3 (aofbot)" {
				t.Errorf("User-Agent %q", got)
			}
			auth := h.Get("Authorization") + h.Get("X-Api-Key") + h.Get("Api-Key")
			if auth != "Bearer test-key-1234" && auth != "test-key-1234" {
				t.Errorf("authorised by %q", auth)
			}
		})
	}
}

// golden compares with a file; AOF_UPDATE=1 writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "requests", name)
	if os.Getenv("AOF_UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, diff)
	}
}

func TestAConversationThatGoesOnBeginsWithTheSameBytes(t *testing.T) {
	for _, kind := range []struct{ provider, model string }{{"openai", "gpt-4.1"}, {"google", "gemini-3-pro-preview"}} {
		rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
		m := open(t, kind.provider, kind.model, rec.URL, llm.Options{})
		req := longRequest()
		for n := 1; n <= 3; n++ {
			req.Messages = append(req.Messages, llm.Message{Role: llm.User, Text: strings.Repeat("more ", n)})
			if _, err := m.Complete(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		for i := 1; i < len(rec.bodies); i++ {
			shorter := strings.TrimSuffix(string(rec.bodies[i-1]), "]}")
			if !strings.HasPrefix(string(rec.bodies[i]), shorter) {
				t.Errorf("%s: request %d does not begin as request %d:\n%s\n%s", kind.provider, i, i-1, rec.bodies[i], rec.bodies[i-1])
			}
		}
	}
}

func TestTheSameAgentSendsTheSameToolsAndInstructions(t *testing.T) {
	rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
	for _, issue := range []string{"PROJ-1", "PROJ-2"} {
		m := open(t, "openai", "gpt-4.1", rec.URL, llm.Options{})
		req := longRequest()
		req.Messages = []llm.Message{{Role: llm.User, Text: issue}}
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	a, _, _ := strings.Cut(string(rec.bodies[0]), "PROJ-")
	b, _, _ := strings.Cut(string(rec.bodies[1]), "PROJ-")
	if a != b || !strings.Contains(a, "jira_search") || !strings.Contains(a, "You triage bugs") {
		t.Errorf("the requests begin differently or without tools and instructions:\n%s\n%s", a, b)
	}
}

func TestTheLimitOfTokensHasTheNameThatTheModelTakes(t *testing.T) {
	tests := []struct{ provider, model, want string }{
		{"openai", "gpt-4.1", "max_tokens"},
		{"openai", "o3", "max_completion_tokens"},
		{"openai", "o4-mini-2025-04-16", "max_completion_tokens"},
		{"openai", "gpt-5-mini", "max_completion_tokens"},
		{"openai", "gpt-5.4", "max_completion_tokens"},
		{"openai", "gpt-5-chat-latest", "max_tokens"},
		{"ollama", "gpt-5-oss", "max_tokens"},
		{"google", "gemini-2.5-pro", "max_tokens"},
		{"gateway", "gpt-5", "max_tokens"},
	}
	for _, tt := range tests {
		rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
		m := open(t, tt.provider, tt.model, rec.URL, llm.Options{})
		req := hello()
		req.MaxTokens = 77
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Fatalf("%s: %v", tt.model, err)
		}
		sent := rec.last(t)
		for _, name := range []string{"max_tokens", "max_completion_tokens"} {
			if got, ok := sent[name]; ok != (name == tt.want) || ok && got != 77.0 {
				t.Errorf("%s:%s sends %s %v", tt.provider, tt.model, name, got)
			}
		}
	}
}

func TestTemperatureIsSentAsGivenOrNotAtAll(t *testing.T) {
	for _, tt := range []struct {
		given *float64
		want  any
	}{{nil, nil}, {ptr(0.0), 0.0}, {ptr(0.1), 0.1}, {ptr(1.0), 1.0}, {ptr(2.0), 2.0}} {
		rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
		req := hello()
		req.Temperature = tt.given
		if _, err := open(t, "ollama", "llama3", rec.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		if got := rec.last(t)["temperature"]; got != tt.want {
			t.Errorf("temperature %v, want %v", got, tt.want)
		}
	}
}

func TestAnAnswerIsTranslated(t *testing.T) {
	body := `{"id":"c1","object":"chat.completion","created":1700000000,"model":"gpt-4.1-2025-04-14","choices":[{"index":0,
	 "message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[
	  {"id":"call_1","type":"function","function":{"name":"jira_get_issue","arguments":"{\"issue_key\": \"PROJ-1\"}"}},
	  {"id":"call_2","type":"function","function":{"name":"jira_search","arguments":""}}]},
	 "logprobs":null,"finish_reason":"tool_calls"}],
	 "usage":{"prompt_tokens":1000,"completion_tokens":50,"total_tokens":1050,"prompt_tokens_details":{"cached_tokens":600,"audio_tokens":0},
	  "completion_tokens_details":{"reasoning_tokens":0}},"service_tier":"default","system_fingerprint":"fp"}`
	got, err := fake(t, "openai:gpt-4.1", answering(200, body, nil)).Complete(t.Context(), hello())
	if err != nil {
		t.Fatal(err)
	}
	want := llm.Response{
		Message: llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{
			{ID: "call_1", Name: "jira_get_issue", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`)},
			{ID: "call_2", Name: "jira_search", Args: json.RawMessage(`{}`)},
		}},
		Usage: llm.Usage{In: 1000, CachedIn: 600, Out: 50},
		Ref:   "openai:gpt-4.1", Model: "gpt-4.1-2025-04-14",
		// 400 × $2 + 600 × $0.50 + 50 × $8 per million
		CostMicroUSD: ptr(int64(800 + 300 + 400)),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAnswerThatEndedAtTheLimitSaysSo(t *testing.T) {
	body := strings.Replace(said("half an ans"), `"stop"`, `"length"`, 1)
	got, err := fake(t, "openai:gpt-4.1", answering(200, body, nil)).Complete(t.Context(), hello())
	if err != nil || !got.Truncated || got.Message.Text != "half an ans" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestConversationsThatNoProviderTakesAreRefusedBeforeTheyAreSent(t *testing.T) {
	user := llm.Message{Role: llm.User, Text: "x"}
	calls := func(ids ...string) llm.Message {
		m := llm.Message{Role: llm.Assistant}
		for _, id := range ids {
			m.ToolCalls = append(m.ToolCalls, llm.ToolCall{ID: id, Name: "t", Args: json.RawMessage(`{}`)})
		}
		return m
	}
	result := func(id string) llm.Message { return llm.Message{Role: llm.ToolRole, ToolCallID: id, Text: "r"} }
	tests := []struct {
		name     string
		messages []llm.Message
		want     string
	}{
		{"nothing", nil, "there is no message"},
		{"a role of nobody", []llm.Message{{Role: "system", Text: "x"}}, `unknown role "system"`},
		{"an orphan", []llm.Message{user, result("a")}, `answers the tool call "a", which is not open`},
		{"an answer too many", []llm.Message{user, calls("a"), result("a"), result("a")}, "not open"},
		{"no answer", []llm.Message{user, calls("a")}, `"a" is not answered`},
		{"one answer of two", []llm.Message{user, calls("b", "a"), result("b")}, `"a" is not answered`},
		{"something in between", []llm.Message{user, calls("a"), user, result("a")}, `before the tool call "a" is answered`},
		{"no id", []llm.Message{user, calls("")}, "without an id of its own"},
		{"one id twice", []llm.Message{user, calls("a", "a")}, "without an id of its own"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := fake(t, "gateway:m", roundTrip(func(*http.Request) (*http.Response, error) {
				t.Error("the request was sent")
				return nil, http.ErrAbortHandler
			}))
			_, err := m.Complete(t.Context(), llm.Request{Messages: tt.messages})
			wantError(t, err, llm.KindInvalid, 0, false, tt.want)
		})
	}
	ok := []llm.Message{user, calls("b", "a"), result("a"), result("b"), calls("a"), result("a"), user}
	if _, err := fake(t, "gateway:m", answering(200, said("ok"), nil)).Complete(t.Context(), llm.Request{Messages: ok}); err != nil {
		t.Errorf("a good conversation: %v", err)
	}
}
