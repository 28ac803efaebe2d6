package llm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
)

// ollama is a server with the rules of Ollama's decoder: each message has a
// content unless it calls tools, arguments are an object, and it knows
// max_tokens only.
func ollama(t *testing.T) *recorder {
	return record(t, func(body []byte, w http.ResponseWriter) {
		refuse := func(why string) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"error":{"message":` + quote(why) + `,"type":"invalid_request_error","param":null,"code":null}}`))
		}
		for _, m := range gjson.GetBytes(body, "messages").Array() {
			if m.Get("content").Type != gjson.String && !m.Get("tool_calls").Exists() {
				refuse("invalid message content type: <nil>")
				return
			}
			for _, c := range m.Get("tool_calls").Array() {
				var args map[string]any
				if json.Unmarshal([]byte(c.Get("function.arguments").String()), &args) != nil {
					refuse("invalid tool call arguments")
					return
				}
			}
		}
		if gjson.GetBytes(body, "max_completion_tokens").Exists() {
			refuse("max_completion_tokens is ignored here")
			return
		}
		_, _ = w.Write([]byte(`{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"llama3.1:8b","system_fingerprint":"fp_ollama",
			"choices":[{"index":0,"message":{"role":"assistant","content":"","reasoning":"hm","tool_calls":[
			{"id":"call_1","index":0,"type":"function","function":{"name":"jira_search","arguments":"{\"jql\":\"project = X\"}"}}]},"finish_reason":"tool_calls"}],
			"usage":{"prompt_tokens":5,"completion_tokens":4,"total_tokens":9}}`))
	})
}

func TestOllamaTakesEmptyResultsAndOddArguments(t *testing.T) {
	for _, args := range []string{``, `{}`, `"text"`, `[1]`, `null`, `{"a":`, ` {"a": 1} `} {
		server := ollama(t)
		m := open(t, "ollama", "llama3.1:8b", server.URL, llm.Options{})
		req := llm.Request{Messages: afterTool(args, "", nil), MaxTokens: 10}
		req.Messages = append(req.Messages, llm.Message{Role: llm.User}, llm.Message{Role: llm.Assistant}, llm.Message{Role: llm.User, Text: "go on"})
		resp, err := m.Complete(t.Context(), req)
		if err != nil {
			t.Errorf("arguments %q: %v", args, err)
			continue
		}
		if resp.CostMicroUSD == nil || *resp.CostMicroUSD != 0 {
			t.Errorf("a local model costs %v", resp.CostMicroUSD)
		}
	}
}

func TestReasoningGoesBackBetweenToolCallsOnly(t *testing.T) {
	server := ollama(t)
	m := open(t, "ollama", "gpt-oss", server.URL, llm.Options{})
	resp, err := m.Complete(t.Context(), hello())
	if err != nil {
		t.Fatal(err)
	}
	req := llm.Request{Messages: throughJournal(t, answerCalls(hello().Messages, resp.Message))}
	if _, err := m.Complete(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if got := gjson.GetBytes(server.bodies[1], "messages.1.reasoning").String(); got != "hm" {
		t.Errorf("reasoning %q", got)
	}
	final := resp.Message
	final.ToolCalls, final.Text = nil, "done"
	req = llm.Request{Messages: []llm.Message{{Role: llm.User, Text: "x"}, final, {Role: llm.User, Text: "y"}}}
	if _, err := m.Complete(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if gjson.GetBytes(server.bodies[2], "messages.1.reasoning").Exists() {
		t.Error("reasoning of a final answer was sent back")
	}
}

func TestReasoningInClearOfAFinalAnswerIsLeftOut(t *testing.T) {
	state := json.RawMessage(`{"provider":"gateway","message":{"reasoning_content":"hm","reasoning_details":[1]}}`)
	rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
	req := llm.Request{Messages: []llm.Message{
		{Role: llm.User, Text: "x"}, {Role: llm.Assistant, Text: "done", ProviderState: state}, {Role: llm.User, Text: "y"},
	}}
	if _, err := open(t, "gateway", "deepseek", rec.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if got := gjson.GetBytes(rec.bodies[0], "messages.1").Raw; got != `{"role":"assistant","content":"done","reasoning_details":[1]}` {
		t.Errorf("sent %s", got)
	}
}

func TestOpenRoutersReasoningDetailsComeBackUnchanged(t *testing.T) {
	const details = `[{"type":"reasoning.encrypted","data":"AbC+/=","id":"rs_1","index":0,"format":"openai-responses-v1","n":12345678901234567890}]`
	body := `{"id":"gen-1","object":"chat.completion","created":1,"model":"openai/gpt-5.4","provider":"OpenAI","choices":[{"index":0,"finish_reason":"tool_calls","native_finish_reason":"completed",
		"message":{"role":"assistant","content":"","refusal":null,"reasoning":"short","reasoning_details":` + details + `,
		"tool_calls":[{"id":"call_1","index":0,"type":"function","function":{"name":"jira_search","arguments":"{}"}}]}}],
		"usage":{"prompt_tokens":5,"completion_tokens":4,"total_tokens":9,"cost":0.01}}`
	rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(body)) })
	m := open(t, "openrouter", "openai/gpt-5.4", rec.URL, llm.Options{})
	resp, err := m.Complete(t.Context(), hello())
	if err != nil {
		t.Fatal(err)
	}
	if resp.CostMicroUSD == nil || *resp.CostMicroUSD != 10_000 {
		t.Errorf("a model without a price costs %v, want what OpenRouter charged", resp.CostMicroUSD)
	}
	req := llm.Request{Messages: throughJournal(t, answerCalls(hello().Messages, resp.Message))}
	if _, err := m.Complete(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if got := gjson.GetBytes(rec.bodies[1], "messages.1.reasoning_details").Raw; got != details {
		t.Errorf("sent back %s", got)
	}
	if gjson.GetBytes(rec.bodies[1], "messages.1.reasoning").Exists() {
		t.Error("the reasoning was sent twice")
	}
}

func TestIDsFitTheProvider(t *testing.T) {
	long := strings.Repeat("function-call-", 10)
	tests := []struct{ provider, id, want string }{
		{"openai", "call_a", "call_a"},
		{"openai", long, "=9"},
		{"mistral", "abcDEF123", "abcDEF123"},
		{"mistral", "call_a", "=9"},
		{"mistral", "a_cDEF123", "=9"},
		{"mistral", "call00003", "call00003"},
	}
	for _, tt := range tests {
		rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
		msgs := afterTool(`{}`, "ok", nil)
		msgs[1].ToolCalls[0].ID, msgs[2].ToolCallID = tt.id, tt.id
		if _, err := open(t, tt.provider, "m", rec.URL, llm.Options{}).Complete(t.Context(), llm.Request{Messages: msgs}); err != nil {
			t.Fatal(err)
		}
		call := gjson.GetBytes(rec.bodies[0], "messages.1.tool_calls.0.id").String()
		answer := gjson.GetBytes(rec.bodies[0], "messages.2.tool_call_id").String()
		if call != answer || tt.want != "=9" && call != tt.want || tt.want == "=9" && (len(call) != 9 || call == tt.id) {
			t.Errorf("%s: %q became %q and %q", tt.provider, tt.id, call, answer)
		}
	}
}

func TestNamesThatAModelInventedAreSentBackAsNames(t *testing.T) {
	for given, want := range map[string]string{
		"functions.jira_get_issue": "functions_jira_get_issue", "": "unknown", "größe 1": "gr__e_1",
		strings.Repeat("x", 100): strings.Repeat("x", 64),
	} {
		rec := record(t, func(_ []byte, w http.ResponseWriter) { _, _ = w.Write([]byte(said("ok"))) })
		msgs := afterTool(`{}`, "no such tool", nil)
		msgs[1].ToolCalls[0].Name, msgs[2].ToolName = given, given
		if _, err := open(t, "openai", "gpt-4.1", rec.URL, llm.Options{}).Complete(t.Context(), llm.Request{Messages: msgs}); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"messages.1.tool_calls.0.function.name", "messages.2.name"} {
			if got := gjson.GetBytes(rec.bodies[0], path).String(); got != want {
				t.Errorf("%q became %q, want %q", given, got, want)
			}
		}
	}
}

// Servers that call themselves compatible differ in the types of what they send.
func TestOddAnswersAreUnderstood(t *testing.T) {
	call := func(name, args string) []llm.ToolCall {
		return []llm.ToolCall{{ID: "call00001", Name: name, Args: json.RawMessage(args)}}
	}
	wrap := func(message string) string {
		return `{"model":"m","choices":[{"message":` + message + `,"finish_reason":"stop"}]}`
	}
	tests := []struct {
		name, body string
		text       string
		calls      []llm.ToolCall
	}{
		{"no id", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":"{}"}}]}`), "", call("t", `{}`)},
		{"arguments as object", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":{"a":[1,2]}}}]}`), "", call("t", `{"a":[1,2]}`)},
		{"arguments null", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":null}}]}`), "", call("t", `{}`)},
		{"arguments the word null", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":"null"}}]}`), "", call("t", `{}`)},
		{"arguments no JSON", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":"issue PROJ-1"}}]}`), "", call("t", `"issue PROJ-1"`)},
		{"arguments half JSON", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":"{\"a\":"}}]}`), "", call("t", `"{\"a\":"`)},
		{"arguments a list", wrap(`{"tool_calls":[{"function":{"name":"t","arguments":"[1, 2]"}}]}`), "", call("t", `[1,2]`)},
		{"number for id", wrap(`{"tool_calls":[{"id":7,"function":{"name":"t","arguments":"{}"}}]}`), "",
			[]llm.ToolCall{{ID: "7", Name: "t", Args: json.RawMessage(`{}`)}}},
		{"one id twice", wrap(`{"tool_calls":[{"id":"a","function":{"name":"t"}},{"id":"a","function":{"name":"u"}}]}`), "",
			[]llm.ToolCall{{ID: "a", Name: "t", Args: json.RawMessage(`{}`)}, {ID: "call00002", Name: "u", Args: json.RawMessage(`{}`)}}},
		{"no tool calls", wrap(`{"content":"hi","tool_calls":[]}`), "hi", nil},
		{"null tool calls", wrap(`{"content":"hi","tool_calls":null}`), "hi", nil},
		{"the old function_call", wrap(`{"content":null,"function_call":{"name":"t","arguments":"{}"}}`), "", call("t", `{}`)},
		{"content in parts", wrap(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"no"}]},{"type":"text","text":"a"},"b",{"type":"text","text":"c"}]}`), "abc", nil},
		{"content a number", wrap(`{"content":42}`), "42", nil},
		{"a refusal", wrap(`{"content":null,"refusal":"I cannot do that."}`), "I cannot do that.", nil},
		{"nothing to say", wrap(`{"content":""}`), "", nil},
		{"fractions of a second", `{"created":1.5,"model":"m","choices":[{"message":{"content":"x"}}]}`, "x", nil},
		{"no model", `{"choices":[{"message":{"content":"x"},"finish_reason":null}]}`, "x", nil},
		{"a finish reason in quotes", `{"id":1,"choices":[{"message":{"content":"x"},"finish_reason":"a\"b\\"}]}`, "x", nil},
		{"two choices", `{"choices":[{"message":{"content":"x"}},{"message":{"content":"y"}}]}`, "x", nil},
		{"invalid UTF-8", "{\"choices\":[{\"message\":{\"content\":\"a\xffb\"}}]}", "a\ufffdb", nil},
		{"an empty error", `{"error":null,"choices":[{"message":{"content":"x"}}]}`, "x", nil},
		{"usage a text", `{"usage":"none","choices":[{"message":{"content":"x"}}]}`, "x", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, err := fake(t, "gateway:m", answering(200, tt.body, nil)).Complete(t.Context(), hello())
			if err != nil {
				t.Fatal(err)
			}
			if resp.Message.Text != tt.text {
				t.Errorf("text %q, want %q", resp.Message.Text, tt.text)
			}
			if diff := cmp.Diff(tt.calls, resp.Message.ToolCalls); diff != "" {
				t.Error(diff)
			}
			if resp.CostMicroUSD != nil {
				t.Errorf("cost %d without usage", *resp.CostMicroUSD)
			}
			throughJournal(t, []llm.Message{resp.Message})
		})
	}
}

