package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is what the order of runs must be, written down as simply as possible:
// for each subject the runs that are not over, first come first.
type model struct {
	open    map[string][]string // by subject
	project map[string]string   // of a subject
	subject map[string]string   // of a run
	running map[string]bool
	over    []string
	// passed counts how often others were served since a project was ready.
	passed map[string]int
}

func newModel() *model {
	return &model{open: map[string][]string{}, project: map[string]string{}, subject: map[string]string{},
		running: map[string]bool{}, passed: map[string]int{}}
}

// ready are the runs whose turn it is.
func (m *model) ready() []string {
	var ids []string
	for _, line := range m.open {
		if len(line) > 0 && !m.running[line[0]] {
			ids = append(ids, line[0])
		}
	}
	return ids
}

func (m *model) projectOf(id string) string { return m.project[m.subject[id]] }

func (m *model) claimed(t *testing.T, n int, ids []string) {
	t.Helper()
	for i, id := range ids {
		ready := m.ready()
		if !slices.Contains(ready, id) {
			t.Fatalf("claimed %s of %s, whose line is %v", id, m.subject[id], m.open[m.subject[id]])
		}
		waiting := map[string]bool{}
		for _, other := range ready {
			waiting[m.projectOf(other)] = true
			if m.projectOf(other) == m.projectOf(id) && number(other) < number(id) {
				t.Fatalf("claimed %s before %s of the same project", id, other)
			}
		}
		for p := range waiting {
			m.passed[p]++
		}
		m.passed[m.projectOf(id)] = 0
		for p := range waiting {
			if m.passed[p] > projects {
				t.Fatalf("project %s was passed over %d times", p, m.passed[p])
			}
		}
		m.running[ids[i]] = true
	}
	if left := len(m.ready()); len(ids) < n && left > 0 {
		t.Fatalf("claimed %d of %d although %d more were ready", len(ids), n, left)
	}
}

func (m *model) finished(id string) {
	m.open[m.subject[id]] = m.open[m.subject[id]][1:]
	delete(m.running, id)
	m.over = append(m.over, id)
}

func number(id string) int {
	var n int
	_, _ = fmt.Sscanf(id, "run-%d", &n)
	return n
}

const (
	subjects = 12
	projects = 4
)

// TestOrderHoldsAgainstAModel admits, claims, finishes and restarts at random.
func TestOrderHoldsAgainstAModel(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { play(t, seed, 250) })
	}
}

func play(t *testing.T, seed uint64, moves int) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	dir, m := t.TempDir(), newModel()
	s, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	next := 0
	for range moves {
		switch dice := rnd.IntN(100); {
		case dice < 40:
			batch := randomRuns(rnd, m, &next)
			admit(t, s, batch...)
			admit(t, s, batch...) // a delivery that is handed over again
		case dice < 65:
			n := 1 + rnd.IntN(3)
			ids, err := s.Claim(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			m.claimed(t, n, ids)
		case dice < 92:
			if id := anyOf(rnd, m.running); id != "" {
				finish(t, s, id)
				finish(t, s, id)
				m.finished(id)
			}
		case dice < 96 && len(m.over) > 0:
			finish(t, s, m.over[rnd.IntN(len(m.over))])
		default:
			if s.Close() != nil {
				t.Fatal("could not close")
			}
			if s, err = Open(t.Context(), dir, nil); err != nil {
				t.Fatal(err)
			}
			clear(m.passed)
		}
		check(t, s, m)
	}
}

func randomRuns(rnd *rand.Rand, m *model, next *int) []Run {
	var batch []Run
	for range 1 + rnd.IntN(3) {
		*next++
		k := rnd.IntN(subjects)
		r := queuedRun(fmt.Sprintf("run-%d", *next), fmt.Sprint("issue:", k))
		r.Project = fmt.Sprint("P", k%projects)
		m.subject[r.ID], m.project[r.Subject] = r.Subject, r.Project
		if rnd.IntN(8) == 0 {
			r.State = StateRejected
		} else {
			m.open[r.Subject] = append(m.open[r.Subject], r.ID)
		}
		batch = append(batch, r)
	}
	return batch
}

func anyOf(rnd *rand.Rand, set map[string]bool) string {
	ids := slices.Sorted(func(yield func(string) bool) {
		for id := range set {
			if !yield(id) {
				return
			}
		}
	})
	if len(ids) == 0 {
		return ""
	}
	return ids[rnd.IntN(len(ids))]
}

// check compares what the database holds with the model.
func check(t *testing.T, s *Store, m *model) {
	t.Helper()
	running, err := s.Running(t.Context())
	if err != nil || len(running) != len(m.running) {
		t.Fatalf("running are %v, %v; want %v", running, err, m.running)
	}
	for _, id := range running {
		if !m.running[id] {
			t.Fatalf("%s is running, the model has %v", id, m.running)
		}
	}
	rows, err := s.db.Query(`SELECT id FROM runs WHERE state = 'queued' AND ready = 1`)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := collectStrings(rows)
	if err != nil {
		t.Fatal(err)
	}
	want := m.ready()
	slices.Sort(ready)
	slices.Sort(want)
	if !slices.Equal(ready, want) {
		t.Fatalf("ready are %v, want %v", ready, want)
	}
}
