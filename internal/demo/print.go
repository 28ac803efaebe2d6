package demo

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

func (s *stage) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, format, args...) }

func (s *stage) title(text string) { s.say("\n%s\n%s\n", text, strings.Repeat("-", len(text))) }

// show prints an issue as Jira has it now.
func (s *stage) show(key string) jira.Issue {
	i, _ := s.sandbox.Jira.Issue(key)
	s.say("  Jira now has %s (%s, %s): %s\n", i.Key, i.Type, i.Status, i.Summary)
	s.say("    priority %s, labels %v\n", i.Priority, i.Labels)
	for _, c := range i.Comments {
		author := c.Author
		if u, ok := s.sandbox.Jira.User(c.Author); ok {
			author = u.DisplayName
		}
		s.say("    comment by %s:\n      %s\n", author, strings.ReplaceAll(strings.TrimSpace(c.Body), "\n", "\n      "))
	}
	return i
}

// describe says in a line what happened to a run.
func describe(e store.Event) string {
	switch e.Kind {
	case store.EventQueued:
		var p struct {
			Target, Trigger string
			Issue           string `json:"issue_key"`
			Subject         string `json:"subject"`
			Type            string `json:"event_type"`
		}
		_ = json.Unmarshal(e.Payload, &p)
		return fmt.Sprintf("%s on %s: trigger %s chose %s", p.Type, cmp.Or(p.Issue, p.Subject, "the page"), p.Trigger, p.Target)
	case store.EventStep:
		var entry step.Entry
		_ = json.Unmarshal(e.Payload, &entry)
		return describeStep(entry)
	case store.EventFinished:
		var p struct{ State, Error string }
		_ = json.Unmarshal(e.Payload, &p)
		return strings.TrimSpace("run " + p.State + " " + p.Error)
	case store.EventStarted:
		return "run started"
	}
	return string(e.Kind)
}

func describeStep(e step.Entry) string {
	switch e.Kind {
	case step.KindModel:
		return fmt.Sprintf("%s answered in place of %s (%d+%d tokens)", e.Model, e.Name, e.TokensIn, e.TokensOut)
	case step.KindEnrich:
		return "asked Jira for what the event does not tell"
	case step.KindTool:
		var result string
		_ = json.Unmarshal(e.Output, &result)
		if e.Decision != "allowed" {
			return fmt.Sprintf("tool %s %s DENIED: %s", e.Name, short(string(e.Input), 70), short(result, 110))
		}
		return fmt.Sprintf("tool %s %s -> %s", e.Name, short(string(e.Input), 70), short(result, 70))
	}
	return string(e.Kind)
}

func short(s string, n int) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
