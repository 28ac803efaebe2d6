package inboxtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

func appendedDeliveryIsReadBackWhole(t *testing.T, p Place) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := open(t, p, Settings{Now: newClock(now).now, Entropy: noise{}})
	bodies := map[string]string{
		"small": `{"a":1}`, "empty": "", "binary": "\x00\xff{\x00}", "large": strings.Repeat(`{"x":"äöü"}`, 300_000),
		"incompressible": Random(100_000, 1),
	}
	for name, text := range bodies {
		d := Incoming("eu", name, text)
		d.SignedBy = []string{"A", "B"}
		r := mustAppend(t, in, d)
		if r.Duplicate || len(r.ID) != 26 {
			t.Errorf("%s: receipt %+v", name, r)
		}
		got := mustGet(t, in, r.ID)
		want := d
		want.Seq, want.ID, want.State, want.ReceivedAt = r.Seq, r.ID, inbox.StateReceived, now
		if string(got.Body) != text || got.Body == nil {
			t.Errorf("%s: body of %d bytes, want %d", name, len(got.Body), len(text))
		}
		want.Body, got.Body = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

func getOfUnknownDeliveryIsNotFound(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	for _, id := range []string{"", "nonsense", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "' OR 1=1 --", "\x00", "\xff"} {
		if _, err := in.Get(t.Context(), id); !errors.Is(err, inbox.ErrNotFound) {
			t.Errorf("%q: got %v", id, err)
		}
	}
}

func identityIsStoredOnce(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	first := mustAppend(t, in, Incoming("a", "k", "{}"))
	tests := []struct {
		name      string
		d         inbox.Delivery
		duplicate bool
	}{
		{"same", Incoming("a", "k", "{}"), true},
		{"same key, other body", Incoming("a", "k", `{"b":1}`), true},
		{"other site", Incoming("b", "k", "{}"), false},
		{"other key", Incoming("a", "k2", "{}"), false},
		{"parts run together", Incoming("ak", "", "{}"), false},
	}
	for _, tt := range tests {
		r := mustAppend(t, in, tt.d)
		if r.Duplicate != tt.duplicate || tt.duplicate != (r.ID == first.ID && r.Seq == first.Seq) {
			t.Errorf("%s: receipt %+v, first %+v", tt.name, r, first)
		}
	}
	closeInbox(t, in)
	again := mustAppend(t, open(t, p, Settings{}), Incoming("a", "k", "{}"))
	if !again.Duplicate || again.ID != first.ID {
		t.Errorf("after opening again: %+v", again)
	}
}

func parallelAppendsOfOneIdentityStoreOne(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	receipts := make([]inbox.Receipt, 64)
	var wg sync.WaitGroup
	for i := range receipts {
		wg.Go(func() {
			var err error
			if receipts[i], err = in.Append(t.Context(), Incoming("", "same", "{}")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	CheckOneAccepted(t, receipts)
	if got := pendingSeqs(t, in, 0, 100); len(got) != 1 {
		t.Errorf("pending %v, want one", got)
	}
}

// CheckOneAccepted makes sure that all receipts are of one delivery, of which
// all but one are told that they are duplicates.
func CheckOneAccepted(t testing.TB, receipts []inbox.Receipt) {
	t.Helper()
	fresh := 0
	for _, r := range receipts {
		if !r.Duplicate {
			fresh++
		}
		if r.ID != receipts[0].ID || r.Seq != receipts[0].Seq {
			t.Errorf("receipts differ: %+v and %+v", r, receipts[0])
		}
	}
	if fresh != 1 {
		t.Errorf("%d receipts are not duplicates, want 1", fresh)
	}
}

func sequenceFollowsAcceptanceAcrossOpenings(t *testing.T, p Place) {
	var last int64
	var ids []string
	for round := range 3 {
		in := open(t, p, Settings{})
		for i := range 10 {
			r := mustAppend(t, in, Incoming("", fmt.Sprintf("%d-%d", round, i), "{}"))
			if r.Seq <= last {
				t.Fatalf("sequence number %d after %d", r.Seq, last)
			}
			last = r.Seq
			ids = append(ids, r.ID)
		}
		closeInbox(t, in)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 30 {
		t.Error("ids repeat")
	}
}

func idsSortLikeSequenceNumbers(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	var last inbox.Receipt
	for i, r := range appendSome(t, in, 50) {
		if i > 0 && (r.ID <= last.ID || r.Seq <= last.Seq) {
			t.Errorf("%+v after %+v", r, last)
		}
		last = r
	}
}

func failedDeliveryIsStoredAsFinished(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	d := Incoming("", "k", "not json")
	d.State, d.Reason = inbox.StateFailed, "the body is not JSON"
	r := mustAppend(t, in, d)
	if got := mustGet(t, in, r.ID); got.State != inbox.StateFailed || got.Reason != d.Reason {
		t.Errorf("got %+v", got.Summary)
	}
	if seqs := pendingSeqs(t, in, 0, 10); len(seqs) != 0 {
		t.Errorf("pending %v", seqs)
	}
	d = Incoming("", "k2", "{}")
	d.State, d.Reason = inbox.StateRouted, "made up by the caller"
	r = mustAppend(t, in, d)
	if got := mustGet(t, in, r.ID); got.State != inbox.StateReceived || got.Reason != "" {
		t.Errorf("got %+v", got.Summary)
	}
}

// strangeTextDoesNoHarm stores bytes that some databases take in no text: what
// strangers send must neither be refused for it nor be taken for something else.
func strangeTextDoesNoHarm(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	for _, text := range []string{"a\x00b", "\xff\xfe", "\xed\xa0\x80", "\U0010ffff", "'; --\\"} {
		d := Incoming(text, text, text)
		d.State, d.Reason = inbox.StateFailed, text
		d.Headers[text], d.SignedBy = text, []string{text}
		r := mustAppend(t, in, d)
		if again := mustAppend(t, in, d); !again.Duplicate || again.ID != r.ID {
			t.Errorf("%q: receipt %+v after %+v", text, again, r)
		}
		if _, claimed, err := in.ClaimContent(t.Context(), r.Seq, "jira", text, text); err != nil || !claimed {
			t.Errorf("%q: claimed %v, %v", text, claimed, err)
		}
		mustFinish(t, in, inbox.Outcome{Seq: r.Seq, State: inbox.StateReceived})
		mustFinish(t, in, inbox.Outcome{Seq: r.Seq, State: inbox.StateRouted, Reason: text, EventType: text,
			Subject: text, Project: text, IssueKey: text, Detail: []byte(text)})
		for _, f := range []inbox.Filter{{Site: text}, {IssueKey: text}, {Source: text, State: inbox.State(text)}} {
			list, err := in.List(t.Context(), f)
			found := slices.ContainsFunc(list, func(s inbox.Summary) bool { return s.ID == r.ID })
			if err != nil || found != (f.State == "") {
				t.Errorf("%q: list %+v: %+v, %v", text, f, list, err)
			}
		}
		if got := mustGet(t, in, r.ID); string(got.Body) != text || got.State != inbox.StateRouted {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// longTextDoesNoHarm: an index of some databases takes no text of any length.
func longTextDoesNoHarm(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	text := strings.ToValidUTF8(strings.ReplaceAll(Random(100_000, 3), "\x00", ""), "")
	d := Incoming(text, text, "{}")
	d.SignedBy = []string{"A"}
	r := mustAppend(t, in, d)
	if _, claimed, err := in.ClaimContent(t.Context(), r.Seq, text, text, text); err != nil || !claimed {
		t.Errorf("claimed %v, %v", claimed, err)
	}
	mustFinish(t, in, inbox.Outcome{Seq: r.Seq, State: inbox.StateRouted, Reason: text, EventType: text,
		Subject: text, Project: text, IssueKey: text, Detail: []byte(text)})
	for key, want := range map[string]int{text: 1, text + "x": 0, text[:len(text)-1]: 0} {
		if list, err := in.List(t.Context(), inbox.Filter{IssueKey: key}); err != nil || len(list) != want {
			t.Errorf("%d listed, want %d, %v", len(list), want, err)
		}
	}
	got := mustGet(t, in, r.ID)
	if got.IssueKey != text || got.Key != text || got.ContentKey != text || string(got.Detail) != text {
		t.Error("not read back as it was")
	}
}

func timeBeforeTheEpochDoesNoHarm(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	for _, at := range []time.Time{time.UnixMilli(-5).UTC(), time.Date(1, 1, 1, 0, 0, 1, 0, time.UTC), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)} {
		d := Incoming("", at.String(), "{}")
		d.ReceivedAt = at
		r := mustAppend(t, in, d)
		if got := mustGet(t, in, r.ID); !got.ReceivedAt.Equal(at) {
			t.Errorf("received at %s, want %s", got.ReceivedAt, at)
		}
	}
}

func impossibleBodyIsRefused(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	d := Incoming("", "k", "")
	d.Body = make([]byte, codec.MaxBody+1)
	if _, err := in.Append(t.Context(), d); err == nil {
		t.Error("no error")
	}
	if err := in.Healthy(); err != nil {
		t.Error(err)
	}
}

func bodyLargerThanTheBoundFitsAlone(t *testing.T, p Place) {
	in := open(t, p, Settings{MaxBytes: 100})
	mustAppend(t, in, Incoming("", "k", Random(10_000, 1)))
}

func endedContextEndsTheWait(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := in.Append(ctx, Incoming("", "k", "{}")); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if _, _, err := in.ClaimContent(ctx, 1, "jira", "", "c"); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("claim: %v", err)
	}
	if _, err := in.Pending(ctx, 0, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("pending: %v", err)
	}
	if r := mustAppend(t, in, Incoming("", "k2", "{}")); r.Duplicate {
		t.Errorf("receipt %+v", r)
	}
	if err := in.Healthy(); err != nil {
		t.Errorf("a caller that stops waiting is not a fault: %v", err)
	}
}

func closedInboxRefuses(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	closeInbox(t, in)
	if _, err := in.Append(t.Context(), Incoming("", "k", "{}")); !errors.Is(err, inbox.ErrClosed) {
		t.Errorf("append: %v", err)
	}
	if err := in.Finish(t.Context(), []inbox.Outcome{{Seq: 1, State: inbox.StateRouted}}); !errors.Is(err, inbox.ErrClosed) {
		t.Errorf("finish: %v", err)
	}
	if !errors.Is(in.Healthy(), inbox.ErrClosed) {
		t.Errorf("healthy: %v", in.Healthy())
	}
}

func closeWritesWhatWasAccepted(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	var mu sync.Mutex
	acked := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := 0; ; j++ {
				r, err := in.Append(t.Context(), Incoming("", fmt.Sprintf("%d-%d", i, j), "{}"))
				if errors.Is(err, inbox.ErrClosed) {
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked[r.ID] = true
				mu.Unlock()
			}
		})
	}
	for range 3 {
		<-in.Wake()
	}
	closeInbox(t, in)
	wg.Wait()
	in = open(t, p, Settings{})
	for id := range acked {
		mustGet(t, in, id)
	}
	if len(acked) == 0 {
		t.Error("nothing was accepted")
	}
}

func wakeComesAfterTheCommit(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for i := range 5 {
			if _, err := in.Append(t.Context(), Incoming("", strconv.Itoa(i), "{}")); err != nil {
				t.Error(err)
			}
		}
	})
	seen := map[int64]bool{}
	for len(seen) < 5 {
		<-in.Wake()
		for _, seq := range pendingSeqs(t, in, 0, 10) {
			seen[seq] = true
		}
	}
}
