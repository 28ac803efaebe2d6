package run_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// witness is a target that watches the promises from inside: steps that are on
// record do not happen again, and runs of one subject neither meet nor overtake
// each other.
type witness struct {
	t     *testing.T
	steps int

	mu       sync.Mutex
	recorded map[string]bool // steps whose entry the target was given
	happened map[string]int
	working  map[string]string // run by subject
	first    map[string][]string
	seen     map[string]bool
}

func newWitness(t *testing.T, steps int) *witness {
	return &witness{t: t, steps: steps, recorded: map[string]bool{}, happened: map[string]int{},
		working: map[string]string{}, first: map[string][]string{}, seen: map[string]bool{}}
}

func (w *witness) do(ctx context.Context, task run.Task, j step.Journal) (run.Result, error) {
	leave := w.enter(task.Run)
	defer leave()
	for i := range w.steps {
		name := fmt.Sprint("tool", i)
		if _, err := j.Do(ctx, step.KindTool, name, func(ctx context.Context, id string) (step.Entry, error) {
			w.mu.Lock()
			if w.recorded[id] {
				w.t.Errorf("step %s happened again after it was recorded", id)
			}
			w.happened[id]++
			w.mu.Unlock()
			select { // as long as a call takes
			case <-ctx.Done():
				return step.Entry{}, ctx.Err()
			case <-time.After(time.Duration(rand.IntN(3)) * time.Millisecond):
				return step.Entry{Output: []byte(`"ok"`), TokensIn: 1}, nil
			}
		}); err != nil {
			return run.Result{}, err
		}
		w.mu.Lock()
		w.recorded[fmt.Sprintf("%s:%d", task.Run.ID, i)] = true
		w.mu.Unlock()
	}
	return run.Result{Text: "done"}, nil
}

func (w *witness) enter(r store.Run) (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if other := w.working[r.Subject]; other != "" {
		w.t.Errorf("%s began while %s was at work on %s", r.ID, other, r.Subject)
	}
	w.working[r.Subject] = r.ID
	if !w.seen[r.ID] {
		w.seen[r.ID] = true
		w.first[r.Subject] = append(w.first[r.Subject], r.Delivery)
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.working, r.Subject)
	}
}

// TestRunsSurviveRestartsAtAnyMoment sends a few hundred events and restarts
// everything but the disk again and again meanwhile, with and without patience
// for the steps at work.
func TestRunsSurviveRestartsAtAnyMoment(t *testing.T) {
	const events, issues, restarts = 160, 25, 8
	s := settings{limit: 8, triggers: []*manifest.Trigger{trigger("any", nil)}}
	h := newHouse(t, s)
	w := newWitness(t, 3)
	h.exec.set(func(e *executor) { e.do = w.do })
	want := map[string][]string{}
	var ids []string
	rnd := rand.New(rand.NewPCG(1, 2))
	for n := range events {
		ev := created(fmt.Sprint(rnd.IntN(issues)))
		ev.Project = fmt.Sprint("P", rnd.IntN(4))
		ev.ContentKey = fmt.Sprint("event ", n)
		id := h.send(ev)
		h.send(ev) // the same told twice
		ids, want[ev.Subject] = append(ids, id), append(want[ev.Subject], id)
		if n%50 == 0 {
			h.again(s)
		}
	}
	for n := range restarts {
		h.await("some runs to end", func() bool {
			counts, err := h.store.Counts(context.Background())
			return err == nil && counts[store.StateSucceeded] >= int64(n*events/restarts)
		})
		s.grace = time.Duration(rnd.IntN(2)*rnd.IntN(20)) * time.Millisecond
		h.again(s)
	}
	t.Cleanup(h.stop)
	for _, id := range ids {
		r := h.over(id, 1)
		if r.State != store.StateSucceeded || r.Steps != w.steps || r.TokensIn != int64(w.steps) {
			t.Fatalf("run %s is %s after %d steps and %d tokens: %s", r.ID, r.State, r.Steps, r.TokensIn, r.Error)
		}
	}
	if diff := cmp.Diff(want, w.first); diff != "" {
		t.Errorf("order by subject (-accepted +ran):\n%s", diff)
	}
	again := 0
	for id, n := range w.happened {
		if !w.recorded[id] {
			t.Errorf("step %s is not on record", id)
		}
		again += n - 1
	}
	t.Logf("%d runs, %d steps, %d of them interrupted and done again", events, len(w.happened), again)
}
