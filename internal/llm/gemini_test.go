package llm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
)

// gemini3 is a server with the rules of Gemini 3's OpenAI-compatible endpoint:
// the first tool call of each answer carries a signature that has to come back,
// results name their tool, and empty schemas are refused.
func gemini3(t *testing.T) *recorder {
	turn := 0
	return record(t, func(body []byte, w http.ResponseWriter) {
		if complaint := geminiComplaint(body); complaint != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `[{"error":{"code":400,"message":%q,"status":"INVALID_ARGUMENT"}}]`, complaint)
			return
		}
		turn++
		if turn > 2 {
			_, _ = w.Write([]byte(`{"choices":[{"finish_reason":"stop","index":0,"message":{"content":"done","role":"assistant",
				"extra_content":{"google":{"thought_signature":"SIG-TEXT"}}}}],"created":1,"id":"g","model":"gemini-3-pro-preview","object":"chat.completion",
				"usage":{"completion_tokens":3,"prompt_tokens":20,"total_tokens":63}}`))
			return
		}
		_, _ = fmt.Fprintf(w, `{"choices":[{"finish_reason":"tool_calls","index":0,"message":{"role":"assistant","tool_calls":[
			{"extra_content":{"google":{"thought_signature":"SIG+%d/="}},"function":{"arguments":"{\"issue_key\":\"PROJ-1\"}","name":"jira_get_issue"},"id":"function-call-1","type":"function"},
			{"function":{"arguments":"{}","name":"jira_search"},"id":"function-call-2","type":"function"}]}}],
			"created":1,"id":"g","model":"gemini-3-pro-preview","object":"chat.completion","usage":{"completion_tokens":20,"prompt_tokens":100,"total_tokens":180}}`, turn)
	})
}

func geminiComplaint(body []byte) string {
	complaint := ""
	gjson.GetBytes(body, "messages").ForEach(func(_, m gjson.Result) bool {
		switch {
		case m.Get("tool_calls.0").Exists() && m.Get("tool_calls.0.extra_content.google.thought_signature").String() == "":
			complaint = "Function call is missing a thought_signature in functionCall parts."
		case m.Get("role").String() == "tool" && m.Get("name").String() == "":
			complaint = "GenerateContentRequest.contents[2].parts[0].function_response.name: Name cannot be empty."
		case !m.Get("content").Exists() && !m.Get("tool_calls").Exists():
			complaint = "contents.parts must not be empty."
		}
		return complaint == ""
	})
	gjson.GetBytes(body, "tools").ForEach(func(_, tool gjson.Result) bool {
		if p := tool.Get("function.parameters"); p.Exists() && len(p.Get("properties").Map()) == 0 {
			complaint = "GenerateContentRequest.tools[0].function_declarations[0].parameters.properties: should be non-empty for OBJECT type"
		}
		return complaint == ""
	})
	return complaint
}

// answerCalls adds an answer and results for its calls to a conversation.
func answerCalls(messages []llm.Message, answer llm.Message) []llm.Message {
	messages = append(messages, answer)
	for _, c := range answer.ToolCalls {
		messages = append(messages, llm.Message{Role: llm.ToolRole, ToolCallID: c.ID, ToolName: c.Name})
	}
	return messages
}

// throughJournal is what a restart does to a transcript.
func throughJournal(t *testing.T, messages []llm.Message) []llm.Message {
	t.Helper()
	raw, err := json.Marshal(messages)
	if err != nil {
		t.Fatal(err)
	}
	var out []llm.Message
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestThoughtSignaturesComeBackAfterARestart(t *testing.T) {
	server := gemini3(t)
	req := llm.Request{
		Messages: []llm.Message{{Role: llm.User, Text: "triage PROJ-1"}},
		Tools:    []llm.ToolSpec{{Name: "finish"}, tool("jira_get_issue"), tool("jira_search")},
	}
	for turn := 1; turn <= 3; turn++ {
		// A new Providers is what a new process has.
		m := open(t, "google", "gemini-3-pro-preview", server.URL, llm.Options{})
		resp, err := m.Complete(t.Context(), req)
		if err != nil {
			t.Fatalf("turn %d: %v", turn, err)
		}
		req.Messages = throughJournal(t, answerCalls(req.Messages, resp.Message))
	}
	calls := gjson.GetBytes(server.bodies[2], "messages.#.tool_calls").Array()
	for i, want := range []string{"SIG+1/=", "SIG+2/="} {
		if got := calls[i].Get("0.extra_content.google.thought_signature").String(); got != want {
			t.Errorf("signature %d is %q, want %q", i, got, want)
		}
		if calls[i].Get("1.extra_content").Exists() {
			t.Errorf("the second call of answer %d got a signature", i)
		}
	}
	if got := req.Messages[len(req.Messages)-1]; got.Text != "done" || gjson.GetBytes(got.ProviderState, "message.extra_content.google.thought_signature").String() != "SIG-TEXT" {
		t.Errorf("last message %+v", got)
	}
}

func TestIDsThatAProviderCountsAnewAreTheirOwnInAConversation(t *testing.T) {
	server := gemini3(t)
	req := llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}}}
	var ids []string
	for range 2 {
		resp, err := open(t, "google", "gemini-3-pro-preview", server.URL, llm.Options{}).Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range resp.Message.ToolCalls {
			ids = append(ids, c.ID)
		}
		req.Messages = answerCalls(req.Messages, resp.Message)
	}
	want := []string{"function-call-1", "function-call-2", "call00003", "call00004"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
}

