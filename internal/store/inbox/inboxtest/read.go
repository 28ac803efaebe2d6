package inboxtest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

func pendingIsInOrderAndBounded(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	receipts := appendSome(t, in, 6)
	seq := func(i int) int64 { return receipts[i].Seq }
	mustFinish(t, in, inbox.Outcome{Seq: seq(1), State: inbox.StateRouted}, inbox.Outcome{Seq: seq(3), State: inbox.StateIgnored})
	tests := []struct {
		name  string
		after int64
		limit int
		want  []int64
	}{
		{"all", 0, 10, []int64{seq(0), seq(2), seq(4), seq(5)}},
		{"limited", 0, 2, []int64{seq(0), seq(2)}},
		{"after one", seq(2), 10, []int64{seq(4), seq(5)}},
		{"after the last", seq(5), 10, nil},
		{"none", 0, 0, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, pendingSeqs(t, in, tt.after, tt.limit)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
	closeInbox(t, in)
	if diff := cmp.Diff(tests[0].want, pendingSeqs(t, open(t, p, Settings{}), 0, 10)); diff != "" {
		t.Errorf("after opening again: (-want +got)\n%s", diff)
	}
}

func pendingLoadsFewLargeBodiesAtOnce(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	for i := range 4 {
		mustAppend(t, in, Incoming("", fmt.Sprint(i), Random(5<<20, i)))
	}
	var after int64
	var sizes []int
	for {
		list, err := in.Pending(t.Context(), after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			break
		}
		sizes = append(sizes, len(list))
		after = list[len(list)-1].Seq
	}
	if diff := cmp.Diff([]int{2, 2}, sizes); diff != "" {
		t.Error(diff)
	}
}

// pendingOvertakesNothingWhileOthersAppend reads as the dispatcher does: what
// was passed over would not be seen again.
func pendingOvertakesNothingWhileOthersAppend(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	const writers, each = 8, 40
	var wg sync.WaitGroup
	defer wg.Wait()
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				// Every third is repeated by another writer.
				key := fmt.Sprintf("%d-%d", w, i)
				if i%3 == 0 {
					key = fmt.Sprint("shared", i)
				}
				if _, err := in.Append(t.Context(), Incoming("", key, key)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	const shared = (each + 2) / 3
	reader := NewReader(in)
	Eventually(t, func() error { return reader.Read(t.Context(), shared+writers*(each-shared)) })
	reader.Check(t)
}

func damagedDeliveryHoldsUpNothing(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	r := appendSome(t, in, 5)
	var packer codec.Packer
	whole := packer.Pack([]byte("{}"))
	for i, damage := range []struct {
		headers string
		block   []byte
	}{{"{}", []byte("not a block")}, {"not json", whole}, {"{}", nil}, {"{}", whole[:len(whole)-1]}} {
		if err := p.Damage(t.Context(), r[i].Seq, damage.headers, damage.block); err != nil {
			t.Fatal(err)
		}
	}
	list, err := in.Pending(t.Context(), 0, 10)
	if err != nil || len(list) != 5 {
		t.Fatalf("%d pending, %v", len(list), err)
	}
	for i, d := range list {
		damaged := i < 4
		if d.Seq != r[i].Seq || damaged != (d.Damage != nil) || damaged != (d.Body == nil) || damaged != (d.Headers == nil) {
			t.Errorf("delivery %d: %+v", i, d)
		}
	}
	if d := mustGet(t, in, r[0].ID); d.Damage == nil || d.ID != r[0].ID {
		t.Errorf("got %+v", d)
	}
	mustFinish(t, in, inbox.Outcome{Seq: r[0].Seq, State: inbox.StateFailed, Reason: list[0].Damage.Error()})
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 4 {
		t.Errorf("pending %v", seqs)
	}
}

func listFiltersNewestFirst(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	var seqs []int64
	for i := range 6 {
		d := Incoming([]string{"a", "b"}[i%2], fmt.Sprint(i), "{}")
		if i == 5 {
			d.Source = "github"
		}
		seqs = append(seqs, mustAppend(t, in, d).Seq)
	}
	mustFinish(t, in,
		inbox.Outcome{Seq: seqs[0], State: inbox.StateRouted, IssueKey: "A-1"},
		inbox.Outcome{Seq: seqs[1], State: inbox.StateFailed, IssueKey: "A-1"},
		inbox.Outcome{Seq: seqs[2], State: inbox.StateRouted, IssueKey: "A-2"})
	tests := []struct {
		name   string
		filter inbox.Filter
		want   []int
	}{
		{"all", inbox.Filter{}, []int{5, 4, 3, 2, 1, 0}},
		{"limit", inbox.Filter{Limit: 2}, []int{5, 4}},
		{"page", inbox.Filter{Limit: 2, Before: seqs[4]}, []int{3, 2}},
		{"state", inbox.Filter{State: inbox.StateRouted}, []int{2, 0}},
		{"source", inbox.Filter{Source: "github"}, []int{5}},
		{"site", inbox.Filter{Source: "jira", Site: "b"}, []int{3, 1}},
		{"issue", inbox.Filter{IssueKey: "A-1"}, []int{1, 0}},
		{"issue and state", inbox.Filter{IssueKey: "A-1", State: inbox.StateFailed}, []int{1}},
		{"nothing", inbox.Filter{IssueKey: "' OR ''='"}, nil},
	}
	for _, tt := range tests {
		list, err := in.List(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, s := range list {
			for i, seq := range seqs {
				if seq == s.Seq {
					got = append(got, i)
				}
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", tt.name, diff)
		}
	}
	counts, err := in.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := map[inbox.State]int64{inbox.StateReceived: 3, inbox.StateRouted: 2, inbox.StateFailed: 1}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
}
