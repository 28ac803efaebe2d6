package flow

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"

	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// status says what became of a node.
type status string

const (
	pending   status = ""
	running   status = "running"
	waiting   status = "waiting"
	succeeded status = "succeeded"
	failed    status = "failed"
	skipped   status = "skipped"
	abandoned status = "abandoned"
)

// final reports whether nothing more becomes of the node.
func (s status) final() bool {
	return s == succeeded || s == failed || s == skipped || s == abandoned
}

// outcome is what came of a node.
type outcome struct {
	output any
	// text is the output as a text; "" for what it prints as.
	text string
	// err is why it failed; "" if it did not.
	err string
	// more are further values, such as approved.
	more map[string]any
	// entries are the tool calls that the flow itself made for it.
	entries []step.Entry
}

// vars is the outcome as templates see it.
func (o outcome) vars(s status) map[string]any {
	text := o.text
	if text == "" && o.output != nil {
		text = prompt.Display(o.output)
	}
	out := map[string]any{"output": o.output, "result": o.output, "text": text, "status": string(s), "success": s == succeeded, "error": o.err}
	maps.Copy(out, o.more)
	return out
}

// of makes an outcome of a text, which may hold a JSON object or list.
func of(text string) outcome {
	if v, ok := parsed(text); ok {
		return outcome{output: v, text: text}
	}
	return outcome{output: text, text: text}
}

// parsed returns the JSON object or list that a text consists of, be it in a code
// fence.
func parsed(text string) (any, bool) {
	body := strings.TrimSpace(text)
	if strings.HasPrefix(body, "```") && strings.HasSuffix(body, "```") && len(body) > 6 {
		if _, rest, found := strings.Cut(strings.TrimSuffix(body, "```"), "\n"); found {
			body = strings.TrimSpace(rest)
		}
	}
	if body == "" || body[0] != '{' && body[0] != '[' {
		return nil, false
	}
	return decode([]byte(body))
}

// decode reads one JSON value.
func decode(body []byte) (any, bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil || dec.More() {
		return nil, false
	}
	return prompt.Native(v), true
}
