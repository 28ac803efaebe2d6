package store

import (
	"slices"
	"testing"
	"time"
)

// modelRun is what a run must be like.
type modelRun struct {
	id, subject, project string
	seq                  int
	state                State
	epoch                int64
	owner                string
	deaths, steps        int
	// yields is true while it waits and lets others go.
	yields bool
	wakeAt time.Time
	signal string
	// canceled is true once somebody asked for its end.
	canceled bool
	failed   bool // its last step failed, or one before the waits behind it
	failedAt int
	// noted is true while it is on record that it waits, or waited, in its next
	// step, noticed the signal for that.
	noted   bool
	noticed string
	// plain is true for as long as it never yielded nor was tried again.
	plain, started bool
}

func (r *modelRun) open() bool {
	return !r.state.Terminal() && (r.state != StateWaiting || !r.yields)
}

// model is what runs must be like, written down as simply as possible: in each
// subject one of the open runs has the turn, and when it has ended or yields,
// that which was admitted first gets it.
type model struct {
	runs  []*modelRun
	byID  map[string]*modelRun
	turn  map[string]*modelRun // by subject
	clock *clock
	// passed counts how often others were served since a project was ready.
	passed map[string]int
	// kept are signals that came too early.
	kept map[string]bool
}

func newModel(c *clock) *model {
	return &model{byID: map[string]*modelRun{}, turn: map[string]*modelRun{}, clock: c, passed: map[string]int{}, kept: map[string]bool{}}
}

// in are the runs in one of the states, in the order of their admission.
func (m *model) in(states ...State) []*modelRun {
	return slices.DeleteFunc(slices.Clone(m.runs), func(r *modelRun) bool { return !slices.Contains(states, r.state) })
}

// enter puts a run into the queue. It has the turn if nobody else has it.
func (m *model) enter(r *modelRun) {
	r.state, r.owner, r.yields, r.signal = StateQueued, "", false, ""
	if m.turn[r.subject] == nil {
		m.turn[r.subject] = r
	}
}

// pass takes the turn from a run.
func (m *model) pass(r *modelRun) {
	if m.turn[r.subject] != r {
		return
	}
	delete(m.turn, r.subject)
	for _, o := range m.in(StateQueued) {
		if o.subject == r.subject && o != r {
			m.turn[r.subject] = o
			return
		}
	}
}

func (m *model) admit(r *modelRun) {
	r.seq, r.plain = len(m.runs), true
	m.runs, m.byID[r.id] = append(m.runs, r), r
	if r.state == StateQueued {
		m.enter(r)
	}
}

func (m *model) end(r *modelRun, as State) {
	r.state, r.owner, r.signal, r.yields, r.noted = as, "", "", false, false
	m.pass(r)
}

func (m *model) suspend(r *modelRun, w Wait) {
	if r.canceled {
		m.end(r, StateCanceled)
		return
	}
	r.state, r.owner, r.yields, r.wakeAt, r.signal = StateWaiting, "", w.Yield, w.Until, w.Signal
	if w.Yield {
		r.plain = false
		m.pass(r)
	}
	if r.noted, r.noticed = true, w.Signal; w.Signal != "" && m.kept[w.Signal] {
		delete(m.kept, w.Signal)
		m.answer(r)
	}
}

// answer gives a run what it waits for.
func (m *model) answer(r *modelRun) {
	r.steps, r.deaths, r.noted = r.steps+1, 0, false
	if r.state == StateWaiting {
		m.enter(r)
	}
}

// signal reports whether somebody waits for the signal of a run, which is told.
func (m *model) signal(r *modelRun, signal string) bool {
	waits := r.noted && r.noticed == signal
	if waits && r.state != StateRunning {
		m.answer(r)
	} else {
		m.kept[signal] = true
	}
	return waits
}

// due are the runs whose waiting is over.
func (m *model) due() []*modelRun {
	return slices.DeleteFunc(m.in(StateWaiting), func(r *modelRun) bool {
		return r.wakeAt.IsZero() || r.wakeAt.After(m.clock.now())
	})
}

// giveBack takes a run from its owner, who died or stopped.
func (m *model) giveBack(r *modelRun, deaths int) {
	r.deaths += deaths
	switch {
	case r.canceled:
		m.end(r, StateCanceled)
	case r.deaths >= maxDeaths:
		m.end(r, StateFailed)
	default:
		r.state, r.owner = StateQueued, ""
	}
}

