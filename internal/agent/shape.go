package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/llm"
)

// ErrShape says that the agent's final text is not what its output schema asks
// for, also after it was told so.
var ErrShape = errors.New("the answer does not fit the output schema")

// corrections is how often an agent may mend a final text that does not fit.
const corrections = 2

// shapeNotice tells the model what its final text has to be.
func shapeNotice(schema json.RawMessage) string {
	return "\n\nYour final answer has to be one JSON value that fits this JSON Schema, and nothing else, no text around it:\n" + compact(schema)
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return string(raw)
	}
	return b.String()
}

// conclude asks the model until there is a final text that fits.
func (l *loop) conclude(ctx context.Context) (Result, error) {
	for tries := 0; ; tries++ {
		text, err := l.converse(ctx)
		if err != nil || l.shape == nil {
			return Result{Text: text}, err
		}
		value, faults := l.fit(text)
		if len(faults) == 0 {
			return Result{Text: text, Value: value}, nil
		}
		if tries == corrections {
			return Result{Text: text}, fmt.Errorf("agent %s: %w: %s", l.job.Agent.Name, ErrShape, shorten(strings.Join(faults, "; ")))
		}
		l.asked++
		l.messages = append(l.messages, llm.Message{Role: llm.User, Text: "Your answer does not fit the schema: " +
			strings.Join(faults, "; ") + ". Answer again with the corrected JSON value only."})
	}
}

// fit returns the JSON value of a final text, or what is wrong with it.
func (l *loop) fit(text string) (json.RawMessage, []string) {
	value := unfenced(text)
	if faults := l.shape.Faults(value); len(faults) > 0 {
		return nil, faults
	}
	return json.RawMessage(compact(value)), nil
}

// unfenced takes away the code fence that many models put around JSON.
func unfenced(text string) []byte {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "```") || !strings.HasSuffix(text, "```") {
		return []byte(text)
	}
	_, body, found := strings.Cut(strings.TrimSuffix(text, "```"), "\n")
	if !found {
		return []byte(text)
	}
	return []byte(strings.TrimSpace(body))
}