func TestUsageThatCannotBeIsMadeHarmless(t *testing.T) {
	tests := []struct {
		usage string
		want  llm.Usage
	}{
		{`{"prompt_tokens":-5,"completion_tokens":-1,"total_tokens":-6}`, llm.Usage{}},
		{`{"prompt_tokens":10,"completion_tokens":5,"total_tokens":3}`, llm.Usage{In: 10, Out: 5}},
		{`{"prompt_tokens":10,"completion_tokens":0,"total_tokens":18}`, llm.Usage{In: 10, Out: 8}},
		{`{"prompt_tokens":10,"completion_tokens":1,"total_tokens":11,"prompt_tokens_details":{"cached_tokens":99}}`, llm.Usage{In: 10, CachedIn: 10, Out: 1}},
		{`{"prompt_tokens":1e300,"completion_tokens":1.5,"total_tokens":2}`, llm.Usage{In: 1_000_000_000, Out: 1}},
		{`{"prompt_tokens":9007199254740991,"completion_tokens":9007199254740991}`, llm.Usage{In: 1_000_000_000, Out: 1_000_000_000}},
		{`{"prompt_tokens":"12","completion_tokens":"3"}`, llm.Usage{In: 12, Out: 3}},
		{`null`, llm.Usage{}},
	}
	for _, tt := range tests {
		body := `{"choices":[{"message":{"content":"x"}}],"usage":` + tt.usage + `}`
		resp, err := fake(t, "openai:gpt-4.1", answering(200, body, nil)).Complete(t.Context(), hello())
		if err != nil {
			t.Errorf("%s: %v", tt.usage, err)
			continue
		}
		if resp.Usage != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.usage, resp.Usage, tt.want)
		}
		if resp.CostMicroUSD != nil && *resp.CostMicroUSD < 0 {
			t.Errorf("%s: cost %d", tt.usage, *resp.CostMicroUSD)
		}
	}
}

