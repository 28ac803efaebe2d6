package llm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// refusesResponses is what OpenAI's Responses API refuses of a request that has
// nothing stored (https://platform.openai.com/docs/api-reference/responses).
func refusesResponses(r gjson.Result) string {
	why := ""
	r.ForEach(func(k, _ gjson.Result) bool {
		if !strings.Contains(" model input instructions max_output_tokens store include tools prompt_cache_key ", " "+k.Str+" ") {
			why = "Unsupported parameter: '" + k.Str + "' is not supported with this model."
		}
		return true
	})
	if why != "" {
		return why
	}
	if r.Get("store").Raw != "false" || r.Get("include.0").Str != "reasoning.encrypted_content" {
		return "Items are not persisted when `store` is set to false"
	}
	for _, tool := range r.Get("tools").Array() {
		if tool.Get("type").Str != "function" || tool.Get("name").Str == "" || tool.Get("strict").Raw != "false" || tool.Get("function").Exists() {
			return "Missing required parameter: 'tools[0].strict'."
		}
	}
	if most := r.Get("max_output_tokens"); most.Exists() && most.Int() < 16 {
		return "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16."
	}
	return responsesItems(r.Get("input").Array())
}

func responsesItems(items []gjson.Result) string {
	open, seen := map[string]bool{}, map[string]bool{}
	reasoned := false
	for _, item := range items {
		switch item.Get("type").Str {
		case "reasoning":
			if item.Get("encrypted_content").Str != "enc+/==" || item.Get("id").Str != "rs_1" {
				return "Item 'rs_1' of type 'reasoning' is not what it was"
			}
			reasoned = true
			continue
		case "message":
			if len(open) > 0 {
				return "No tool output found for function call"
			}
			if c := item.Get("content"); c.Type == gjson.String && c.Str == "" {
				return "Invalid 'input': empty content"
			}
		case "function_call":
			var args map[string]any
			if json.Unmarshal([]byte(item.Get("arguments").Str), &args) != nil || item.Get("call_id").Str == "" || item.Get("name").Str == "" {
				return "Invalid 'input': function_call"
			}
			if item.Get("id").Exists() && !reasoned {
				return "Item of type 'function_call' was provided without its required 'reasoning' item"
			}
			if seen[item.Get("call_id").Str] {
				return "Duplicate item found with id " + item.Get("call_id").Str
			}
			open[item.Get("call_id").Str], seen[item.Get("call_id").Str] = true, true
			continue
		case "function_call_output":
			id := item.Get("call_id").Str
			if !open[id] || item.Get("output").Str == "" {
				return "No tool call found for function call output with call_id " + id
			}
			delete(open, id)
		default:
			return "Invalid value: '" + item.Get("type").Str + "'"
		}
		reasoned = false
	}
	if len(open) > 0 {
		return "No tool output found for function call"
	}
	return ""
}

// serveResponses answers in the form of the Responses API.
func (p wire) serveResponses(t *testing.T) *recorder {
	turn := 0
	return record(t, func(body []byte, w http.ResponseWriter) {
		if why := refusesResponses(gjson.ParseBytes(body)); why != "" {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(p.fault(400, why)))
			return
		}
		turn++
		call := func(n int, tool, args string) string {
			return fmt.Sprintf(`{"id":"fc_%d","type":"function_call","status":"completed","arguments":%q,"call_id":"call_%d","name":%q}`, n, args, n, tool)
		}
		output := `{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"enc+/==","status":null},`
		switch turn {
		case 1:
			output += call(1, "jira_get_issue", `{"issue_key":"PROJ-1"}`) + "," + call(2, "jira_search", ``)
		case 2:
			output += call(3, "jira_get_issue", `{"issue_key":"PROJ-2"}`)
		default:
			output += `{"id":"msg_1","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"All done."}]}`
		}
		_, _ = fmt.Fprintf(w, `{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"incomplete_details":null,"model":%q,"output":[%s],
			"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":50,"cache_write_tokens":30},"output_tokens":10,"output_tokens_details":{"reasoning_tokens":4},"total_tokens":110}}`, p.model, output)
	})
}
