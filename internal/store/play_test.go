package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

const (
	subjects = 10
	projects = 4
)

// TestTurnsHoldAgainstAModel does at random what can happen to runs. On a shared
// database two stores do it.
func TestTurnsHoldAgainstAModel(t *testing.T) {
	moves := 300
	if testing.Short() {
		moves = 60
	}
	onEach(t, func(t *testing.T, d database) {
		for seed := range uint64(4) {
			g := &game{d: d, rnd: rand.New(rand.NewPCG(seed, 7)), clock: newClock()}
			g.model = newModel(g.clock)
			if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { g.play(t, moves) }) {
				return
			}
		}
	})
}

type game struct {
	d     database
	rnd   *rand.Rand
	clock *clock
	model *model
	s     *Store // which makes the next move
	other *Store
	// old are claims that may not hold any more.
	old []Claim
}

func (g *game) play(t *testing.T, moves int) {
	g.s = g.d.store(t, g.clock.now)
	reset(t, g.s)
	if g.other = g.s; g.d.shared() {
		g.other = g.d.store(t, g.clock.now)
	}
	table := []struct {
		weight int
		move   func(t *testing.T)
	}{
		{20, g.admit}, {25, g.claim}, {15, g.suspend}, {10, g.finish}, {10, g.record}, {8, g.wake}, {8, g.signal}, {6, g.cancel},
		{6, g.retry}, {4, g.giveBack}, {4, g.revive}, {4, g.stale}, {1, g.reopen},
	}
	total := 0
	for _, row := range table {
		total += row.weight
	}
	for range moves {
		dice := g.rnd.IntN(total)
		for _, row := range table {
			if dice -= row.weight; dice < 0 {
				row.move(t)
				break
			}
		}
		g.model.check(t, g.s)
		if g.s != g.other && g.rnd.IntN(4) == 0 {
			g.s, g.other = g.other, g.s
			clear(g.model.passed) // each store has its own idea of whose turn it is
		}
	}
}

// any is one of the runs in the states; nil if there is none.
func (g *game) any(states ...State) *modelRun {
	list := g.model.in(states...)
	if len(list) == 0 {
		return nil
	}
	return list[g.rnd.IntN(len(list))]
}

func (g *game) admit(t *testing.T) {
	var batch []Run
	for range 1 + g.rnd.IntN(3) {
		k := g.rnd.IntN(subjects)
		r := queuedRun(fmt.Sprint("run-", len(g.model.runs)), fmt.Sprint("issue:", k))
		r.Project = fmt.Sprint("P", k%projects)
		if g.rnd.IntN(12) == 0 {
			r.State = StateRejected
		}
		g.model.admit(&modelRun{id: r.ID, subject: r.Subject, project: r.Project, state: r.State})
		batch = append(batch, r)
	}
	admitRuns(t, g.s, batch...)
	admitRuns(t, g.s, batch...) // a delivery that is handed over again
}

func (g *game) claim(t *testing.T) {
	owner, n, l := fmt.Sprint("owner-", g.rnd.IntN(3)), 1+g.rnd.IntN(3), Limits{}
	if g.rnd.IntN(2) == 0 {
		l = Limits{Total: g.rnd.IntN(6), PerProject: g.rnd.IntN(3)}
	}
	got, err := g.s.Claim(t.Context(), owner, n, l)
	must(t, err)
	g.model.claimed(t, n, l, owner, got)
	g.old = append(g.old, got...)
}

func (g *game) suspend(t *testing.T) {
	r := g.any(StateRunning)
	if r == nil {
		return
	}
	w := Wait{For: "a sign", Step: r.steps, Yield: g.rnd.IntN(2) == 0}
	if g.rnd.IntN(2) == 0 {
		w.Signal = "signal-" + r.id
	}
	if w.Signal == "" || g.rnd.IntN(2) == 0 {
		w.Until = g.clock.now().Add(time.Duration(g.rnd.IntN(60)) * time.Minute)
	}
	for range 1 + g.rnd.IntN(2) {
		suspend(t, g.s, Claim{r.id, r.epoch}, w)
	}
	g.model.suspend(r, w)
}

func (g *game) finish(t *testing.T) {
	r := g.any(StateRunning)
	if r == nil {
		return
	}
	as := []State{StateSucceeded, StateFailed, StateCanceled}[g.rnd.IntN(3)]
	for range 1 + g.rnd.IntN(2) {
		end(t, g.s, Claim{r.id, r.epoch}, as)
	}
	g.model.end(r, as)
}

