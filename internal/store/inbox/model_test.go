package inbox

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// model says what the inbox should hold after operations done one by one.
type model struct {
	order  []string // keys in order of acceptance
	first  map[string]Receipt
	body   map[string]string
	state  map[string]State
	claims map[string]string // content key to id
}

func newModel() *model {
	return &model{first: map[string]Receipt{}, body: map[string]string{}, state: map[string]State{}, claims: map[string]string{}}
}

func (m *model) pending() []int64 {
	var seqs []int64
	for _, k := range m.order {
		if m.state[k] == StateReceived {
			seqs = append(seqs, m.first[k].Seq)
		}
	}
	return seqs
}

func (m *model) counts() map[State]int64 {
	c := map[State]int64{}
	for _, s := range m.state {
		c[s]++
	}
	return c
}

func (m *model) append(t *testing.T, in *Inbox, r *rand.Rand) {
	key := fmt.Sprint(r.IntN(60))
	body := random(r.IntN(3000), r.Int())
	got := mustAppend(t, in, incoming("s", key, body))
	first, known := m.first[key]
	if !known {
		first = got
		m.order = append(m.order, key)
		m.first[key], m.body[key], m.state[key] = got, body, StateReceived
	}
	if got.ID != first.ID || got.Seq != first.Seq || got.Duplicate != known {
		t.Fatalf("append %s: %+v, first %+v", key, got, first)
	}
}

func (m *model) finish(t *testing.T, in *Inbox, r *rand.Rand) {
	if len(m.order) == 0 {
		return
	}
	states := []State{StateReceived, StateRouted, StateIgnored, StateDuplicate, StateFailed}
	var outcomes []Outcome
	for range 1 + r.IntN(4) {
		key := m.order[r.IntN(len(m.order))]
		m.state[key] = states[r.IntN(len(states))]
		outcomes = append(outcomes, Outcome{Seq: m.first[key].Seq, State: m.state[key]})
	}
	if err := in.Finish(context.Background(), outcomes); err != nil {
		t.Fatal(err)
	}
}

func (m *model) claim(t *testing.T, in *Inbox, r *rand.Rand) {
	if len(m.order) == 0 {
		return
	}
	key, content := m.order[r.IntN(len(m.order))], fmt.Sprint("content", r.IntN(10))
	receipt := m.first[key]
	if m.claims[content] == "" {
		m.claims[content] = receipt.ID
	}
	id, claimed, err := in.ClaimContent(context.Background(), receipt.Seq, "jira", "s", content)
	if err != nil || id != m.claims[content] || claimed != (id == receipt.ID) {
		t.Fatalf("claim %s: %s, %v, %v; want %s", content, id, claimed, err, m.claims[content])
	}
}

func (m *model) check(t *testing.T, in *Inbox) {
	t.Helper()
	if diff := cmp.Diff(m.pending(), pendingSeqs(t, in, 0, 1000)); diff != "" {
		t.Fatalf("pending: (-want +got)\n%s", diff)
	}
	counts, err := in.Counts(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m.counts(), counts); diff != "" {
		t.Fatalf("counts: (-want +got)\n%s", diff)
	}
	for key, body := range m.body {
		d, err := in.Get(context.Background(), m.first[key].ID)
		if err != nil || string(d.Body) != body || d.State != m.state[key] {
			t.Fatalf("get %s: %+v, %v", key, d.Summary, err)
		}
	}
}

func TestInboxBehavesLikeItsModel(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		in := open(t, dir, Options{MaxBatch: 3})
		m := newModel()
		operations := []func(*testing.T, *Inbox, *rand.Rand){m.append, m.append, m.finish, m.claim}
		for i := range 300 {
			operations[r.IntN(len(operations))](t, in, r)
			if i%100 != 99 {
				continue
			}
			m.check(t, in)
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			in = open(t, dir, Options{MaxBatch: 3})
			m.check(t, in)
		}
	}
}

func TestReadersSeeWholeDeliveriesWhileWritesGoOn(t *testing.T) {
	in := open(t, t.TempDir(), Options{CheckpointBytes: 32 << 10})
	ctx, stop := context.WithCancel(context.Background())
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for ctx.Err() == nil {
				list, err := in.Pending(context.Background(), 0, 50)
				if err != nil {
					t.Error(err)
					return
				}
				for _, d := range list {
					if string(d.Body) != d.Key {
						t.Errorf("body %q of %q", d.Body, d.Key)
					}
				}
				if _, err := in.List(context.Background(), Filter{Limit: 20}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var mu sync.Mutex
	var seqs []int64
	for w := range 4 {
		writers.Go(func() {
			for i := range 25 {
				key := fmt.Sprintf("%d-%d", w, i)
				r, err := in.Append(context.Background(), incoming("", key, key))
				if err != nil {
					t.Error(err)
					return
				}
				if err := in.Finish(context.Background(), []Outcome{{Seq: r.Seq, State: StateRouted}}); err != nil {
					t.Error(err)
				}
				mu.Lock()
				seqs = append(seqs, r.Seq)
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	stop()
	readers.Wait()
	slices.Sort(seqs)
	if len(slices.Compact(seqs)) != 100 {
		t.Error("sequence numbers repeat")
	}
	if left := pendingSeqs(t, in, 0, 10); len(left) != 0 {
		t.Errorf("pending %v", left)
	}
}

func TestIDsSortLikeSequenceNumbers(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	var last Receipt
	for i, r := range appendSome(t, in, 50) {
		if i > 0 && (r.ID <= last.ID || r.Seq <= last.Seq) {
			t.Errorf("%+v after %+v", r, last)
		}
		last = r
	}
}

func TestClockBeforeTheEpochDoesNoHarm(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	d := incoming("", "k", "{}")
	d.ReceivedAt = d.ReceivedAt.AddDate(100, 0, 0)
	r := mustAppend(t, in, d)
	got, err := in.Get(context.Background(), r.ID)
	if err != nil || !got.ReceivedAt.Equal(d.ReceivedAt) {
		t.Errorf("received at %s, %v", got.ReceivedAt, err)
	}
}

func TestAppendRefusesImpossibleBodies(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	d := incoming("", "k", "")
	d.Body = make([]byte, maxBody+1)
	if _, err := in.Append(context.Background(), d); err == nil {
		t.Error("no error")
	}
	if err := in.Healthy(); err != nil {
		t.Error(err)
	}
}
