package manifest

import (
	"slices"
	"strings"
)

// The actions of a TalkStep.
const (
	TalkAssign  = "assign"
	TalkMention = "mention"
	TalkSay     = "say"
	TalkSend    = "send"
	TalkCancel  = "cancel"
	TalkRetry   = "retry"
	TalkConnect = "connect"
)

// TalkStep is what somebody does with an agent over A2A: a person in Jira, through
// Rovo, or a program.
type TalkStep struct {
	// Action is one of the Talk constants.
	Action string
	// Agent is whom it is about; "" for the agent of the conversation that there is,
	// or the default agent.
	Agent string
	Text  string
	// Data is sent beside the text of a program; nil for nothing.
	Data map[string]any
	// Dialect is that of a program, a2a-1.0 or a2a-0.3.
	Dialect string
	// Refused is a part of the reason for which the request is expected to be refused,
	// AnyRule for any; "" for one that is answered.
	Refused string
}

// WantTask is a task that is expected.
type WantTask struct {
	Line int
	// Of is who gave it, State one of A2A's; "" for any.
	Of, State string
	// Says is what the last status says, nil for anything.
	Says any
	// Asks are the questions that were asked, in order; nil for any, empty for none.
	Asks []any
}

// taskStates are the states of A2A.
func taskStates() []string {
	return []string{"submitted", "working", "input-required", "auth-required", "completed", "canceled", "failed", "rejected"}
}

// rovoStep reads what a person does.
func (b *builder) rovoStep(decl rovoDecl) *TalkStep {
	t := &TalkStep{Agent: decl.Agent.value, Refused: decl.Refused.value}
	b.choose(t, decl.pos, decl.bare, decl.listed, []talkChoice{
		{TalkAssign, decl.Assign, ""}, {TalkMention, decl.Mention, "text"}, {TalkSay, decl.Say, "text"},
		{TalkCancel, decl.Cancel, "flag"}, {TalkRetry, decl.Retry, "flag"}, {TalkConnect, decl.Connect, "flag"},
	})
	if t.Action == TalkAssign && t.Text != "true" {
		if t.Agent != "" && t.Text != "" {
			b.errorf(decl.Agent.pos, "assign names the agent already")
		}
		t.Agent = t.Text
	}
	if t.Action == TalkAssign {
		t.Text = ""
	}
	return t
}

// a2aStep reads what a program does.
func (b *builder) a2aStep(step stepDecl) *TalkStep {
	decl := *step.A2A
	t := &TalkStep{Agent: decl.Agent.value, Refused: decl.Refused.value, Dialect: "a2a-1.0"}
	b.choose(t, decl.pos, decl.bare, decl.listed, []talkChoice{
		{TalkSend, decl.Send, "text"}, {TalkSay, decl.Say, "text"}, {TalkCancel, decl.Cancel, "flag"},
	})
	if decl.Dialect.set {
		t.Dialect = b.oneOf(str{at: decl.Dialect.at, value: decl.Dialect.value, set: true}, "dialect", "a2a-1.0", "a2a-0.3")
	}
	if decl.Data != nil {
		t.Data = decl.Data.fields
		if t.Action == TalkCancel {
			b.errorf(decl.Data.pos, "data comes with a message: leave it out")
		}
	}
	if step.On.set {
		b.errorf(step.On.pos, "a program names the issue in its message: leave out %q", "on")
	}
	return t
}

// talkChoice is one of the actions that a mapping may have, and what stands behind
// it: a text, "true" for a flag, or anything.
type talkChoice struct {
	action string
	value  rawStr
	kind   string
}

// choose takes the one action that there is.
func (b *builder) choose(t *TalkStep, at pos, bare rawStr, listed bool, choices []talkChoice) {
	var names, short, given []string
	for _, c := range choices {
		names = append(names, c.action)
		if c.kind != "text" {
			short = append(short, c.action)
		}
		if c.value.set && (c.kind != "flag" || c.value.value != "false") {
			given = append(given, c.action)
			t.Action, t.Text = c.action, c.value.value
			b.checkChoice(c)
		}
	}
	switch {
	case bare.set && slices.Contains(short, bare.value):
		t.Action = bare.value
	case bare.set && slices.Contains(names, bare.value):
		b.errorf(bare.pos, "%s has a text: write {%s: …}", bare.value, bare.value)
	case bare.set:
		b.errorf(bare.pos, "%q is none of %s%s", shorten(bare.value), strings.Join(names, ", "), meant(bare.value, names))
	case len(given) == 0 && listed:
		b.errorf(at, "what is done? give one of %s", strings.Join(names, ", "))
	case len(given) > 1:
		b.errorf(at, "the step has %s: give one, and the others as steps of their own", strings.Join(given, " and "))
	}
}

func (b *builder) checkChoice(c talkChoice) {
	switch {
	case c.kind == "text" && strings.TrimSpace(c.value.value) == "":
		b.errorf(c.value.pos, "%s needs a text", c.action)
	case c.kind == "flag" && c.value.value != "true":
		b.errorf(c.value.pos, "expected %s: true, found %q", c.action, shorten(c.value.value))
	}
}

// wantTasks reads the tasks that are expected.
func (b *builder) wantTasks(decl *wantTasksDecl) []WantTask {
	if decl == nil {
		return nil
	}
	out := []WantTask{}
	for _, t := range decl.list {
		b.oneOf(str{at: t.State.at, value: t.State.value, set: t.State.set}, "state", taskStates()...)
		out = append(out, WantTask{Line: t.pos.line, Of: t.Of.value, State: t.State.value, Says: anyOf(t.Says), Asks: questions(t.Asks)})
	}
	return out
}

// questions is one question or several; nothing for none.
func questions(d *rawData) []any {
	if d == nil {
		return nil
	}
	switch v := d.value.(type) {
	case []any:
		return append([]any{}, v...)
	case nil:
		return []any{}
	case string:
		if v == "" || v == "nothing" {
			return []any{}
		}
	}
	return []any{d.value}
}
