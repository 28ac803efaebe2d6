package durable

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
	"github.com/aofctl/aofctl/internal/store"
)

// op is one thing that a strand does: a step, a wait or branches.
type op struct {
	name string
	// fails is why the step has no result, busy how often it asks for a minute.
	fails string
	busy  int
	// signal or within end a wait.
	signal string
	within time.Duration
	// branches are strands at the same time, at most so many.
	branches [][]op
	most     int
}

// randomProgram makes the strand of a branch, with the signals that it waits for.
func randomProgram(rnd *rand.Rand, path string, depth int, signals *[]string) []op {
	var strand []op
	for i := range 1 + rnd.IntN(4) {
		o := op{name: fmt.Sprint("op", i)}
		switch dice := rnd.IntN(10); {
		case dice < 4:
		case dice == 4:
			o.fails = "no " + o.name
		case dice == 5:
			o.busy = 1 + rnd.IntN(2)
		case dice == 6:
			o.within = time.Duration(1+rnd.IntN(3)) * time.Minute
		case dice == 7 || depth == 0:
			o.signal = fmt.Sprintf("%s-%d", path, i)
			*signals = append(*signals, o.signal)
		default:
			o.most = rnd.IntN(3)
			for b := range 1 + rnd.IntN(3) {
				o.branches = append(o.branches, randomProgram(rnd, fmt.Sprintf("%s/%d-%d", path, i, b), depth-1, signals))
			}
		}
		strand = append(strand, o)
	}
	return strand
}

// machine carries programs out.
type machine struct {
	mu sync.Mutex
	// tried counts the tries of steps, by id.
	tried map[string]int
	// began is called with each step that begins.
	began func(id string)
}

// strand carries a strand out and says what came of it.
func (m *machine) strand(ctx context.Context, j step.Journal, ops []op) (string, error) {
	var said []string
	for i, o := range ops {
		word, err := m.op(ctx, j, i, o)
		var failure *step.Failure
		if errors.As(err, &failure) {
			word, err = "failed: "+failure.Message, nil
		}
		if err != nil {
			return "", err
		}
		said = append(said, word)
	}
	return "(" + strings.Join(said, " ") + ")", nil
}

func (m *machine) op(ctx context.Context, j step.Journal, i int, o op) (string, error) {
	switch {
	case o.branches != nil:
		return m.parallel(ctx, j, i, o)
	case o.signal != "" || o.within > 0:
		e, err := j.Wait(ctx, o.name, step.Pause{For: o.name, Signal: o.signal, Within: o.within})
		return "heard " + string(e.Output), err
	}
	e, err := j.Do(ctx, step.KindTool, o.name, func(_ context.Context, id string) (step.Entry, error) {
		m.began(id)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.tried[id]++
		switch {
		case o.fails != "":
			return step.Entry{}, errors.New(o.fails)
		case m.tried[id] <= o.busy:
			return step.Entry{}, flaky{time.Minute}
		}
		return step.Entry{Output: []byte(fmt.Sprintf("%q", id))}, nil
	})
	return "did " + string(e.Output), err
}

func (m *machine) parallel(ctx context.Context, j step.Journal, i int, o op) (string, error) {
	said := make([]string, len(o.branches))
	var strands []step.Strand
	for b, ops := range o.branches {
		strands = append(strands, step.Strand{Name: fmt.Sprintf("%d-%d", i, b), Run: func(ctx context.Context, j step.Journal) (err error) {
			said[b], err = m.strand(ctx, j, ops)
			return err
		}})
	}
	errs, err := step.Parallel(ctx, j, o.most, strands...)
	return strings.Join(said, "|"), errors.Join(append([]error{err}, errs...)...)
}

// expected is what comes of a program that nothing disturbs, in memory.
func expected(t *testing.T, ops []op, signals []string) string {
	t.Helper()
	m, r, said := &machine{tried: map[string]int{}, began: func(string) {}}, &steptest.Run{Name: "r"}, ""
	ops = withoutBusy(ops) // a run in memory tries once
	for _, s := range signals {
		r.Signal(s, []byte(fmt.Sprintf("%q", s)))
	}
	for range 1000 {
		err := r.Play(t.Context(), func(ctx context.Context, j step.Journal) (err error) {
			said, err = m.strand(ctx, j, ops)
			return err
		})
		if err == nil {
			return said
		}
		if !errors.Is(err, step.ErrWaiting) {
			t.Fatal(err)
		}
		r.Pass(time.Minute)
	}
	t.Fatal("the program does not end")
	return ""
}

func withoutBusy(ops []op) []op {
	var out []op
	for _, o := range ops {
		o.busy = 0
		for b := range o.branches {
			o.branches = append([][]op{}, o.branches...)
			o.branches[b] = withoutBusy(o.branches[b])
		}
		out = append(out, o)
	}
	return out
}

