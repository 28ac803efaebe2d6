package inboxtest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// clock is a clock that tests set.
type clock struct{ ms atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.set(t)
	return c
}

func (c *clock) set(t time.Time) { c.ms.Store(t.UnixMilli()) }

func (c *clock) now() time.Time { return time.UnixMilli(c.ms.Load()).UTC() }

// noise is entropy that is the same in every run.
type noise struct{}

var _ io.Reader = noise{}

// Read implements io.Reader.
func (noise) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

// model says what the inbox should hold after operations done one by one.
type model struct {
	order  []string // keys in order of acceptance
	first  map[string]inbox.Receipt
	body   map[string]string
	state  map[string]inbox.State
	claims map[string]string // content key to id
}

func newModel() *model {
	return &model{first: map[string]inbox.Receipt{}, body: map[string]string{}, state: map[string]inbox.State{}, claims: map[string]string{}}
}

func (m *model) pending() []int64 {
	var seqs []int64
	for _, k := range m.order {
		if m.state[k] == inbox.StateReceived {
			seqs = append(seqs, m.first[k].Seq)
		}
	}
	return seqs
}

func (m *model) counts() map[inbox.State]int64 {
	c := map[inbox.State]int64{}
	for _, s := range m.state {
		c[s]++
	}
	return c
}

func (m *model) append(t *testing.T, in Inbox, r *rand.Rand) {
	t.Helper()
	key := strconv.Itoa(r.IntN(60))
	body := Random(r.IntN(3000), r.Int())
	got := mustAppend(t, in, Incoming("s", key, body))
	first, known := m.first[key]
	if !known {
		first = got
		m.order = append(m.order, key)
		m.first[key], m.body[key], m.state[key] = got, body, inbox.StateReceived
	}
	if got.ID != first.ID || got.Seq != first.Seq || got.Duplicate != known {
		t.Fatalf("append %s: %+v, first %+v", key, got, first)
	}
}

func (m *model) finish(t *testing.T, in Inbox, r *rand.Rand) {
	t.Helper()
	if len(m.order) == 0 {
		return
	}
	states := []inbox.State{inbox.StateReceived, inbox.StateRouted, inbox.StateIgnored, inbox.StateDuplicate, inbox.StateFailed}
	var outcomes []inbox.Outcome
	for range 1 + r.IntN(4) {
		key := m.order[r.IntN(len(m.order))]
		state := states[r.IntN(len(states))]
		if m.state[key] == inbox.StateReceived || state == inbox.StateReceived {
			m.state[key] = state
		}
		outcomes = append(outcomes, inbox.Outcome{Seq: m.first[key].Seq, State: state})
	}
	mustFinish(t, in, outcomes...)
}

func (m *model) claim(t *testing.T, in Inbox, r *rand.Rand) {
	t.Helper()
	if len(m.order) == 0 {
		return
	}
	key, content := m.order[r.IntN(len(m.order))], fmt.Sprint("content", r.IntN(10))
	receipt := m.first[key]
	if m.claims[content] == "" {
		m.claims[content] = receipt.ID
	}
	id, claimed, err := in.ClaimContent(t.Context(), receipt.Seq, "jira", "s", content)
	if err != nil || id != m.claims[content] || claimed != (id == receipt.ID) {
		t.Fatalf("claim %s: %s, %v, %v; want %s", content, id, claimed, err, m.claims[content])
	}
}

func (m *model) check(t *testing.T, in Inbox) {
	t.Helper()
	if diff := cmp.Diff(m.pending(), pendingSeqs(t, in, 0, 1000)); diff != "" {
		t.Fatalf("pending: (-want +got)\n%s", diff)
	}
	counts, err := in.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.counts(), counts); diff != "" {
		t.Fatalf("counts: (-want +got)\n%s", diff)
	}
	for key, body := range m.body {
		d := mustGet(t, in, m.first[key].ID)
		if string(d.Body) != body || d.State != m.state[key] {
			t.Fatalf("get %s: %+v", key, d.Summary)
		}
	}
}

func behavesLikeItsModel(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	r := rand.New(rand.NewPCG(7, 1)) //nolint:gosec // the same in every run
	m := newModel()
	operations := []func(*testing.T, Inbox, *rand.Rand){m.append, m.append, m.finish, m.claim}
	for i := range 600 {
		operations[r.IntN(len(operations))](t, in, r)
		if i%100 != 99 {
			continue
		}
		m.check(t, in)
		closeInbox(t, in)
		in = open(t, p, Settings{})
		m.check(t, in)
	}
}

func readersSeeWholeDeliveriesWhileWritesGoOn(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	var done atomic.Bool
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for !done.Load() {
				readWhole(t, in)
			}
		})
	}
	var mu sync.Mutex
	var seqs []int64
	for w := range 4 {
		writers.Go(func() {
			for i := range 25 {
				key := fmt.Sprintf("%d-%d", w, i)
				r, err := in.Append(t.Context(), Incoming("", key, key))
				if err != nil {
					t.Error(err)
					return
				}
				if err := in.Finish(t.Context(), []inbox.Outcome{{Seq: r.Seq, State: inbox.StateRouted}}); err != nil {
					t.Error(err)
				}
				mu.Lock()
				seqs = append(seqs, r.Seq)
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
	slices.Sort(seqs)
	if len(slices.Compact(seqs)) != 100 {
		t.Error("sequence numbers repeat")
	}
	if left := pendingSeqs(t, in, 0, 10); len(left) != 0 {
		t.Errorf("pending %v", left)
	}
}

func readWhole(t *testing.T, in Inbox) {
	t.Helper()
	list, err := in.Pending(t.Context(), 0, 50)
	if err != nil {
		t.Error(err)
	}
	for _, d := range list {
		if string(d.Body) != d.Key {
			t.Errorf("body %q of %q", d.Body, d.Key)
		}
	}
	if _, err := in.List(t.Context(), inbox.Filter{Limit: 20}); err != nil {
		t.Error(err)
	}
}
