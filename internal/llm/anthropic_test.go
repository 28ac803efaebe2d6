package llm_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	anthropic "github.com/anthropics/anthropic-sdk-go"
	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/llm"
)

// claude is a strict endpoint that says "ok" to all that it takes.
func claude(t *testing.T) *recorder {
	return record(t, func(body []byte, w http.ResponseWriter) {
		if why := refusesMessages(gjson.ParseBytes(body)); why != "" {
			t.Errorf("refused: %s", why)
		}
		asTheirLibraryReads(t, body)
		_, _ = w.Write([]byte(`{"model":"claude","content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}`))
	})
}

// asTheirLibraryReads checks that the types of Anthropic's own library know all of
// a request: what they read from it and write again says the same.
func asTheirLibraryReads(t *testing.T, body []byte) {
	t.Helper()
	var known anthropic.MessageNewParams
	if err := json.Unmarshal(body, &known); err != nil {
		t.Errorf("their library does not read the request: %v\n%s", err, body)
		return
	}
	again, err := json.Marshal(known)
	if err != nil {
		t.Errorf("their library does not write the request: %v\n%s", err, body)
		return
	}
	var sent, read any
	if err := errors.Join(json.Unmarshal(body, &sent), json.Unmarshal(again, &read)); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(sent, read); diff != "" {
		t.Errorf("their library reads another request:\n%s", diff)
	}
}

func TestAnthropicTakesConversationsOfEveryShape(t *testing.T) {
	user := func(text string) llm.Message { return llm.Message{Role: llm.User, Text: text} }
	says := func(text string) llm.Message { return llm.Message{Role: llm.Assistant, Text: text} }
	calls := func(ids ...string) llm.Message {
		m := llm.Message{Role: llm.Assistant}
		for _, id := range ids {
			m.ToolCalls = append(m.ToolCalls, llm.ToolCall{ID: id, Name: "jira.get issue", Args: json.RawMessage(`[1]`)})
		}
		return m
	}
	result := func(id, text string) llm.Message { return llm.Message{Role: llm.ToolRole, ToolCallID: id, Text: text} }
	tests := []struct {
		name     string
		messages []llm.Message
		roles    string
	}{
		{"one question", []llm.Message{user("x")}, "u"},
		{"two in a row", []llm.Message{user("x"), user("y")}, "u"},
		{"an empty one", []llm.Message{user(" \n")}, "u"},
		{"it begins with an answer", []llm.Message{says("x"), user("y")}, "uau"},
		{"it ends with an answer", []llm.Message{user("x"), says("half an ")}, "uau"},
		{"two answers in a row", []llm.Message{user("x"), says("y"), says(""), user("z")}, "uau"},
		{"results come first, then what a person says", []llm.Message{user("x"), calls("a", "b"), result("b", ""), result("a", "\t"), user("quick")}, "uau"},
		{"calls after calls", []llm.Message{user("x"), calls("a"), result("a", "1"), calls("b"), result("b", "2")}, "uauau"},
		{"ids of others", []llm.Message{user("x"), calls("call:1/ä", strings.Repeat("x", 99)), result("call:1/ä", "1"), result(strings.Repeat("x", 99), "2")}, "uau"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := claude(t)
			req := llm.Request{Messages: tt.messages, System: " ", Tools: []llm.ToolSpec{{Name: "finish"}}}
			if _, err := open(t, "anthropic", "claude-haiku-4-5", server.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			roles := ""
			for _, m := range gjson.GetBytes(server.bodies[0], "messages.#.role").Array() {
				roles += m.Str[:1]
			}
			if roles != tt.roles {
				t.Errorf("turns %s, want %s", roles, tt.roles)
			}
		})
	}
}

