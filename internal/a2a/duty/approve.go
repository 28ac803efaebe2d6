package duty

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// The steps of an approval in a conversation. The first is the one for which
// decisions that come another way are meant: see approval.Await.
const (
	approvalWait = "approval"
	replyStep    = "reply"
)

// Decide implements gate.User. A user who may decide is asked in the conversation,
// and their reply counts as their decision; the issue is told nothing of it.
// Otherwise the approvers are asked as always, and the user is told who they are.
func (d *Duty) Decide(ctx context.Context, journal step.Journal, q approval.Question, post approval.Post) (approval.Decision, error) {
	if d.cfg.Desk == nil {
		return approval.Decision{Reason: "there is nobody to ask for approval here"}, nil
	}
	if d.cfg.Person != (tool.Person{}) && d.cfg.Desk.May(q, d.cfg.Person) {
		return d.cfg.Desk.AskBy(ctx, journal, q, nil, d.await)
	}
	return d.cfg.Desk.AskBy(ctx, journal, q, post, func(ctx context.Context, journal step.Journal, asked approval.Asked) (json.RawMessage, error) {
		if _, recorded := journal.Next(); !recorded {
			d.tell(ctx, "approval:"+asked.Code, status(a2a.Working, elsewhere(asked, post != nil)))
		}
		answer, err := journal.Wait(ctx, approvalWait, asked.Pause)
		return answer.Output, err
	})
}

// elsewhere tells whom the run waits for.
func elsewhere(q approval.Asked, posted bool) string {
	who := "an operator, with `aofctl approve " + q.Code + "`"
	if len(q.Approvers) > 0 {
		who = "one of its approvers, with `aofctl approve " + q.Code + "`"
		if posted && q.Place != "" {
			who = "one of its approvers, with the comment `/approve " + q.Code + "` on " + q.Place
		}
	}
	return "Waiting for approval of " + what(q.Question) + " by " + who + "."
}

func what(q approval.Question) string {
	switch q.Kind {
	case approval.KindCall:
		if len(q.Items) == 1 {
			return "a change (" + toolName(q.Items[0].Tool) + ")"
		}
	case approval.KindProposals:
		return strconv.Itoa(len(q.Items)) + " proposed changes"
	case approval.KindFlow:
		return "the next step"
	case approval.KindQuestion:
	}
	return "a change"
}

// await asks the user until they decide, or somebody else does. A call is asked
// for once: what is neither yes nor no goes to the model, which can ask again. Of
// other questions no model would hear it.
func (d *Duty) await(ctx context.Context, journal step.Journal, asked approval.Asked) (json.RawMessage, error) {
	hint, before := "", ""
	for {
		text := asked.Proposal(asked.Code) + "\n\n" + hint + replyWith(asked)
		a, err := d.ask(ctx, journal, askStep, func(string) string { return "" }, status(a2a.InputRequired, text), asked.Pause.Signal)
		if err != nil {
			return nil, err
		}
		reply := a.Answer
		// What a signal brings may be known already, if the run was interrupted
		// between the question and the wait for its answer.
		for reply == nil || reply.ID == before && before != "" {
			told, err := journal.Wait(ctx, approvalWait, asked.Pause)
			if err != nil {
				return nil, err
			}
			if reply = messageOf(told.Output); reply == nil {
				return d.otherwise(ctx, journal, a.Key, told.Output)
			}
		}
		before = reply.ID
		r, err := d.reply(ctx, journal, asked, *reply)
		if err != nil || len(r.Decision) > 0 {
			return r.Decision, err
		}
		d.setAside(*reply)
		hint = r.Hint + "\n\n"
	}
}

// otherwise takes back the question that somebody else decided, or whose time is
// up. What the user said to it meanwhile is heard later.
func (d *Duty) otherwise(ctx context.Context, journal step.Journal, key string, decision json.RawMessage) (json.RawMessage, error) {
	late, err := d.withdraw(ctx, journal, key)
	if late != nil {
		d.setAside(*late)
	}
	return decision, err
}

// replied is what the step that reads a reply has on record.
type replied struct {
	Decision json.RawMessage `json:"decision,omitempty"`
	// Hint tells the user why their reply decided nothing.
	Hint string `json:"hint,omitempty"`
}

// reply takes the user's decision in their name.
func (d *Duty) reply(ctx context.Context, journal step.Journal, asked approval.Asked, m a2a.Message) (replied, error) {
	var r replied
	err := d.record(ctx, journal, replyStep, &r, func(ctx context.Context, _ string) error {
		return durable.Persist(ctx, "take a decision", func() (err error) {
			r, err = d.take(ctx, asked, wordsOf(d.cfg.Caller, m))
			return err
		})
	})
	return r, err
}

func (d *Duty) take(ctx context.Context, asked approval.Asked, words string) (replied, error) {
	a, plain := read(words, asked.Code)
	if !plain && asked.Kind == approval.KindCall {
		a, plain = approval.Answer{Reason: "the user neither approved nor rejected it, but said: " + words}, true
	}
	if !plain {
		r, err := d.decided(ctx, asked.Code)
		r.Hint = "That is neither a yes nor a no."
		return r, err
	}
	a.Code, a.Person, a.Site = asked.Code, &d.cfg.Person, d.cfg.Site
	_, err := d.cfg.Desk.Decide(ctx, a)
	switch {
	case errors.Is(err, approval.ErrUnclear), errors.Is(err, approval.ErrNotAllowed):
		return replied{Hint: "This does not count: " + err.Error() + "."}, nil
	case err != nil && !errors.Is(err, approval.ErrClosed):
		return replied{}, err
	}
	return d.decided(ctx, asked.Code)
}

// decided is the decision that there is, whoever took it.
func (d *Duty) decided(ctx context.Context, code string) (replied, error) {
	decision, err := d.cfg.Desk.Decided(ctx, code)
	return replied{Decision: decision}, err
}

// replyWith says how to reply.
func replyWith(q approval.Asked) string {
	some := ""
	if q.Kind == approval.KindProposals && len(q.Items) > 1 {
		some = ", `approve 1 2` for some of them,"
	}
	return fmt.Sprintf("Reply `approve`%s or `reject` with a reason.", some)
}

var firstWord = regexp.MustCompile(`^/?([\p{L}]+)[.,:;!]*(?:\s+|$)`)

// read tells what somebody means by a reply: "approve", "/approve K7QX2M 1 2", "yes"
// or "reject, since …". It is plain only if nothing but the code and numbers stands
// behind a yes: what else there is may be a condition.
func read(words, code string) (a approval.Answer, plain bool) {
	words = strings.TrimSpace(strings.Trim(strings.TrimSpace(words), "`*_\""))
	m := firstWord.FindStringSubmatch(words)
	if m == nil {
		return a, false
	}
	rest := strings.TrimSpace(words[len(m[0]):])
	if first, others, _ := strings.Cut(rest, " "); approval.Code(first) == code {
		rest = strings.TrimSpace(others)
	}
	switch strings.ToLower(m[1]) {
	case "approve", "approved":
		a.Approve, a.Words = true, strings.Fields(rest)
		return a, !slices.ContainsFunc(a.Words, func(w string) bool { return strings.Trim(w, "#,.;0123456789") != "" && w != "and" && w != "&" })
	case "yes":
		return approval.Answer{Approve: true}, rest == ""
	case "reject", "rejected":
		return approval.Answer{Reason: rest}, true
	case "no":
		return approval.Answer{Reason: rest}, true
	}
	return a, false
}
