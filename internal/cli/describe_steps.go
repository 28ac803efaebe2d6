package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/step"
)

// maxWho bounds the column of who was at work.
const maxWho = 40

// showSteps prints the steps of a run, each in one or two lines. Where a run has
// several agents or branches, who was at work is a column.
func (c *console) showSteps(steps []step.Entry) {
	width := 0
	for _, e := range steps {
		if who := stepWho(e); who != "" {
			width = max(width, utf8.RuneCountInString(who)+1)
		}
	}
	for _, e := range steps {
		line := fmt.Sprintf("  %2d %-8s %-22s %8s  ", e.Index, e.Kind, e.Name, e.Finished.Sub(e.Started).Round(time.Millisecond))
		if width > 0 {
			who := stepWho(e)
			if who != "" {
				who += ":"
			}
			line += fmt.Sprintf("%-*s ", min(width, maxWho), who)
		}
		c.printf("%s\n", strings.TrimRight(line+stepNote(e), " "))
		if text := stepText(e); text != "" || e.Kind == step.KindTool {
			c.printf("     -> %s\n", oneLine(text, 140))
		}
	}
}

// stepNote says the most telling thing about a step.
func stepNote(e step.Entry) string {
	var notes []string
	if e.Kind == step.KindModel {
		notes = append(notes, fmt.Sprintf("%d+%d tokens, %s", e.TokensIn, e.TokensOut, dollars(e.CostMicroUSD)))
	} else if len(e.Input) > 0 {
		notes = append(notes, oneLine(compact(e.Input), 90))
	}
	if e.Decision != "" && e.Decision != "allowed" {
		notes = append(notes, "policy: "+e.Decision)
	}
	if e.InDoubt {
		notes = append(notes, "IN DOUBT")
	}
	if e.Attempts > 1 {
		notes = append(notes, fmt.Sprintf("%d attempts", e.Attempts))
	}
	if e.Error != "" && e.Kind != step.KindTool {
		notes = append(notes, "error: "+oneLine(e.Error, 120))
	}
	return strings.Join(notes, "; ")
}

// stepWho names the agent that was at work, where a run has several, and the
// branch of the run unless it has the agent's name.
func stepWho(e step.Entry) string {
	switch {
	case e.Branch == "" || e.Branch == e.Agent:
		return e.Agent
	case e.Agent == "":
		return "[" + e.Branch + "]"
	}
	return e.Agent + " [" + e.Branch + "]"
}

// stepText is what came of a step: a tool's result and an answer as the model gave
// them, or the value of a flow's node.
func stepText(e step.Entry) string {
	if e.Kind == step.KindModel {
		return answerText(e)
	}
	var text string
	if json.Unmarshal(e.Output, &text) == nil {
		return text
	}
	var end struct{ Node, Text string }
	if e.Kind == step.KindNode && json.Unmarshal(e.Output, &end) == nil && end.Node != "" {
		return end.Text
	}
	return compact(e.Output)
}

// compact is JSON without the spaces that the API puts into it; "" for null.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil || b.String() == "null" {
		return ""
	}
	return b.String()
}

// answerText is what a model said and called.
func answerText(e step.Entry) string {
	var answer struct {
		Message struct {
			Text  string `json:"text"`
			Calls []struct {
				Name string          `json:"name"`
				Args json.RawMessage `json:"args"`
			} `json:"tool_calls"`
		} `json:"message"`
	}
	if json.Unmarshal(e.Output, &answer) != nil {
		return ""
	}
	var parts []string
	for _, call := range answer.Message.Calls {
		parts = append(parts, call.Name+" "+compact(call.Args))
	}
	if answer.Message.Text != "" {
		parts = append([]string{answer.Message.Text}, parts...)
	}
	return strings.Join(parts, "; ")
}