func TestAnswersThatAFilterStoppedAreErrorsThatWereStillBilled(t *testing.T) {
	body := func(reason string) string {
		return `{"choices":[{"message":{"content":null},"finish_reason":` + quote(reason) + `}],"usage":{"prompt_tokens":1000,"completion_tokens":0,"total_tokens":1000}}`
	}
	tests := []struct {
		reason    string
		kind      llm.Kind
		temporary bool
	}{
		{"content_filter", llm.KindContent, false},
		{"SAFETY", llm.KindContent, false},
		{"content_filter: PROHIBITED_CONTENT", llm.KindContent, false},
		{"function_call_filter: MALFORMED_FUNCTION_CALL", llm.KindUnavailable, true},
		{"error", llm.KindUnavailable, true},
	}
	for _, tt := range tests {
		_, err := fake(t, "openai:gpt-4.1", answering(200, body(tt.reason), nil)).Complete(t.Context(), hello())
		e := wantError(t, err, tt.kind, 200, tt.temporary, "")
		if e.Usage.In != 1000 || e.CostMicroUSD == nil || *e.CostMicroUSD != 2000 {
			t.Errorf("%s: usage %+v, cost %v", tt.reason, e.Usage, e.CostMicroUSD)
		}
	}
	filtered := strings.Replace(said("the first half"), `"stop"`, `"content_filter"`, 1)
	if resp, err := fake(t, "openai:gpt-4.1", answering(200, filtered, nil)).Complete(t.Context(), hello()); err != nil || resp.Message.Text == "" || !resp.Truncated {
		t.Errorf("a text that was cut: %+v, %v", resp, err)
	}
}
