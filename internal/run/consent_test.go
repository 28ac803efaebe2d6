package run_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/tool"
)

// desk takes decisions as it is told.
type desk struct {
	mu      sync.Mutex
	answers []approval.Answer
	err     error
	// question is the code of the one that alice is asked; "" for none.
	question string
}

func (d *desk) Decide(_ context.Context, a approval.Answer) (store.Approval, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answers = append(d.answers, a)
	if d.err != nil {
		return store.Approval{}, fmt.Errorf("decide %s: %w", a.Code, d.err)
	}
	return store.Approval{Code: a.Code, State: store.ApprovalApproved, DecidedBy: a.Person.AccountID}, nil
}

func (d *desk) Questioned(_ context.Context, _, subject string, who tool.Person) (string, error) {
	if subject == "issue:1" && who.AccountID == "alice" {
		return d.question, nil
	}
	return "", nil
}

func (d *desk) taken() []approval.Answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.answers)
}

func TestACommentWithADecisionStartsNothingElse(t *testing.T) {
	cases := map[string]struct {
		text, question string
		err            error
		state          inbox.State
		reason         string
		codes          []string
		reply          string
		runs           int
	}{
		"taken":              {"/approve K7QX2M\n/deploy", "", nil, inbox.StateRouted, "question K7QX2M is approved by alice", []string{"K7QX2M"}, "", 0},
		"several":            {"/approve K7QX2M\n/approve AAAAAA", "", nil, inbox.StateRouted, "question AAAAAA", []string{"K7QX2M", "AAAAAA"}, "", 0},
		"not allowed":        {"/approve K7QX2M", "", approval.ErrNotAllowed, inbox.StateRouted, "decision refused", []string{"K7QX2M"}, "This does not count: ", 0},
		"closed":             {"/reject K7QX2M", "", approval.ErrClosed, inbox.StateRouted, "closed", []string{"K7QX2M"}, "closed", 0},
		"unclear":            {"/approve K7QX2M all but 2", "", approval.ErrUnclear, inbox.StateRouted, "not clear", []string{"K7QX2M"}, "not clear", 0},
		"a guessed code":     {"/approve ZZZZZZ", "", approval.ErrUnknown, inbox.StateRouted, "no question", []string{"ZZZZZZ"}, "no question", 0},
		"a trigger's own":    {"/approve the budget", "", approval.ErrUnknown, inbox.StateRouted, "trigger any", []string{"the"}, "", 1},
		"an answer in words": {"It is version 2.", "K7QX2M", nil, inbox.StateRouted, "the answer to question K7QX2M", []string{"K7QX2M"}, "", 0},
		"a command is none":  {"/deploy", "K7QX2M", nil, inbox.StateRouted, "trigger any", nil, "", 1},
		"nobody is asked":    {"It is version 2.", "", nil, inbox.StateIgnored, "", nil, "", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := &desk{err: c.err, question: c.question}
			h := newHouse(t, settings{dispatch: func(cfg *run.DispatcherConfig) { cfg.Desk = d }, triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) {
				tr.Commands = []manifest.Command{{Name: "deploy", Target: tr.Default}, {Name: "approve", Target: tr.Default}}
				tr.Default = manifest.Target{}
			})}})
			ev := comment("1", "c1", c.text)
			ev.Vars["comment_body"] = c.text
			id := h.send(ev)
			got := h.settled(id)
			if got.State != c.state || !strings.Contains(got.Reason, c.reason) {
				t.Errorf("%s: %s, want %s: %s", got.State, got.Reason, c.state, c.reason)
			}
			var codes []string
			for _, a := range d.taken() {
				codes = append(codes, a.Code)
				if a.Person == nil || a.Person.AccountID != "alice" {
					t.Errorf("answer of %+v", a.Person)
				}
			}
			if diff := cmp.Diff(c.codes, codes); diff != "" {
				t.Errorf("decided (-want +got):\n%s", diff)
			}
			if c.reply != "" {
				h.over(id, 1)
				if all := h.replies.all(); len(all) != 1 || !strings.Contains(all[0], c.reply) {
					t.Errorf("replies %q", all)
				}
			}
			if c.runs > 0 {
				h.over(id, 1)
			}
			if n := len(h.exec.done()); n != c.runs {
				t.Errorf("%d runs, want %d", n, c.runs)
			}
		})
	}
}

// forgetful is an inbox that does not keep what became of deliveries.
type forgetful struct{ run.Deliveries }

func (forgetful) Finish(context.Context, []inbox.Outcome) error {
	return errors.New("the disk is full")
}

// TestADecisionThatWasCutOffCountsOnce stops the dispatcher between the decision and
// the record of what became of the comment.
func TestADecisionThatWasCutOffCountsOnce(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) { tr.Events = []string{"issue_created"} })}})
	d := approval.New(approval.Config{Store: h.store, Code: func() string { return "K7QX2M" }, Approvers: []string{"alice"}})
	h.exec.do = func(ctx context.Context, task run.Task, j step.Journal) (run.Result, error) {
		got, err := d.Ask(ctx, j, approval.Question{Kind: approval.KindCall, Run: task.Run.ID, Items: []approval.Item{{Tool: "a", Args: json.RawMessage(`{}`)}}}, nil)
		return run.Result{Text: fmt.Sprint(got.Approved, " by ", got.By)}, err
	}
	asked := h.send(created("1"))
	h.await("the run to wait", func() bool {
		r, err := h.store.Run(t.Context(), asked+"-1")
		return err == nil && r.State == store.StateWaiting
	})
	h.again(settings{dispatch: func(cfg *run.DispatcherConfig) { cfg.Desk, cfg.Inbox = d, forgetful{h.inbox} }})
	said := h.send(comment("1", "c1", "/approve K7QX2M"))
	if r := h.over(asked, 1); r.Result != "true by alice" {
		t.Errorf("run %+v", r)
	}
	h.again(settings{dispatch: func(cfg *run.DispatcherConfig) { cfg.Desk = d }})
	if got := h.settled(said); got.State != inbox.StateRouted || got.Reason != "question K7QX2M is approved by alice" || len(h.replies.all()) != 0 {
		t.Errorf("%s: %s, replies %q", got.State, got.Reason, h.replies.all())
	}
	trail, err := h.store.AuditTrail(t.Context(), store.AuditFilter{Kind: "approval"})
	if err != nil || len(trail) != 1 {
		t.Errorf("audit %+v, %v", trail, err)
	}
}