// TestProgramsEndTheSameWhateverHappensMeanwhile carries out random programs of
// steps, failures, pauses, waits and branches, while the process dies, answers of
// the database get lost, signals come at any time and the clock goes on. No
// finished step happens again, and what comes of the program is what comes of it
// when nothing happens.
func TestProgramsEndTheSameWhateverHappensMeanwhile(t *testing.T) {
	open := map[string]func(t *testing.T, now func() time.Time) (*store.Store, error){
		"sqlite": func(t *testing.T, now func() time.Time) (*store.Store, error) {
			return store.Open(t.Context(), t.TempDir(), now)
		},
		"postgres": func(t *testing.T, now func() time.Time) (*store.Store, error) {
			return store.OpenPostgres(t.Context(), pgtest.Database(t), now)
		},
	}
	for name, seeds := range map[string]uint64{"sqlite": 40, "postgres": 15} {
		t.Run(name, func(t *testing.T) {
			h := newWorld(t, open[name])
			for seed := range seeds {
				if testing.Short() && seed%3 > 0 {
					continue
				}
				t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { h.compare(t, seed) })
			}
		})
	}
}

// compare carries a program out and in memory.
func (w *world) compare(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 11))
	var signals []string
	id := fmt.Sprint("r", seed)
	ops := randomProgram(rnd, id, 2, &signals)
	want := strings.ReplaceAll(expected(t, ops, signals), `"r:`, `"`+id+`:`)
	if got := w.play(t, rnd, id, ops, signals); got != want {
		t.Errorf("it ended with\n%s, want\n%s", got, want)
	}
}

// world is a house whose clock goes on and whose storage loses answers.
type world struct {
	*house
	mu      sync.Mutex
	now     time.Time
	dice    *rand.Rand
	records map[string]bool // steps whose record was answered, by id
}

func newWorld(t *testing.T, open func(t *testing.T, now func() time.Time) (*store.Store, error)) *world {
	t.Helper()
	w := &world{now: time.Now(), records: map[string]bool{}}
	s, err := open(t, w.clock)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	w.house = &house{t: t, store: s}
	w.storage = &forgetful{Store: s, w: w}
	return w
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) roll(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dice.IntN(n)
}

// forgetful is a storage whose answers get lost, and its requests, too.
type forgetful struct {
	*store.Store
	w *world
}

func (f *forgetful) Record(ctx context.Context, c store.Claim, r store.Record) (int, error) {
	luck := f.w.roll(30)
	if luck == 0 {
		return 0, errAway
	}
	index, err := f.Store.Record(ctx, c, r)
	if err == nil && luck == 1 {
		return 0, errAway
	}
	if err == nil {
		f.w.mu.Lock()
		f.w.records[fmt.Sprintf("%s:%s:%d", c.Run, r.Entry.Branch, r.Pos)] = true
		f.w.mu.Unlock()
	}
	return index, err
}

func (f *forgetful) Await(ctx context.Context, c store.Claim, wait store.Wait) (*store.Record, error) {
	rec, err := f.Store.Await(ctx, c, wait)
	if f.w.roll(30) == 0 {
		return nil, errAway
	}
	return rec, err
}

func (f *forgetful) Suspend(ctx context.Context, c store.Claim, waits ...store.Wait) error {
	err := f.Store.Suspend(ctx, c, waits...)
	if f.w.roll(30) == 0 {
		return errAway
	}
	return err
}

// began fails if a step begins whose record was answered.
func (w *world) began(t *testing.T) func(id string) {
	return func(id string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if strings.Count(id, ":") == 1 {
			id = strings.Replace(id, ":", "::", 1)
		}
		if w.records[id] {
			t.Errorf("step %s happened again", id)
		}
	}
}

// play takes a run to its end and returns what came of it.
func (w *world) play(t *testing.T, rnd *rand.Rand, id string, ops []op, signals []string) string {
	w.dice = rand.New(rand.NewPCG(rnd.Uint64(), 1))
	m := &machine{tried: map[string]int{}, began: w.began(t)}
	work := func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		said, err := m.strand(ctx, j, ops)
		if err != nil {
			return outcome(err)
		}
		return store.Outcome{State: store.StateSucceeded, Result: said}
	}
	opts := Options{Now: w.clock, Retry: Retry{Tries: 5, Base: time.Millisecond, Max: time.Millisecond}}
	w.admit(id)
	e := w.engine(work, opts)
	deadline := time.Now().Add(patience)
	for moves := 0; ; moves++ {
		r := w.run(id)
		if r.State.Terminal() {
			w.halt(e)
			return r.Result + r.Error
		}
		if time.Now().After(deadline) {
			t.Fatalf("the run is %s and waits for %q after %d moves", r.State, r.WaitsFor, moves)
		}
		switch rnd.IntN(8) {
		case 0: // the process dies
			w.halt(e)
			if _, err := w.store.Release(t.Context(), "me"); err != nil {
				t.Fatal(err)
			}
			e = w.engine(work, opts)
		case 1:
			w.mu.Lock()
			w.now = w.now.Add(20 * time.Second)
			w.mu.Unlock()
		case 2:
			if len(signals) > 0 {
				k := rnd.IntN(len(signals))
				if _, err := w.store.Signal(t.Context(), signals[k], "told", []byte(fmt.Sprintf("%q", signals[k]))); err != nil {
					t.Fatal(err)
				}
				signals = append(signals[:k:k], signals[k+1:]...)
			}
		case 3:
			time.Sleep(time.Millisecond) // let it get on
		}
		if _, err := w.store.Wake(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.start(e)
	}
}
