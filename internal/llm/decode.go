package llm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// stopOf reads the reason why an answer ended, in the words of any provider.
func stopOf(reason string) Stop {
	said := strings.ToLower(reason)
	switch {
	case said == "length", strings.Contains(said, "max_tokens"), strings.Contains(said, "max_output_tokens"),
		said == "model_context_window_exceeded", said == "model_length":
		return StopLength
	case said == "refusal", filtered(said):
		return StopContent
	default:
		return StopEnd
	}
}

func filtered(said string) bool {
	if strings.Contains(said, "malformed_function_call") {
		return false
	}
	for _, word := range []string{"filter", "safety", "blocklist", "prohibited", "recitation", "spii"} {
		if strings.Contains(said, word) {
			return true
		}
	}
	return false
}

// stopped notes why the answer ended.
func (r *Response) stopped(s Stop) { r.Stop, r.Truncated = s, s != StopEnd }

// empty explains an answer without text and calls, if it is a failure. A model
// may also have nothing to say, or have spent its limit on thinking.
func (m *model) empty(reason string, resp Response) error {
	if resp.Message.Text != "" || len(resp.Message.ToolCalls) > 0 {
		return nil
	}
	e := &Error{Ref: m.ref, Status: http.StatusOK, Usage: resp.Usage, CostMicroUSD: resp.CostMicroUSD}
	said := strings.ToLower(reason)
	switch {
	case strings.Contains(said, "malformed_function_call"):
		e.Kind, e.Message = KindUnavailable, "the model garbled its tool call"
	case said == "refusal":
		e.Kind, e.Message = KindContent, "the model refused to answer"
	case resp.Stop == StopContent:
		e.Kind, e.Message = KindContent, "the provider's content filter stopped the answer ("+tidy(reason)+")"
	case said == "error":
		e.Kind, e.Message = KindUnavailable, "the provider failed in the middle of the answer"
	default:
		return nil
	}
	return e
}

// calls gives each tool call an id that is its own within the conversation: some
// servers send none, or count anew with each answer.
func (m *model) calls(req Request, list []ToolCall) []ToolCall {
	if len(list) == 0 {
		return nil
	}
	used := map[string]bool{"": true}
	for _, old := range req.Messages {
		for _, c := range old.ToolCalls {
			used[c.ID] = true
		}
	}
	for i := range list {
		id := list[i].ID
		for n := len(used); used[id]; n++ {
			id = fmt.Sprintf("call%05d", n) // nine characters, as Mistral wants
		}
		used[id] = true
		list[i].ID = id
	}
	return list
}

// argsOf gives arguments as JSON: none are an empty object, and text that is not
// JSON becomes a JSON string, for the schema to refuse.
func argsOf(s string) json.RawMessage {
	trimmed := strings.TrimSpace(s)
	if trimmed == "" || trimmed == "null" {
		return json.RawMessage("{}")
	}
	var b bytes.Buffer
	if json.Compact(&b, []byte(trimmed)) != nil {
		return jsonOf(s)
	}
	return b.Bytes()
}

// cost is the price of a call by the table or, for a provider that reports what
// it charges, by its own word.
func (m *model) cost(u Usage, raw gjson.Result) *int64 {
	if known := m.prices.Cost(m.ref, u); known != nil || !m.provider.dialect.reportsCost {
		return known
	}
	charged := raw.Get("usage.cost")
	if charged.Type != gjson.Number || !(charged.Num >= 0 && charged.Num <= maxCharge) {
		return nil
	}
	micro := int64(charged.Num*perMicro + 0.5)
	return &micro
}

// maxCharge is more dollars than any call costs; what is above it is a mistake.
const maxCharge = 10_000
