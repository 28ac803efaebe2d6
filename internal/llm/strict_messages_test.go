package llm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// refusesMessages is what Anthropic's Messages API refuses
// (https://platform.claude.com/docs/en/api/messages and its pages on tool use,
// caching and preserved thinking).
func refusesMessages(r gjson.Result) string {
	for _, rule := range []func(gjson.Result) string{messagesFields, messagesTurns, messagesTools, messagesCache, messagesThinking} {
		if why := rule(r); why != "" {
			return why
		}
	}
	return ""
}

func messagesFields(r gjson.Result) string {
	why := ""
	r.ForEach(func(k, _ gjson.Result) bool {
		if !strings.Contains(" model max_tokens messages system tools temperature ", " "+k.Str+" ") {
			why = k.Str + ": Extra inputs are not permitted"
		}
		return true
	})
	newer := strings.HasPrefix(r.Get("model").Str, "claude-sonnet-5")
	switch t := r.Get("temperature"); {
	case why != "":
	case r.Get("max_tokens").Int() < 1:
		why = "max_tokens: Field required"
	case t.Exists() && newer:
		why = "`temperature` is deprecated for this model."
	case t.Exists() && (t.Num < 0 || t.Num > 1):
		why = "temperature: range: 0..1"
	case r.Get("system").Exists() && r.Get("system.0.text").Str == "":
		why = "system: text content blocks must be non-empty"
	}
	return why
}

// messagesTurns checks that user and assistant take turns, and that each tool
// call is answered at the beginning of the next turn.
func messagesTurns(r gjson.Result) string {
	list := r.Get("messages").Array()
	ids, open := map[string]bool{}, map[string]bool{}
	for i, m := range list {
		role := []string{"user", "assistant"}[i%2]
		blocks := m.Get("content").Array()
		if m.Get("role").Str != role || len(blocks) == 0 {
			return fmt.Sprintf("messages.%d: roles must alternate between \"user\" and \"assistant\", and all messages must have content", i)
		}
		for _, b := range blocks {
			if why := messagesBlock(b, role, ids, open); why != "" {
				return fmt.Sprintf("messages.%d: %s", i, why)
			}
		}
		if role == "user" && len(open) > 0 {
			return fmt.Sprintf("messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after", i)
		}
	}
	if len(list)%2 == 0 {
		return "This model does not support assistant message prefill. The conversation must end with a user message."
	}
	return ""
}

func messagesBlock(b gjson.Result, role string, ids, open map[string]bool) string {
	name := regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	switch kind := b.Get("type").Str; {
	case kind == "text" && strings.TrimSpace(b.Get("text").Str) == "":
		return "text content blocks must contain non-whitespace text"
	case kind == "text" && role == "user" && len(open) > 0:
		return "`tool_result` blocks must come first"
	case kind == "tool_use":
		id := b.Get("id").Str
		if role != "assistant" || !name.MatchString(id) || !name.MatchString(b.Get("name").Str) || !b.Get("input").IsObject() || ids[id] {
			return "tool_use: malformed, or `tool_use` ids must be unique"
		}
		ids[id], open[id] = true, true
	case kind == "tool_result":
		id := b.Get("tool_use_id").Str
		if role != "user" || !open[id] {
			return "unexpected `tool_use_id` found in `tool_result` blocks: " + id
		}
		delete(open, id)
	case kind == "thinking" && role == "assistant", kind == "text":
	default:
		return "Input tag '" + kind + "' found using 'type' does not match any of the expected tags"
	}
	return ""
}

func messagesTools(r gjson.Result) string {
	for _, tool := range r.Get("tools").Array() {
		if tool.Get("name").Str == "" || tool.Get("input_schema.type").Str != "object" {
			return "tools: input_schema.type: Field required"
		}
	}
	return ""
}

func messagesCache(r gjson.Result) string {
	marks := regexp.MustCompile(`"cache_control":\{([^}]*)\}`).FindAllStringSubmatch(r.Raw, -1)
	if len(marks) > 4 {
		return fmt.Sprintf("A maximum of 4 blocks with cache_control may be provided. Found %d.", len(marks))
	}
	for _, m := range marks {
		if m[1] != `"type":"ephemeral"` {
			return "cache_control: " + m[1]
		}
	}
	return ""
}

// signature binds thinking to the model, the instructions, the tools and the
// messages before it.
func signature(r gjson.Result, before int) string {
	raw := ""
	for _, path := range []string{"model", "system", "tools"} {
		raw += r.Get(path).Raw
	}
	for _, m := range r.Get("messages").Array()[:before] {
		raw += m.Raw
	}
	raw = regexp.MustCompile(`,"cache_control":\{[^}]*\}|"cache_control":\{[^}]*\},`).ReplaceAllString(raw, "")
	sum := sha256.Sum256([]byte(raw))
	return "sig+/" + hex.EncodeToString(sum[:6]) + "=="
}

func messagesThinking(r gjson.Result) string {
	for i, m := range r.Get("messages").Array() {
		for _, b := range m.Get("content").Array() {
			if b.Get("type").Str == "thinking" && b.Get("signature").Str != signature(r, i) {
				return "Invalid `signature` in `thinking` block. The block is bound to a different conversation."
			}
		}
	}
	return ""
}

// serveMessages answers in the form of the Messages API.
func (p wire) serveMessages(t *testing.T) *recorder {
	turn := 0
	return record(t, func(body []byte, w http.ResponseWriter) {
		request := gjson.ParseBytes(body)
		if why := refusesMessages(request); why != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(p.fault(400, why)))
			return
		}
		turn++
		content, stop := []json.RawMessage{}, "end_turn"
		add := func(raw string) { content = append(content, json.RawMessage(raw)) }
		if strings.HasPrefix(p.model, "claude-sonnet-5") {
			add(`{"type":"thinking","thinking":"","signature":` + quote(signature(request, len(request.Get("messages").Array()))) + `}`)
		}
		use := func(n int, tool, input string) {
			stop = "tool_use"
			add(fmt.Sprintf(`{"type":"tool_use","id":"toolu_%d","name":%q,"input":%s,"caller":{"type":"direct"}}`, n, tool, input))
		}
		switch turn {
		case 1:
			use(1, "jira_get_issue", `{"issue_key":"PROJ-1"}`)
			use(2, "jira_search", `{}`)
		case 2:
			add(`{"type":"text","text":"One more.","citations":null}`)
			use(3, "jira_get_issue", `{"issue_key":"PROJ-2"}`)
		default:
			add(`{"type":"text","text":"All done.","citations":null}`)
		}
		raw, err := json.Marshal(content)
		if err != nil {
			t.Errorf("write answer: %v", err)
		}
		_, _ = fmt.Fprintf(w, `{"id":"msg_1","type":"message","role":"assistant","model":%q,"content":%s,"stop_reason":%q,"stop_sequence":null,
			"usage":{"input_tokens":20,"cache_creation_input_tokens":30,"cache_read_input_tokens":50,"output_tokens":10,"service_tier":"standard"}}`, p.model, raw, stop)
	})
}