// record records a step. Behind a failed one a run has nothing to do but to end.
func (g *game) record(t *testing.T) {
	r := g.any(StateRunning)
	if r == nil || r.failed {
		return
	}
	rec := Record{Entry: toolStep(r.steps), Waited: r.noted}
	if r.failed = g.rnd.IntN(4) == 0; r.failed {
		r.failedAt = r.steps
		rec.Failure = &step.Failure{Message: "broken"}
	}
	for range 1 + g.rnd.IntN(2) {
		must(t, put(g.s, Claim{r.id, r.epoch}, rec))
	}
	r.steps, r.deaths, r.noted = r.steps+1, 0, false
}

func (g *game) wake(t *testing.T) {
	g.clock.add(time.Duration(g.rnd.IntN(40)) * time.Minute)
	due := g.model.due()
	wake(t, g.s, len(due))
	// Those that are due together go on in the order of their times.
	for len(due) > 0 {
		first := 0
		for i, r := range due {
			if r.wakeAt.Before(due[first].wakeAt) {
				first = i
			}
		}
		g.model.enter(due[first])
		due = append(due[:first], due[first+1:]...)
	}
}

func (g *game) signal(t *testing.T) {
	if len(g.model.runs) == 0 {
		return
	}
	r := g.model.runs[g.rnd.IntN(len(g.model.runs))]
	if waiting := g.any(StateWaiting); waiting != nil && g.rnd.IntN(3) > 0 {
		r = waiting
	}
	name := "signal-" + r.id
	signal(t, g.s, name, g.model.signal(r, name))
}

func (g *game) cancel(t *testing.T) {
	r := g.any(States()...)
	if r == nil {
		return
	}
	got, err := g.s.Cancel(t.Context(), r.id, "ann")
	switch {
	case r.state.Terminal():
		is(t, "Cancel", err, ErrOver)
		return
	case r.state == StateRunning:
		r.canceled = true
	default:
		r.canceled = true
		g.model.end(r, StateCanceled)
	}
	must(t, err)
	if got != r.state {
		t.Fatalf("Cancel = %s, want %s", got, r.state)
	}
}

func (g *game) retry(t *testing.T) {
	r := g.any(StateFailed, StateCanceled)
	if r == nil || g.rnd.IntN(4) == 0 {
		r = g.any(States()...)
	}
	if r == nil {
		return
	}
	err := g.s.Retry(t.Context(), r.id, "ann")
	switch {
	case r.state == StateFailed || r.state == StateCanceled:
		must(t, err)
		g.model.retry(r)
	case r.state.Terminal():
		is(t, "Retry", err, ErrOver)
	default:
		is(t, "Retry", err, ErrNotOver)
	}
}

func (g *game) giveBack(t *testing.T) {
	owner := fmt.Sprint("owner-", g.rnd.IntN(3))
	_, err := g.s.Release(t.Context(), owner)
	must(t, err)
	for _, r := range g.model.in(StateRunning) {
		if r.owner == owner {
			g.model.giveBack(r, 0)
		}
	}
}

// revive lets all but some of the owners be dead.
func (g *game) revive(t *testing.T) {
	alive := map[string]bool{}
	for i := range 3 {
		id := fmt.Sprint("owner-", i)
		beat(t, g.s, id)
		if alive[id] = g.rnd.IntN(3) > 0; !alive[id] {
			silence(t, g.s, id, time.Hour)
		}
	}
	_, err := g.s.Revive(t.Context(), time.Minute)
	must(t, err)
	for _, r := range g.model.in(StateRunning) {
		if !alive[r.owner] {
			g.model.giveBack(r, 1)
		}
	}
}

// stale writes under a claim that does not hold any more.
func (g *game) stale(t *testing.T) {
	if len(g.old) == 0 {
		return
	}
	c := g.old[g.rnd.IntN(len(g.old))]
	if r := g.model.byID[c.Run]; r.epoch == c.Epoch && (r.state == StateRunning || r.state.Terminal()) {
		return
	}
	is(t, "Finish under an old claim", g.s.Finish(t.Context(), c, Outcome{State: StateFailed}), ErrLost)
	is(t, "Record under an old claim", put(g.s, c, Record{Entry: toolStep(g.model.byID[c.Run].steps)}), ErrLost)
}

func (g *game) reopen(t *testing.T) {
	must(t, g.s.Close())
	again := g.d.store(t, g.clock.now)
	if g.other == g.s {
		g.other = again
	}
	g.s = again
	clear(g.model.passed)
}