func TestTheCacheIsToldWhatStays(t *testing.T) {
	server := claude(t)
	m := open(t, "anthropic", "claude-haiku-4-5", server.URL, llm.Options{})
	req := longRequest()
	for range 2 {
		if _, err := m.Complete(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		req.Messages = append(req.Messages, llm.Message{Role: llm.Assistant, Text: "so"}, llm.Message{Role: llm.User, Text: "and?"})
	}
	for i, path := range []string{"tools.2", "system.0", "messages.2.content.1"} {
		if got := gjson.GetBytes(server.bodies[0], path+".cache_control.type").Str; got != "ephemeral" {
			t.Errorf("%d: %s is not marked in %s", i, path, server.bodies[0])
		}
	}
	if n := strings.Count(string(server.bodies[1]), "cache_control"); n != 3 {
		t.Errorf("%d marks in the longer conversation", n)
	}
	for _, path := range []string{"tools", "system"} { // what comes before the conversation is the same bytes
		if a, b := gjson.GetBytes(server.bodies[0], path).Raw, gjson.GetBytes(server.bodies[1], path).Raw; a != b || a == "" {
			t.Errorf("%s changed: %s, %s", path, a, b)
		}
	}
}

// Anthropic's own library takes keys, addresses and headers from these variables,
// and tries again by itself.
func TestAnthropicIsAskedOnceAndAsConfigured(t *testing.T) {
	t.Setenv("ANTHROPIC_API_KEY", "from-the-environment")
	t.Setenv("ANTHROPIC_AUTH_TOKEN", "from-the-environment")
	t.Setenv("ANTHROPIC_BASE_URL", "http://elsewhere.invalid")
	t.Setenv("ANTHROPIC_CUSTOM_HEADERS", "X-Custom: from-the-environment")
	tries := 0
	server := record(t, func(_ []byte, w http.ResponseWriter) {
		tries++
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(529)
		_, _ = w.Write([]byte(`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`))
	})
	req := hello()
	req.MaxTokens = 128_000
	_, err := open(t, "anthropic", "claude-opus-4-1", server.URL, llm.Options{Timeout: time.Minute}).Complete(t.Context(), req)
	wantError(t, err, llm.KindOverloaded, 529, true, "Overloaded")
	if tries != 1 {
		t.Errorf("asked %d times", tries)
	}
	for name, values := range server.headers[0] {
		if strings.Contains(strings.Join(values, " "), "from-the-environment") {
			t.Errorf("header %s: %v", name, values)
		}
	}
	h := server.headers[0]
	if h.Get("X-Api-Key") != "test-key-1234" || h.Get("Authorization") != "" || h.Get("Anthropic-Version") == "" || server.paths[0] != "/v1/messages" {
		t.Errorf("sent to %s with %v", server.paths[0], h)
	}
}

// thought is a conversation of two answers with thinking, made by a strict
// endpoint that binds thinking to what was before it.
func thought(t *testing.T) (p wire, req llm.Request) {
	t.Helper()
	for _, p = range wires() {
		if p.model == "claude-sonnet-5-5" {
			break
		}
	}
	req = llm.Request{System: "Be brief.", Messages: []llm.Message{{Role: llm.User, Text: "triage PROJ-1"}}, Tools: []llm.ToolSpec{tool("jira_get_issue"), tool("jira_search")}}
	server := p.serve(t)
	for range 2 {
		resp, err := open(t, p.provider, p.model, server.URL, llm.Options{}).Complete(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		req.Messages = throughJournal(t, answerCalls(req.Messages, resp.Message))
	}
	return p, req
}

func TestThinkingGoesBackOnlyIntoItsOwnConversation(t *testing.T) {
	tests := []struct {
		name   string
		change func(*llm.Request)
		model  string
		want   int
	}{
		{"as it was", func(*llm.Request) {}, "", 2},
		{"longer", func(r *llm.Request) { r.Messages = append(r.Messages, llm.Message{Role: llm.User, Text: "quick"}) }, "", 2},
		{"the middle is left out", func(r *llm.Request) { r.Messages = append(r.Messages[:1:1], r.Messages[4:]...) }, "", 0},
		{"other instructions", func(r *llm.Request) { r.System = "Be long." }, "", 0},
		{"other tools", func(r *llm.Request) { r.Tools = r.Tools[:1] }, "", 0},
		{"an earlier message changed", func(r *llm.Request) { r.Messages[2].Text = "something else" }, "", 0},
		{"another model", func(*llm.Request) {}, "claude-haiku-4-5", 0},
		{"a call renamed", func(r *llm.Request) { r.Messages[4].ToolCalls[0].ID, r.Messages[5].ToolCallID = "other", "other" }, "", 0},
		{"a foreign answer", func(r *llm.Request) { r.Messages[4].ProviderState = json.RawMessage(`{"provider":"google"}`) }, "", 0},
		{"a spoilt state", func(r *llm.Request) {
			r.Messages[4].ProviderState = json.RawMessage(`{"provider":"anthropic","model":"claude-sonnet-5-5","items":[5]}`)
		}, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, req := thought(t)
			tt.change(&req)
			server := p.serve(t)
			model := p.model
			if tt.model != "" {
				model = tt.model
			}
			if _, err := open(t, p.provider, model, server.URL, llm.Options{}).Complete(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			if got := strings.Count(string(server.bodies[0]), `"type":"thinking"`); got != tt.want {
				t.Errorf("%d blocks of thinking were sent, want %d: %s", got, tt.want, server.bodies[0])
			}
		})
	}
}

func TestToolCallsOfAMessageAreUnderstood(t *testing.T) {
	body := `{"content":[{"type":"text","text":"a"},{"type":"tool_use","id":"x","name":"t","input":{"a": 1}},{"type":"tool_use","id":"x","name":"u"},
		{"type":"server_tool_use","id":"s"},{"type":"text","text":"b"},{"type":"tool_use","name":"v","input":"text"},5],"stop_reason":"tool_use"}`
	resp, err := open(t, "anthropic", "m", "http://x.test", llm.Options{Transport: answering(200, body, nil)}).Complete(t.Context(), hello())
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	seen := map[string]bool{}
	for _, c := range resp.Message.ToolCalls {
		got += c.Name + string(c.Args)
		if c.ID == "" || seen[c.ID] {
			t.Errorf("id %q", c.ID)
		}
		seen[c.ID] = true
	}
	if got != `t{"a":1}u{}v"text"` || resp.Message.Text != "ab" {
		t.Errorf("calls %s, text %q", got, resp.Message.Text)
	}
	throughJournal(t, []llm.Message{resp.Message})
}
