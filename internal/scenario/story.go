package scenario

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// maxStory bounds the lines of a story.
const maxStory = 200

// fill puts what became of the case into its result.
func (w *world) fill(r *Result) {
	r.Failures = w.failures
	r.Story = w.story()
	r.Log = w.log.complaints(10)
	u := used(w.history.runs)
	r.ModelCalls, r.Tokens, r.CostMicroUSD = u.calls, u.tokens, u.cost
	if w.cast != nil && w.cast.recorder != nil {
		r.Recorded = beside(w.scenario.Path, w.scenario.Script.Recording)
	}
}

// usageSum is what runs used together.
type usageSum struct {
	calls  int
	tokens int64
	cost   *int64
}

func used(runs []admin.RunDetail) usageSum {
	cost := int64(0)
	u := usageSum{cost: &cost}
	for _, r := range runs {
		u.tokens += r.TokensIn + r.TokensOut
		if r.CostMicroUSD == nil {
			u.cost = nil
		} else {
			cost += *r.CostMicroUSD
		}
		for _, s := range r.StepList {
			if s.Kind == step.KindModel {
				u.calls++
			}
		}
	}
	return u
}

// story tells what happened: each delivery, and each run with its steps.
func (w *world) story() []string {
	var out []string
	for _, d := range w.history.deliveries {
		out = append(out, "delivery "+deliveryLine(d))
	}
	for _, t := range w.history.tasks {
		out = append(out, "task of "+t.talk.with())
		for _, s := range t.turns {
			out = append(out, fmt.Sprintf("  %s: %s", s.State, clip(oneLine(s.Text), 300)))
		}
	}
	for _, r := range w.history.runs {
		line := fmt.Sprintf("run %s/%s on %s: %s", r.TargetKind, r.Target, or(r.IssueKey, r.Subject), r.State)
		switch {
		case r.Error != "":
			line += ": " + clip(oneLine(r.Error), 300)
		case r.State == store.StateWaiting:
			line += " for " + r.WaitsFor
		}
		out = append(out, line)
		for i, s := range r.StepList {
			out = append(out, fmt.Sprintf("  %d. %s", i+1, stepLine(r, s)))
		}
	}
	if len(out) > maxStory {
		out = append(out[:maxStory], fmt.Sprintf("… and %d lines more", len(out)-maxStory))
	}
	return out
}

// deliveryLine says what became of a delivery.
func deliveryLine(d admin.Delivery) string {
	line := strings.TrimSpace(or(d.EventType, "?")+" "+d.IssueKey) + ": " + string(d.State)
	var decision struct {
		Matches []struct{ Trigger, Target string }
		Misses  []route.Miss
	}
	_ = json.Unmarshal(d.Decision, &decision)
	parts := []string{line}
	if d.State == inbox.StateRouted {
		for _, m := range decision.Matches {
			parts = append(parts, fmt.Sprintf("trigger %s starts %s", m.Trigger, m.Target))
		}
		return strings.Join(parts, ", ")
	}
	if d.Reason != "" {
		parts[0] += ": " + d.Reason
	}
	for _, m := range decision.Misses {
		parts = append(parts, fmt.Sprintf("%s: %s wants %s, is %s", or(m.Trigger, "the configuration"), m.Clause, or(m.Want, "nothing"), or(m.Got, "nothing")))
	}
	return strings.Join(parts, "; ")
}

func stepLine(r admin.RunDetail, s step.Entry) string {
	who := ""
	if s.Agent != "" && s.Agent != r.Target {
		who = s.Agent + ": "
	}
	switch s.Kind {
	case step.KindModel:
		return who + modelLine(s)
	case step.KindTool:
		c := newCall(r, s)
		return fmt.Sprintf("%s%s -> %s", who, clip(oneLine(c.String()), 300), resultText(c))
	}
	line := who + string(s.Kind) + " " + s.Name
	if s.Error != "" {
		line += ": " + clip(oneLine(s.Error), 200)
	}
	return line
}

func modelLine(s step.Entry) string {
	var resp llm.Response
	_ = json.Unmarshal(s.Output, &resp)
	line := fmt.Sprintf("%s (%d+%d tokens)", s.Name, s.TokensIn, s.TokensOut)
	if resp.Message.Text != "" {
		line += " says " + clip(oneLine(resp.Message.Text), 200)
	}
	var names []string
	for _, c := range resp.Message.ToolCalls {
		names = append(names, c.Name)
	}
	if len(names) > 0 {
		line += " calls " + strings.Join(names, ", ")
	}
	return line
}

func resultText(c call) string {
	if !c.done() {
		return strings.ToUpper(outcome(c)[:1]) + outcome(c)[1:]
	}
	return clip(oneLine(scalar(c.result)), 160)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// clip shortens a text to n characters.
func clip(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return s
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n"+by)
}

// logField reads a text field of a log line.
func logField(line, name string) string {
	var fields map[string]any
	if json.Unmarshal([]byte(line), &fields) != nil {
		return ""
	}
	text, _ := fields[name].(string)
	return text
}