func (m *model) retry(r *modelRun) {
	if r.failed {
		r.steps = r.failedAt
	}
	r.deaths, r.canceled, r.failed, r.plain = 0, false, false, false
	m.enter(r)
}

// ready are the runs that can be claimed.
func (m *model) ready() []*modelRun {
	return slices.DeleteFunc(m.in(StateQueued), func(r *modelRun) bool { return m.turn[r.subject] != r })
}

func (m *model) running(project string) int {
	n := 0
	for _, r := range m.in(StateRunning) {
		if project == "" || r.project == project {
			n++
		}
	}
	return n
}

// claimed checks one claim after the other against what was ready.
func (m *model) claimed(t *testing.T, n int, l Limits, owner string, claims []Claim) {
	t.Helper()
	for _, c := range claims {
		r := m.byID[c.Run]
		waiting := map[string]bool{}
		for _, o := range m.ready() {
			if l.PerProject == 0 || m.running(o.project) < l.PerProject {
				waiting[o.project] = true
			}
			if o.project == r.project && o.seq < r.seq {
				t.Fatalf("claimed %s before %s of the same project", r.id, o.id)
			}
		}
		if !slices.Contains(m.ready(), r) || !waiting[r.project] || (l.Total > 0 && m.running("") >= l.Total) {
			t.Fatalf("claimed %s of %s with the limits %+v; the turn is %v's", r.id, r.subject, l, m.turn[r.subject])
		}
		m.fair(t, r.project, waiting)
		m.inOrder(t, r)
		r.epoch++
		if c.Epoch != r.epoch {
			t.Fatalf("claim %v has another epoch than %d", c, r.epoch)
		}
		r.state, r.owner, r.started = StateRunning, owner, true
	}
	if len(claims) < n && (l.Total == 0 || m.running("") < l.Total) {
		for _, r := range m.ready() {
			if l.PerProject == 0 || m.running(r.project) < l.PerProject {
				t.Fatalf("claimed %d of %d with the limits %+v although %s was ready", len(claims), n, l, r.id)
			}
		}
	}
}

// fair fails if a project is passed over more often than there are others.
func (m *model) fair(t *testing.T, served string, waiting map[string]bool) {
	t.Helper()
	for p := range waiting {
		m.passed[p]++
	}
	m.passed[served] = 0
	for p := range waiting {
		if m.passed[p] > projects {
			t.Fatalf("project %s was passed over %d times", p, m.passed[p])
		}
	}
}

// inOrder fails if a run starts before an earlier one of its subject, of those
// that never gave their place away.
func (m *model) inOrder(t *testing.T, r *modelRun) {
	t.Helper()
	if !r.plain || r.started {
		return
	}
	for _, o := range m.runs {
		if o.subject == r.subject && o.plain && o.seq < r.seq && !o.state.Terminal() {
			t.Fatalf("%s starts before %s, which is %s", r.id, o.id, o.state)
		}
	}
}

// check compares what the database holds with the model.
func (m *model) check(t *testing.T, s *Store) {
	t.Helper()
	rows, err := s.query(t.Context(), `SELECT id, state, open, ready, owner, epoch, deaths, steps FROM runs`)
	must(t, err)
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var got modelRun
		var open, ready bool
		must(t, rows.Scan(&got.id, &got.state, &open, &ready, &got.owner, &got.epoch, &got.deaths, &got.steps))
		r := m.byID[got.id]
		if got.state != r.state || got.owner != r.owner || got.epoch != r.epoch || got.deaths != r.deaths || got.steps != r.steps || open != r.open() {
			t.Fatalf("%s is %+v, open %v; want %+v", r.id, got, open, *r)
		}
		if turn := m.turn[r.subject] == r; r.state == StateQueued && ready != turn {
			t.Fatalf("%s is ready: %v, want %v", r.id, ready, turn)
		}
	}
	if n != len(m.runs) {
		t.Fatalf("%d runs, want %d", n, len(m.runs))
	}
	m.lost(t)
}

// lost fails if nobody has the turn in a subject with open runs: they would never
// go on. It also makes sure of the model itself.
func (m *model) lost(t *testing.T) {
	t.Helper()
	atWork := map[string]int{}
	for _, r := range m.runs {
		if r.open() && m.turn[r.subject] == nil {
			t.Fatalf("%s is open and nobody has the turn in %s", r.id, r.subject)
		}
		if r.state == StateRunning {
			atWork[r.subject]++
		}
		if atWork[r.subject] > 1 || (r.state == StateRunning && m.turn[r.subject] != r) {
			t.Fatalf("%s runs beside another", r.id)
		}
	}
}
