package llm

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"

	openai "github.com/sashabaranov/go-openai"
	"github.com/tidwall/gjson"
)

// accept checks that a successful answer is JSON and no failure, keeps it, and
// gives what the library is to decode.
func (x *exchange) accept(resp *http.Response, body []byte) ([]byte, error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil, x.fail(resp, KindUnavailable, "the answer is empty")
	case looksLikePage(string(body[:min(len(body), 64)])):
		return nil, x.fail(resp, KindConfig, "the answer is "+pageName(string(body))+": is base_url right?")
	case !json.Valid(body):
		return nil, x.fail(resp, KindUnavailable, "the answer is not JSON")
	}
	root := gjson.ParseBytes(body)
	if root.IsArray() || isFailure(root.Get("error")) || isFailure(root.Get("choices.0.error")) {
		return nil, x.model.billed(x.refused(resp, failureOf(root, body)), x.model.usageOf(root), root)
	}
	clean, problem := x.call.check(root, body)
	if problem != nil {
		e := x.fail(resp, problem.Kind, problem.Message)
		e.Usage, e.CostMicroUSD = problem.Usage, problem.CostMicroUSD
		return nil, e
	}
	x.answer = root
	return clean, nil
}

func pageName(body string) string {
	if title := tidy(htmlTitle(body)); title != "" {
		return "a web page, " + title
	}
	return "a web page"
}

func isFailure(v gjson.Result) bool {
	return v.IsObject() || v.Type == gjson.String && v.Str != ""
}

// failureOf finds the failure in an answer with a good status, as OpenRouter
// and proxies send it.
func failureOf(root gjson.Result, body []byte) []byte {
	if e := root.Get("choices.0.error"); isFailure(e) {
		return []byte(`{"error":` + e.Raw + `}`)
	}
	return body
}

// canonical reports whether go-openai's types fit the answer.
func canonical(root gjson.Result) bool {
	texts := []string{"id", "object", "model", "system_fingerprint", "service_tier"}
	for _, name := range texts {
		if v := root.Get(name); v.Exists() && v.Type != gjson.String && v.Type != gjson.Null {
			return false
		}
	}
	if !isWhole(root.Get("created")) || len(root.Get("choices").Array()) != 1 {
		return false
	}
	usage := root.Get("usage")
	for _, name := range []string{"prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details.cached_tokens"} {
		if !isWhole(usage.Get(name)) {
			return false
		}
	}
	if usage.Exists() && !usage.IsObject() && usage.Type != gjson.Null {
		return false
	}
	message := root.Get("choices.0.message")
	if c := message.Get("content"); c.Exists() && c.Type != gjson.String && c.Type != gjson.Null {
		return false
	}
	for _, call := range message.Get("tool_calls").Array() {
		if !isTextOrNone(call.Get("id")) || !isTextOrNone(call.Get("function.arguments")) || !isTextOrNone(call.Get("function.name")) {
			return false
		}
	}
	return isTextOrNone(root.Get("choices.0.finish_reason"))
}

func isTextOrNone(v gjson.Result) bool {
	return !v.Exists() || v.Type == gjson.String || v.Type == gjson.Null
}

func isWhole(v gjson.Result) bool {
	return !v.Exists() || v.Type == gjson.Null || v.Type == gjson.Number && v.Num == math.Trunc(v.Num) && math.Abs(v.Num) < 1<<53
}

// rebuild takes from an answer of unusual types what can be used: arguments
// that are an object instead of text, contents in parts, numbers for texts.
func rebuild(root gjson.Result) openai.ChatCompletionResponse {
	message := root.Get("choices.0.message")
	out := openai.ChatCompletionMessage{
		Role: openai.ChatMessageRoleAssistant, Content: contentText(message.Get("content")), Refusal: text(message.Get("refusal")),
	}
	for _, call := range message.Get("tool_calls").Array() {
		out.ToolCalls = append(out.ToolCalls, openai.ToolCall{
			ID: text(call.Get("id")), Type: openai.ToolTypeFunction,
			Function: openai.FunctionCall{Name: text(call.Get("function.name")), Arguments: text(call.Get("function.arguments"))},
		})
	}
	usage := openai.Usage{
		PromptTokens:        count(root.Get("usage.prompt_tokens")),
		CompletionTokens:    count(root.Get("usage.completion_tokens")),
		TotalTokens:         count(root.Get("usage.total_tokens")),
		PromptTokensDetails: &openai.PromptTokensDetails{CachedTokens: count(root.Get("usage.prompt_tokens_details.cached_tokens"))},
	}
	return openai.ChatCompletionResponse{
		ID: text(root.Get("id")), Model: text(root.Get("model")), Usage: usage,
		Choices: []openai.ChatCompletionChoice{{Message: out, FinishReason: finish(root.Get("choices.0.finish_reason"))}},
	}
}

// finish reads a finish reason; go-openai writes it without quoting, so that
// only plain words pass.
func finish(v gjson.Result) openai.FinishReason {
	return openai.FinishReason(strings.Map(func(r rune) rune {
		if r == '_' || r == ' ' || r == ':' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, text(v)))
}

// text gives a JSON string's text and any other value as JSON.
func text(v gjson.Result) string {
	if v.Type == gjson.JSON {
		return v.Raw
	}
	return v.String()
}

// contentText joins the texts of a content in parts.
func contentText(v gjson.Result) string {
	if !v.IsArray() {
		return text(v)
	}
	var b strings.Builder
	for _, part := range v.Array() {
		switch {
		case part.Type == gjson.String:
			b.WriteString(part.Str)
		case part.Get("text").Type == gjson.String:
			b.WriteString(part.Get("text").Str)
		}
	}
	return b.String()
}
