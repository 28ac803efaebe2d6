package llm

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/tidwall/gjson"
)

// maxMessage bounds the text of an error, in bytes.
const maxMessage = 1024

// errBody is what the body of a failure says, whoever wrote it.
type errBody struct {
	message string
	// labels are the codes, types and statuses, in lower case.
	labels     []string
	status     int
	retryAfter time.Duration
	// resetAt is when a limit is renewed, in Unix milliseconds; 0 if not said.
	resetAt int64
}

// wait is how long the body asks to wait.
func (e errBody) wait(now time.Time) time.Duration {
	if e.retryAfter > 0 {
		return e.retryAfter
	}
	if e.resetAt > 0 && e.resetAt < 1<<50 {
		return clampWait(time.UnixMilli(e.resetAt).Sub(now))
	}
	return waitInText(e.message)
}

// readErrBody understands the shapes of error that OpenAI, Gemini (an array),
// Anthropic, OpenRouter, Mistral and vLLM (flat), FastAPI (detail), Ollama (a
// string) and proxies (a web page) send.
func readErrBody(body []byte) errBody {
	if !gjson.ValidBytes(body) {
		return errBody{message: plainMessage(string(body))}
	}
	root := gjson.ParseBytes(body)
	if root.IsArray() {
		root = root.Get("0")
	}
	if !root.IsObject() {
		return errBody{message: tidy(root.String())}
	}
	var out errBody
	inner := root.Get("error")
	switch {
	case inner.IsObject():
		out.read(inner)
	case inner.Type == gjson.String:
		out.message = inner.String()
	}
	out.read(root)
	out.message = tidy(out.message)
	return out
}

// read takes from v what is not known yet.
func (e *errBody) read(v gjson.Result) {
	if e.message == "" {
		e.message = messageOf(v)
	}
	for _, name := range []string{"code", "type", "status"} {
		e.label(v.Get(name))
	}
	if raw := v.Get("metadata.raw"); raw.Exists() && raw.String() != "" {
		e.message += ": " + raw.String() // OpenRouter: what the provider behind it said
	}
	if at := v.Get("metadata.headers.X-RateLimit-Reset"); at.Exists() { // OpenRouter: when, in milliseconds
		e.resetAt = int64(at.Float())
	}
	if v.Get("metadata.reasons").Exists() {
		e.labels = append(e.labels, "content_filter") // OpenRouter's moderation
	}
	for _, d := range v.Get("details").Array() {
		if wait, err := time.ParseDuration(d.Get("retryDelay").String()); err == nil {
			e.retryAfter = clampWait(wait)
		}
		e.label(d.Get("reason"))
	}
}

func (e *errBody) label(v gjson.Result) {
	switch v.Type {
	case gjson.Number:
		if n := int(v.Int()); e.status == 0 && n >= 400 && n < 600 {
			e.status = n
		}
	case gjson.String:
		e.labels = append(e.labels, strings.ToLower(v.String()))
	default:
	}
}

// messageOf finds the explanation, which may be a text, a list of texts or
// FastAPI's list of complaints.
func messageOf(v gjson.Result) string {
	for _, name := range []string{"message", "detail", "msg"} {
		m := v.Get(name)
		switch {
		case m.Type == gjson.String:
			return m.String()
		case m.IsArray():
			return joinMessages(m)
		}
	}
	return ""
}

func joinMessages(list gjson.Result) string {
	var parts []string
	for _, m := range list.Array() {
		if m.IsObject() {
			m = m.Get("msg")
		}
		if m.String() != "" {
			parts = append(parts, m.String())
		}
	}
	return strings.Join(parts, ", ")
}

// kind refines what the status tells by what the body says.
func (e errBody) kind(status int) Kind {
	text := strings.ToLower(e.message)
	switch {
	case e.has("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "insufficient_credits", "billing_error"),
		status < 500 && noCredit(text):
		return KindQuota
	case e.has("api_key_invalid", "invalid_api_key", "authentication_error", "permission_error"):
		return KindAuth
	case e.has("model_not_found", "deploymentnotfound", "not_found_error", "invalid_model", "model_not_available", "model_decommissioned"),
		status == http.StatusBadRequest && strings.Contains(text, "is not a valid model id"): // OpenRouter

		return KindNotFound
	case e.has("content_filter", "content_policy_violation", "responsibleaipolicyviolation", "invalid_prompt"):
		return KindContent
	case e.has("overloaded_error", "overloaded", "server_overloaded"):
		return KindOverloaded
	case e.has("rate_limit_error", "rate_limit_exceeded") && status < 500:
		return KindRateLimit
	case status < 500 && (e.has("context_length_exceeded", "string_above_max_length") || tooLong(text)):
		return KindTooLong
	case status == http.StatusBadRequest && strings.Contains(text, "api key not valid"):
		return KindAuth
	default:
		return kindOfStatus(status)
	}
}

func (e errBody) has(labels ...string) bool {
	for _, have := range e.labels {
		if slices.Contains(labels, have) {
			return true
		}
	}
	return false
}

// noCredit knows what Anthropic says with status 400 and no code of its own
// (https://platform.claude.com/docs/en/api/errors).
func noCredit(text string) bool {
	return strings.Contains(text, "credit balance is too low") || strings.Contains(text, "reached your specified api usage limits")
}

func tooLong(text string) bool {
	for _, s := range []string{
		"maximum context length", "context_length_exceeded", "context window", "prompt is too long",
		"input token count", "exceeds the maximum number of tokens", "exceed context limit",
		"exceeds the available context size", // llama.cpp

	} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// plainMessage makes a message of a body that is not JSON, such as a proxy's page.
func plainMessage(body string) string {
	if title := htmlTitle(body); title != "" {
		return tidy(title)
	}
	if looksLikePage(body) {
		return "a web page"
	}
	return tidy(body)
}

// htmlTitle is the text of the title element, which says what a proxy wants.
func htmlTitle(body string) string {
	body = body[:min(len(body), 64<<10)]
	lower := strings.ToLower(body)
	if len(lower) != len(body) {
		body = lower // some letters change their length; positions would not fit
	}
	open := strings.Index(lower, "<title")
	if open < 0 {
		return ""
	}
	from := strings.IndexByte(lower[open:], '>')
	if from < 0 {
		return ""
	}
	from += open + 1
	to := strings.Index(lower[from:], "</title")
	if to < 0 {
		return ""
	}
	return body[from : from+to]
}

func looksLikePage(body string) bool {
	return strings.HasPrefix(strings.TrimSpace(body), "<")
}

// tidy makes foreign text fit for a log line: one line, printable, bounded.
func tidy(s string) string {
	if len(s) > 4*maxMessage {
		s = s[:4*maxMessage]
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
