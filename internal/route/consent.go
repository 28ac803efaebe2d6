package route

import (
	"slices"

	"github.com/aofctl/aofctl/internal/event"
)

// Consent is a line of a new comment that answers a question of ours.
type Consent struct {
	// Approve is true for /approve, false for /reject.
	Approve bool
	// Code is the word behind it, as typed; "" for none.
	Code string
	// Words are the words behind the code, Text is their line and the lines below.
	Words []string
	Text  string
}

// Consents returns the decisions in a new comment, in order. What an automation or
// we ourselves wrote holds none, and neither does a comment that was edited: it
// may be another's by then.
func Consents(ev *event.Event, in Input) []Consent {
	if !said(ev, in) || !mayHold(ev.CommandText) {
		return nil
	}
	q := query{ev: ev, in: in}
	var list []Consent
	for _, c := range q.commands() {
		if !c.Slash || !slices.Contains([]string{"approve", "reject"}, c.Words[0]) {
			continue
		}
		consent := Consent{Approve: c.Words[0] == "approve"}
		words, _ := splitArgs(afterWords(c.Line, 1))
		if len(words) > 0 {
			consent.Code, consent.Words = words[0], words[1:]
			consent.Text = afterWords(c.Line, 2)
		}
		if c.Body != "" {
			consent.Text += "\n" + c.Body
		}
		list = append(list, consent)
	}
	return list
}

// isNewComment reports whether an event tells of a new comment, by whichever of the
// two names that Data Center has for it.
func isNewComment(ev *event.Event) bool {
	const name = "comment_created"
	return (ev.Source == event.SourceJira || ofPages(ev)) && (ev.Type == name || slices.Contains(ev.Also, name))
}

// Spoken reports whether an event is a new comment of a person, without commands:
// what may be the answer to a question.
func Spoken(ev *event.Event, in Input) bool {
	q := query{ev: ev, in: in}
	return said(ev, in) && !q.slashed()
}

// said reports whether a person wrote a comment anew: what stands in it is theirs.
func said(ev *event.Event, in Input) bool {
	return isNewComment(ev) && !ev.Reworded && !ev.CommentMarked && !isSelf(ev, in.Self) && !Automated(ev)
}
