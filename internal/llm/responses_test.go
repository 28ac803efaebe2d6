package llm_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
)

// reasoned is a conversation with one answer of the Responses API.
func reasoned(t *testing.T) (p wire, req llm.Request) {
	t.Helper()
	for _, p = range wires() {
		if p.api == "responses" {
			break
		}
	}
	req = llm.Request{System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "triage PROJ-1"}}, Tools: []llm.ToolSpec{tool("jira_get_issue")}}
	resp, err := open(t, p.provider, p.model, p.serve(t).URL, llm.Options{}).Complete(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	req.Messages = throughJournal(t, answerCalls(req.Messages, resp.Message))
	return p, req
}

func TestReasoningGoesBackEncryptedToTheModelThatMadeIt(t *testing.T) {
	tests := []struct {
		name, model string
		change      func(*llm.Request)
		want        int
	}{
		{"as it was", "gpt-5.4", func(*llm.Request) {}, 1},
		{"another model", "gpt-5.5", func(*llm.Request) {}, 0},
		{"a call renamed", "gpt-5.4", func(r *llm.Request) { r.Messages[1].ToolCalls[0].ID, r.Messages[2].ToolCallID = "other", "other" }, 0},
		{"a call left out", "gpt-5.4", func(r *llm.Request) {
			r.Messages[1].ToolCalls = r.Messages[1].ToolCalls[:1]
			r.Messages = r.Messages[:3]
		}, 0},
		{"a spoilt state", "gpt-5.4", func(r *llm.Request) { r.Messages[1].ProviderState = json.RawMessage(`{"provider":"responses"`) }, 0},
	}
	for _, tt := range tests {
		p, req := reasoned(t)
		tt.change(&req)
		server := p.serve(t)
		if _, err := open(t, p.provider, tt.model, server.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := len(gjson.GetBytes(server.bodies[0], `input.#(type=="reasoning")#`).Array()); got != tt.want {
			t.Errorf("%s: %d items of reasoning in %s", tt.name, got, server.bodies[0])
		}
	}
}

// Requests of one agent meet the same cache; those of another do not fill it.
func TestTheCacheKeyIsTheAgents(t *testing.T) {
	p, req := reasoned(t)
	server := p.serve(t)
	m := open(t, p.provider, p.model, server.URL, llm.Options{})
	requests := []llm.Request{req, req, req}
	requests[1].Messages = []llm.Message{{Role: llm.User, Text: "another issue"}}
	requests[2].System = "Be long."
	var keys []string
	for _, r := range requests {
		if _, err := m.Complete(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, gjson.GetBytes(server.bodies[len(server.bodies)-1], "prompt_cache_key").Str)
	}
	if keys[0] == "" || keys[0] != keys[1] || keys[0] == keys[2] {
		t.Errorf("keys %v", keys)
	}
}

func TestOddResponsesAreUnderstood(t *testing.T) {
	tests := []struct{ name, body, text, calls string }{
		{"text in parts", `{"output":[{"type":"message","content":[{"type":"output_text","text":"a"},{"type":"output_text","text":"b"}]}]}`, "ab", ""},
		{"two messages", `{"output":[{"type":"message","content":[{"text":"a"}]},{"type":"message","content":"b"}]}`, "ab", ""},
		{"arguments as object", `{"output":[{"type":"function_call","call_id":"c","name":"t","arguments":{"a":1}}]}`, "", `t{"a":1}`},
		{"arguments no JSON", `{"output":[{"type":"function_call","call_id":"c","name":"t","arguments":"issue"}]}`, "", `t"issue"`},
		{"no id", `{"output":[{"type":"function_call","name":"t"}]}`, "", `t{}`},
		{"other items", `{"output":[{"type":"web_search_call"},5,null,{"type":"message","content":null},{"type":"message","content":[{"text":"a"}]}]}`, "a", ""},
		{"nothing", `{"output":[],"status":"completed"}`, "", ""},
		{"a model that is a number", `{"model":5,"output":[{"type":"message","content":"a"}]}`, "a", ""},
	}
	for _, tt := range tests {
		var sent []byte
		resp, err := open(t, "responses", "m", "http://x.test", llm.Options{Transport: answering(200, tt.body, nil)}).Complete(t.Context(), hello())
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		calls := ""
		for _, c := range resp.Message.ToolCalls {
			calls += c.Name + string(c.Args)
		}
		if resp.Message.Text != tt.text || calls != tt.calls {
			t.Errorf("%s: %q, %s", tt.name, resp.Message.Text, calls)
		}
		back := llm.Request{Messages: throughJournal(t, answerCalls(hello().Messages, resp.Message))}
		if _, err := open(t, "responses", "m", "http://x.test", llm.Options{Transport: keepBody(&sent)}).Complete(t.Context(), back); err != nil {
			t.Errorf("%s, sent back: %v", tt.name, err)
		}
		if why := responsesItems(gjson.GetBytes(sent, "input").Array()); why != "" && !strings.Contains(why, "without its required") && !strings.Contains(why, "Invalid value") {
			t.Errorf("%s, sent back: %s: %s", tt.name, why, sent)
		}
	}
}

func TestAResponseThatIsNotFinishedIsNoAnswer(t *testing.T) {
	for _, status := range []string{"queued", "in_progress", "cancelled", "failed"} {
		body := `{"status":"` + status + `","output":[],"usage":{"input_tokens":5}}`
		_, err := open(t, "responses", "m", "http://x.test", llm.Options{Transport: answering(http.StatusOK, body, nil)}).Complete(t.Context(), hello())
		wantError(t, err, llm.KindUnavailable, 200, true, "the response")
	}
}