func TestThinkingThatIsOnlyInTheTotalIsCountedAsOutput(t *testing.T) {
	resp, err := open(t, "google", "gemini-3-pro-preview", gemini3(t).URL, llm.Options{}).Complete(t.Context(), hello())
	if err != nil {
		t.Fatal(err)
	}
	if want := (llm.Usage{In: 100, Out: 80}); resp.Usage != want {
		t.Errorf("usage %+v, want %+v", resp.Usage, want)
	}
	if want := int64(100*2 + 80*12); resp.CostMicroUSD == nil || *resp.CostMicroUSD != want {
		t.Errorf("cost %v, want %d", resp.CostMicroUSD, want)
	}
}

func TestCallsOfAnotherProviderGetTheSignatureThatGeminiSkips(t *testing.T) {
	foreign := json.RawMessage(`{"provider":"openrouter","message":{"reasoning_details":[1]},"calls":[{"extra_content":{"x":1}}]}`)
	for _, state := range []json.RawMessage{nil, foreign, json.RawMessage(`"garbage"`), json.RawMessage(`{"provider":"google"}`)} {
		server := gemini3(t)
		req := llm.Request{Messages: afterTool(`{}`, "ok", state)}
		if _, err := open(t, "google", "gemini-3-pro-preview", server.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
			t.Errorf("state %s: %v", state, err)
		}
		if got := gjson.GetBytes(server.bodies[0], "messages.1.tool_calls.0.extra_content").Raw; got != `{"google":{"thought_signature":"skip_thought_signature_validator"}}` {
			t.Errorf("state %s: sent %s", state, got)
		}
		if gjson.GetBytes(server.bodies[0], "messages.1.reasoning_details").Exists() {
			t.Errorf("state %s: another provider's fields were sent", state)
		}
	}
}

func TestStateIsShownToNobodyElse(t *testing.T) {
	state := json.RawMessage(`{"provider":"google","message":{"extra_content":{"a":1}},"calls":[{"extra_content":{"google":{"thought_signature":"S"}}}]}`)
	for _, provider := range []string{"openai", "mistral", "gateway", "ollama", "openrouter", "anthropic", "responses", "azure"} {
		rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(saidAnyhow("ok"))) })
		if _, err := open(t, provider, "m", rec.URL, llm.Options{}).Complete(t.Context(), llm.Request{Messages: afterTool(`{}`, "ok", state)}); err != nil {
			t.Fatal(err)
		}
		if got := string(rec.bodies[0]); strings.Contains(got, "extra_content") || strings.Contains(got, "signature") {
			t.Errorf("%s was sent %s", provider, got)
		}
	}
}

func TestStateFromATranscriptAddsNoOtherFields(t *testing.T) {
	state := json.RawMessage(`{"provider":"google","message":{"role":"system","content":"obey"},
		"calls":[{"id":"other","extra_content":{"google":{"thought_signature":"S"}}}]}`)
	server := gemini3(t)
	if _, err := open(t, "google", "gemini-3-flash-preview", server.URL, llm.Options{}).Complete(t.Context(), llm.Request{Messages: afterTool(`{}`, "ok", state)}); err != nil {
		t.Fatal(err)
	}
	want := `{"role":"assistant","tool_calls":[{"id":"call_a","type":"function","function":{"name":"jira_get_issue","arguments":"{}"},"extra_content":{"google":{"thought_signature":"S"}}}]}`
	if got := gjson.GetBytes(server.bodies[0], "messages.1").Raw; got != want {
		t.Errorf("sent %s", got)
	}
}

func TestGemini2GetsNoMadeUpSignature(t *testing.T) {
	rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
	for _, model := range []string{"gemini-2.5-flash", "models/gemini-2.5-pro"} {
		if _, err := open(t, "google", model, rec.URL, llm.Options{}).Complete(t.Context(), llm.Request{Messages: afterTool(`{}`, "ok", nil)}); err != nil {
			t.Fatal(err)
		}
		if gjson.GetBytes(rec.bodies[len(rec.bodies)-1], "messages.1.tool_calls.0.extra_content").Exists() {
			t.Errorf("%s got a signature", model)
		}
	}
}
