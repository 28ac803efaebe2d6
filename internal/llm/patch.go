package llm

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// patch is what a request needs beyond what go-openai's types can say: a
// temperature of 0, the provider's name for the token limit, fields of its own
// on earlier messages.
type patch struct {
	model               string
	temperature         *float64
	maxTokens           int
	maxTokensField      string
	dropEmptyParameters bool
	messages            map[int]messagePatch
	// last is the field that is written last; "" for messages.
	last string
}

// messagePatch adds fields to a message and, by position, to its tool calls.
type messagePatch struct {
	fields fields
	calls  []fields
}

func (p messagePatch) empty() bool { return len(p.fields) == 0 && len(p.calls) == 0 }

func (p *patch) message(i int, m messagePatch) {
	if p.messages == nil {
		p.messages = map[int]messagePatch{}
	}
	p.messages[i] = m
}

// apply writes the body anew from one that go-openai made, messages last: what
// is the same from call to call comes first, and a longer conversation begins
// with the bytes of the shorter one.
func (p *patch) apply(body []byte) []byte {
	out := make([]byte, 0, len(body)+256)
	out = append(out, '{')
	last := cmp.Or(p.last, "messages")
	var messages gjson.Result
	gjson.ParseBytes(body).ForEach(func(k, v gjson.Result) bool {
		switch k.Str {
		case last:
			messages = v
		case "model":
			out = appendField(out, k.Str, p.modelName(v))
		case "tools":
			out = appendField(out, k.Str, p.tools(v))
		default:
			out = appendField(out, k.Str, v.Raw)
		}
		return true
	})
	if p.temperature != nil {
		out = appendField(out, "temperature", strconv.FormatFloat(*p.temperature, 'f', -1, 64))
	}
	if p.maxTokens > 0 {
		out = appendField(out, p.maxTokensField, strconv.Itoa(p.maxTokens))
	}
	out = appendField(out, last, p.patchMessages(messages))
	return append(out, '}')
}

func (p *patch) modelName(v gjson.Result) string {
	if p.model == "" {
		return v.Raw
	}
	return string(jsonOf(p.model))
}

func appendField(out []byte, name, raw string) []byte {
	if out[len(out)-1] != '{' {
		out = append(out, ',')
	}
	out = strconv.AppendQuote(out, name)
	out = append(out, ':')
	return append(out, raw...)
}

// tools leaves out schemas without properties where they are refused.
func (p *patch) tools(v gjson.Result) string {
	if !p.dropEmptyParameters || !strings.Contains(v.Raw, emptyParameters) {
		return v.Raw
	}
	// Inside a JSON text the quotes would be escaped, so that this is the schema.
	return strings.ReplaceAll(v.Raw, `,"parameters":`+emptyParameters+`}`, "}")
}

func (p *patch) patchMessages(v gjson.Result) string {
	if len(p.messages) == 0 {
		return v.Raw
	}
	var b strings.Builder
	b.Grow(len(v.Raw) + 1024)
	b.WriteByte('[')
	for i, m := range v.Array() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(p.messages[i].apply(m))
	}
	b.WriteByte(']')
	return b.String()
}

func (p messagePatch) apply(message gjson.Result) string {
	if p.empty() {
		return message.Raw
	}
	out := []byte{'{'}
	message.ForEach(func(k, v gjson.Result) bool {
		raw := v.Raw
		if k.Str == "tool_calls" {
			raw = p.applyCalls(v)
		}
		out = appendField(out, k.Str, raw)
		return true
	})
	return string(append(appendFields(out, p.fields), '}'))
}

func (p messagePatch) applyCalls(calls gjson.Result) string {
	out := []byte{'['}
	for i, call := range calls.Array() {
		if i > 0 {
			out = append(out, ',')
		}
		if i >= len(p.calls) || len(p.calls[i]) == 0 {
			out = append(out, call.Raw...)
			continue
		}
		out = append(out, call.Raw[:len(call.Raw)-1]...)
		out = append(appendFields(out, p.calls[i]), '}')
	}
	return string(append(out, ']'))
}

// appendFields adds fields in the order of their names.
func appendFields(out []byte, f fields) []byte {
	for _, name := range slices.Sorted(maps.Keys(f)) {
		out = appendField(out, name, string(f[name]))
	}
	return out
}
