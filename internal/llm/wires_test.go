package llm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// wire is how one provider's endpoint behaves: what it refuses of a request, how
// it writes an answer and how it writes an error.
type wire struct {
	provider, model string
	// api is "" for chat completions.
	api string
	// refuses are rules beyond those that all endpoints have.
	refuses func(request gjson.Result) string
	// call is a tool call in an answer, as the n-th of the conversation.
	call func(n int, tool, args string) string
	// message adds to the message of an answer.
	message string
	// fault is the body of a refusal.
	fault func(status int, message string) string
}

// wires are the endpoints that are known by name, by what their documentation
// and the reports of their users say.
func wires() []wire {
	plainCall := func(n int, tool, args string) string {
		return fmt.Sprintf(`{"id":"call_%d","type":"function","function":{"name":%q,"arguments":%q}}`, n, tool, args)
	}
	openAIFault := func(_ int, message string) string {
		return fmt.Sprintf(`{"error":{"message":%q,"type":"invalid_request_error","param":null,"code":null}}`, message)
	}
	anthropicFault := func(_ int, message string) string {
		return fmt.Sprintf(`{"type":"error","error":{"type":"api_error","message":%q},"request_id":"req_1"}`, message)
	}
	return []wire{
		{provider: "openai", model: "gpt-4.1", refuses: refusesUnknown, call: plainCall, fault: openAIFault},
		{provider: "openai", model: "gpt-5-mini", refuses: refusesReasoning, call: plainCall, fault: openAIFault},
		{
			provider: "google", model: "gemini-3-flash-preview",
			refuses: func(r gjson.Result) string { return geminiComplaint([]byte(r.Raw)) },
			call: func(_ int, tool, args string) string { // it counts anew with each answer
				return fmt.Sprintf(`{"extra_content":{"google":{"thought_signature":"c2ln"}},"id":"function-call-0","type":"function","function":{"name":%q,"arguments":%q}}`, tool, args)
			},
			fault: func(status int, message string) string {
				return fmt.Sprintf(`[{"error":{"code":%d,"message":%q,"status":"SOMETHING"}}]`, status, message)
			},
		},
		{provider: "anthropic", model: "claude-haiku-4-5", api: "messages", fault: anthropicFault},
		{provider: "anthropic", model: "claude-sonnet-5-5", api: "messages", fault: anthropicFault},
		{provider: "responses", model: "gpt-5.4", api: "responses", fault: openAIFault},
		{provider: "azure", model: "my-gpt-5-mini", refuses: refusesReasoning, call: plainCall, fault: openAIFault},
		{provider: "azure-2024-10-21", model: "team/gpt", refuses: refusesUnknown, call: plainCall, fault: openAIFault},
		{
			provider: "ollama", model: "llama3.1:8b", refuses: refusesCompletionLimit, message: `"reasoning":"hm",`,
			call: func(_ int, tool, args string) string {
				return fmt.Sprintf(`{"index":0,"id":"call_same","type":"function","function":{"name":%q,"arguments":%q}}`, tool, args)
			},
			fault: func(_ int, message string) string { return fmt.Sprintf(`{"error":%q}`, message) },
		},
		{
			provider: "mistral", model: "mistral-small-latest", refuses: refusesLongIDs,
			call: func(n int, tool, args string) string {
				return fmt.Sprintf(`{"id":"D681PevK%d","function":{"name":%q,"arguments":%q},"index":0}`, n%10, tool, args)
			},
			fault: func(_ int, message string) string {
				return fmt.Sprintf(`{"object":"error","message":%q,"type":"invalid","code":1000}`, message)
			},
		},
		{
			provider: "openrouter", model: "openai/gpt-5.4", call: plainCall,
			message: `"reasoning":"r","reasoning_details":[{"type":"reasoning.encrypted","data":"x"}],`,
			refuses: func(r gjson.Result) string {
				for _, m := range r.Get("messages").Array() {
					if m.Get("tool_calls").Exists() && !m.Get("reasoning_details.0.data").Exists() {
						return "reasoning item is missing"
					}
				}
				return ""
			},
			fault: func(status int, message string) string {
				return fmt.Sprintf(`{"error":{"message":%q,"code":%d,"metadata":{"provider_name":"OpenAI"}}}`, message, status)
			},
		},
		{provider: "groq", model: "llama-3.3-70b-versatile", refuses: refusesUnknown, call: plainCall, fault: openAIFault},
		{
			provider: "gateway", model: "deepseek-reasoner", message: `"reasoning_content":"thinking",`,
			call: func(_ int, tool, args string) string { // arguments as an object, no id
				return fmt.Sprintf(`{"function":{"name":%q,"arguments":%s}}`, tool, args)
			},
			refuses: func(r gjson.Result) string {
				for _, m := range r.Get("messages").Array() {
					if m.Get("tool_calls").Exists() != m.Get("reasoning_content").Exists() {
						return "reasoning_content must be passed back with tool calls, and only with them"
					}
				}
				return ""
			},
			fault: func(_ int, message string) string { return "<html><title>" + message + "</title></html>" },
		},
	}
}

