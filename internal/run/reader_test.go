package run

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

func someItem(seq int64, subject string) item {
	d := inbox.Delivery{}
	d.Seq, d.ID = seq, fmt.Sprint("d", seq)
	return item{delivery: d, event: &event.Event{Subject: subject}}
}

// take puts a delivery in line whose subject is known.
func take(l *lane, it item) (taken, idle bool) {
	taken, _, subjects := l.receive(it, true)
	return taken, len(subjects) > 0
}

func TestALaneTakesDeliveriesOnceItIsOpenAndUpToItsDepth(t *testing.T) {
	rooms := 0
	l := newLane(laneKey{"jira", ""}, func() { rooms++ })
	if taken, _ := take(l, someItem(1, "a")); taken || l.roomy() {
		t.Error("a closed lane took a delivery")
	}
	l.open(t.Context(), accounts{})
	if rooms != 1 || !l.roomy() {
		t.Errorf("opened, the lane told of room %d times", rooms)
	}
	for i := range int64(laneDepth) {
		taken, idle := take(l, someItem(i, fmt.Sprint("subject ", i%10)))
		if !taken || idle != (i < 10) {
			t.Fatalf("delivery %d: taken %v, idle %v", i, taken, idle)
		}
	}
	if taken, _ := take(l, someItem(9999, "a")); taken || l.roomy() {
		t.Error("a full lane took a delivery")
	}
	var order []int64
	for {
		it, ok := l.next("subject 3")
		if !ok {
			break
		}
		order = append(order, it.delivery.Seq)
		l.done()
	}
	if len(order) != (laneDepth+6)/10 || order[0] != 3 || order[1] != 13 {
		t.Errorf("line of a subject: %v", order)
	}
	if taken, idle := take(l, someItem(1, "subject 3")); !taken || !idle {
		t.Errorf("after its end the line is taken %v, idle %v", taken, idle)
	}
}

// asking asks for a pause.
type asking struct{ pause time.Duration }

func (asking) Error() string               { return "429" }
func (a asking) RetryDelay() time.Duration { return a.pause }

// accounts knows who we are after some failures.
type accounts struct {
	failures *int
	err      error
}

func (a accounts) Input(context.Context, string, string) (route.Input, error) {
	if a.failures != nil && *a.failures > 0 {
		*a.failures--
		return route.Input{}, a.err
	}
	return route.Input{}, nil
}

func TestALaneOpensAsSoonAsItIsKnownWhoWeAre(t *testing.T) {
	tests := map[string]struct {
		err  error
		took time.Duration
	}{
		"away":               {errors.New("no route"), 50 * (1 + 2 + 4) * time.Millisecond},
		"asks for some time": {asking{time.Minute}, 3 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				failures, began := 3, time.Now()
				l := newLane(laneKey{"jira", ""}, func() {})
				l.open(t.Context(), accounts{&failures, tt.err})
				if took := time.Since(began); took != tt.took || !l.roomy() {
					t.Errorf("opened after %s, want %s", took, tt.took)
				}
			})
		})
	}
}

func TestALaneStaysClosedWhenTheProcessStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		failures := 1000
		l := newLane(laneKey{"jira", ""}, func() { t.Error("the lane told of room") })
		l.open(ctx, accounts{&failures, errors.New("away")})
	})
}

// TestNobodyOvertakesALaneThatWasPassedOver brings a delivery by a path that was
// not seen before while the lane of its site is behind.
func TestNobodyOvertakesALaneThatWasPassedOver(t *testing.T) {
	d := NewDispatcher(DispatcherConfig{Log: zerolog.Nop(), Accounts: accounts{}, Normalizers: map[string]Normalizer{
		"jira": func(inbox.Delivery) (*event.Event, error) {
			return &event.Event{Source: "jira", Site: "main", Subject: "issue:1"}, nil
		}}})
	site := laneKey{"jira", "main"}
	l := newLane(site, func() {})
	l.known, l.behind = true, 5
	d.lanes[site] = l
	late := inbox.Delivery{}
	late.Seq, late.Source = 9, "jira"
	d.hand(t.Context(), late)
	if l.held != 0 || l.behind != 5 {
		t.Errorf("the lane holds %d deliveries and is behind from %d, want 0 and 5", l.held, l.behind)
	}
	if d.lanes[laneKey{"jira", ""}] != l {
		t.Error("the other path has another lane")
	}
}

func TestNumbersKeepTheirTypesInARunsWork(t *testing.T) {
	w := Work{Seed: "s", Params: map[string]any{"n": 3, "f": 1.5, "deep": map[string]any{"list": []any{1, "x", true, nil}}},
		Event: event.Event{Vars: map[string]any{"id": int64(9007199254740993), "name": "<b>\u0000", "huge": 1e300}}}
	body, err := encodeWork(w)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeWork(withWork(body))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"id": int64(9007199254740993), "name": "<b>\u0000", "huge": 1e300}
	if diff := cmp.Diff(want, got.Event.Vars); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
	params := map[string]any{"n": int64(3), "f": 1.5, "deep": map[string]any{"list": []any{int64(1), "x", true, nil}}}
	if diff := cmp.Diff(params, got.Params); diff != "" {
		t.Errorf("params (-want +got):\n%s", diff)
	}
}

func TestWorkThatCannotBeReadFails(t *testing.T) {
	for name, body := range map[string]string{"nothing": "", "half": `{"event":`, "a list": `[]`} {
		if _, err := decodeWork(withWork([]byte(body))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if w, err := decodeWork(withWork([]byte(`{}`))); err != nil || w.Event.Vars == nil {
		t.Errorf("empty work: %+v, %v; want variables that can be added to", w, err)
	}
	if _, err := encodeWork(Work{Params: map[string]any{"f": func() {}}}); err == nil || !errors.As(err, new(*durable.HopelessError)) {
		t.Errorf("encoding a function: %v, want a failure that is not tried again", err)
	}
}

func withWork(work []byte) store.Run { return store.Run{ID: "r", Work: work} }
