package run_test

import (
	"context"
	"slices"
	"sync"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
)

// Variables implements route.Asker: what can never be told is no error.
func (p *platform) Variables(ctx context.Context, ev *event.Event, names []string) (map[string]any, error) {
	names = p.Askable(ev, names)
	if len(names) == 0 {
		return nil, nil
	}
	vars, err := p.Enrich(ctx, ev, names)
	if _, away := err.(busyError); away {
		return nil, err
	}
	return vars, nil
}

// Matches implements route.Asker.
func (p *platform) Matches(_ context.Context, ev *event.Event, jql string) (route.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if ev.IssueID != "" && ev.IssueID == p.busy {
		return route.AnswerUnknown, busyError{}
	}
	return p.answers[jql], nil
}

// Mark implements route.Asker.
func (p *platform) Mark(_ context.Context, ev *event.Event) (int, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	depth, marked := p.marks[ev.CommentID]
	return depth, marked, nil
}

// replies posts the texts of replies.
type replies struct {
	mu     sync.Mutex
	posted []string
}

func (r *replies) Needs(run.Task) ([]string, error) { return nil, nil }

func (r *replies) Execute(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posted = append(r.posted, task.Run.Target+": "+task.Work.Response)
	return run.Result{Text: task.Work.Response}, nil
}

func (r *replies) Explain(context.Context, run.Task, step.Journal, string) error { return nil }

func (r *replies) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.posted)
}