func refusesUnknown(r gjson.Result) string {
	known := "model messages tools stream temperature max_tokens max_completion_tokens role content name tool_calls tool_call_id id type function arguments"
	why := ""
	check := func(k, _ gjson.Result) bool {
		if !strings.Contains(known, k.Str) {
			why = "Unrecognized request argument supplied: " + k.Str
		}
		return true
	}
	r.ForEach(check)
	for _, m := range r.Get("messages").Array() {
		m.ForEach(check)
		for _, c := range m.Get("tool_calls").Array() {
			c.ForEach(check)
			if len(c.Get("id").String()) > 40 {
				why = "string too long"
			}
		}
	}
	return why
}

func refusesReasoning(r gjson.Result) string {
	switch {
	case r.Get("max_tokens").Exists():
		return "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
	case r.Get("temperature").Exists():
		return "Unsupported value: 'temperature' does not support 0.2 with this model."
	}
	return refusesUnknown(r)
}

func refusesCompletionLimit(r gjson.Result) string {
	if r.Get("max_completion_tokens").Exists() {
		return "max_completion_tokens is ignored here"
	}
	return ""
}

func refusesLongIDs(r gjson.Result) string {
	id := regexp.MustCompile(`^[a-zA-Z0-9]{9}$`)
	for _, m := range r.Get("messages").Array() {
		for _, c := range append(m.Get("tool_calls.#.id").Array(), m.Get("tool_call_id")) {
			if c.Exists() && !id.MatchString(c.Str) {
				return "Tool call id was " + c.Str + " but must be a-z, A-Z, 0-9, with a length of 9."
			}
		}
	}
	return ""
}

// refusesAll are the rules that every endpoint has.
func refusesAll(r gjson.Result) string {
	open := map[string]bool{}
	for _, m := range r.Get("messages").Array() {
		role := m.Get("role").Str
		if role != "tool" && len(open) > 0 {
			return "tool calls are not answered"
		}
		if m.Get("content").Str == "" && !m.Get("tool_calls").Exists() {
			return "content must not be empty"
		}
		for _, c := range m.Get("tool_calls").Array() {
			var args map[string]any
			if c.Get("id").Str == "" || json.Unmarshal([]byte(c.Get("function.arguments").Str), &args) != nil {
				return "a tool call is malformed"
			}
			open[c.Get("id").Str] = true
		}
		if role == "tool" && !open[m.Get("tool_call_id").Str] {
			return "a tool message answers nothing"
		}
		delete(open, m.Get("tool_call_id").Str)
	}
	if len(open) > 0 {
		return "tool calls are not answered"
	}
	return ""
}

// serve answers two calls, then one, then a text.
func (p wire) serve(t *testing.T) *recorder {
	switch p.api {
	case "messages":
		return p.serveMessages(t)
	case "responses":
		return p.serveResponses(t)
	}
	turn := 0
	return record(t, func(body []byte, w http.ResponseWriter) {
		request := gjson.ParseBytes(body)
		why := refusesAll(request)
		if why == "" && p.refuses != nil {
			why = p.refuses(request)
		}
		if why != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(p.fault(400, why)))
			return
		}
		turn++
		message, finish := `"content":"All done."`, "stop"
		switch turn {
		case 1:
			message, finish = `"content":"","tool_calls":[`+p.call(1, "jira_get_issue", `{"issue_key":"PROJ-1"}`)+`,`+p.call(2, "jira_search", `{}`)+`]`, "tool_calls"
		case 2:
			message, finish = `"content":null,"tool_calls":[`+p.call(3, "jira_get_issue", `{"issue_key":"PROJ-2"}`)+`]`, "tool_calls"
		}
		_, _ = fmt.Fprintf(w, `{"id":"x","object":"chat.completion","created":1,"model":%q,"choices":[{"index":0,"message":{"role":"assistant",%s%s},"finish_reason":%q}],
			"usage":{"prompt_tokens":100,"completion_tokens":10,"total_tokens":110}}`, p.model, p.message, message, finish)
	})
}
