package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// desk is an inbox and a place for marks that outlive a daemon.
type desk struct {
	mu     sync.Mutex
	keys   []string
	bodies []firing
	marks  map[string]time.Time
	fail   error
}

func (d *desk) Append(_ context.Context, in inbox.Delivery) (inbox.Receipt, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return inbox.Receipt{}, d.fail
	}
	if slices.Contains(d.keys, in.Key) {
		return inbox.Receipt{Duplicate: true}, nil
	}
	var f firing
	if err := json.Unmarshal(in.Body, &f); err != nil {
		return inbox.Receipt{}, err
	}
	d.keys, d.bodies = append(d.keys, in.Key), append(d.bodies, f)
	return inbox.Receipt{ID: in.Key}, nil
}

func (d *desk) Mark(_ context.Context, name string, at time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.marks == nil {
		d.marks = map[string]time.Time{}
	}
	if d.marks[name].Before(at) {
		d.marks[name] = at
	}
	return nil
}

func (d *desk) Marks(_ context.Context, prefix string) (map[string]time.Time, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := map[string]time.Time{}
	for name, at := range d.marks {
		out[name[len(prefix):]] = at
	}
	return out, nil
}

func (d *desk) fired() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, f := range d.bodies {
		list = append(list, f.ScheduledAt.UTC().Format("02 15:04"))
	}
	return list
}

func jobsOf(t *testing.T, text, zone string) func() []Job {
	t.Helper()
	s, err := Parse(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return func() []Job { return []Job{{Trigger: "report", Spec: s}} }
}

// play runs a runner for a time.
func play(t *testing.T, cfg Config, d time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), d)
	defer stop()
	New(cfg).Run(ctx)
}

func always() bool { return true }

func TestAScheduleFiresWhenItIsDueAndNotBeforeItWasThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the clock begins at midnight of 1 January 2000, UTC
		d := &desk{}
		play(t, Config{Jobs: jobsOf(t, "0 9 * * *", ""), Inbox: d, Marks: d, Leads: always}, 50*time.Hour)
		if got := d.fired(); !slices.Equal(got, []string{"01 09:00", "02 09:00"}) {
			t.Errorf("fired at %v", got)
		}
		if d.bodies[0].Late {
			t.Error("the first counts as late")
		}
	})
}

func TestWhatWasMissedIsMadeUpForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		cfg := Config{Jobs: jobsOf(t, "0 9 * * *", ""), Inbox: d, Marks: d, Leads: always}
		play(t, cfg, 10*time.Hour)
		time.Sleep(72 * time.Hour) // the daemon is away
		play(t, cfg, time.Minute)
		play(t, cfg, time.Minute)
		if got := d.fired(); !slices.Equal(got, []string{"01 09:00", "04 09:00"}) || !d.bodies[1].Late {
			t.Errorf("fired at %v", got)
		}
	})
}

func TestACrashBetweenFiringAndNotingItFiresOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		cfg := Config{Jobs: jobsOf(t, "0 9 * * *", ""), Inbox: d, Marks: d, Leads: always}
		play(t, cfg, 8*time.Hour)
		before := d.marks
		d.marks = map[string]time.Time{}
		for name, at := range before {
			d.marks[name] = at
		}
		play(t, cfg, 2*time.Hour)
		d.marks = before // as if it had not been noted
		play(t, cfg, time.Hour)
		if got := d.fired(); !slices.Equal(got, []string{"01 09:00"}) {
			t.Errorf("fired at %v", got)
		}
	})
}

func TestOneOfSeveralReplicasFires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		var first atomic.Bool
		first.Store(true)
		cfg := Config{Jobs: jobsOf(t, "*/10 * * * *", ""), Inbox: d, Marks: d}
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for _, leads := range []func() bool{first.Load, func() bool { return !first.Load() }} {
			one := cfg
			one.Leads = leads
			all.Go(func() { New(one).Run(ctx) })
		}
		time.Sleep(25 * time.Minute)
		first.Store(false) // the other takes over
		time.Sleep(20 * time.Minute)
		stop()
		all.Wait()
		if got := d.fired(); !slices.Equal(got, []string{"01 00:10", "01 00:20", "01 00:30", "01 00:40"}) {
			t.Errorf("fired at %v", got)
		}
	})
}

func TestWhoDoesNotLeadFiresNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		play(t, Config{Jobs: jobsOf(t, "*/10 * * * *", ""), Inbox: d, Marks: d, Leads: func() bool { return false }}, time.Hour)
		if len(d.fired()) != 0 || len(d.marks) != 0 {
			t.Errorf("fired at %v, marks %v", d.fired(), d.marks)
		}
	})
}

func TestAnHourThatComesTwiceHasOneFiring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Clocks in New York went back on 29 October 2000, at six in the morning UTC.
		time.Sleep(time.Until(time.Date(2000, 10, 28, 12, 0, 0, 0, time.UTC)))
		d := &desk{}
		play(t, Config{Jobs: jobsOf(t, "30 1 * * *", "America/New_York"), Inbox: d, Marks: d, Leads: always}, 48*time.Hour)
		if got := d.fired(); !slices.Equal(got, []string{"29 05:30", "30 06:30"}) {
			t.Errorf("fired at %v", got)
		}
	})
}

func TestAFiringThatCannotBeStoredIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		cfg := Config{Jobs: jobsOf(t, "0 9 * * *", ""), Inbox: d, Marks: d, Leads: always}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { New(cfg).Run(ctx) })
		time.Sleep(8 * time.Hour)
		d.mu.Lock()
		d.fail = errors.New("the disk is full")
		d.mu.Unlock()
		time.Sleep(2 * time.Hour)
		d.mu.Lock()
		d.fail = nil
		d.mu.Unlock()
		time.Sleep(time.Minute)
		stop()
		done.Wait()
		if got := d.fired(); !slices.Equal(got, []string{"01 09:00"}) || !d.bodies[0].Late {
			t.Errorf("fired at %v", got)
		}
	})
}

func TestAChangedScheduleBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		early, late := jobsOf(t, "0 3 * * *", ""), jobsOf(t, "0 1 * * *", "")
		var changed atomic.Bool
		cfg := Config{Inbox: d, Marks: d, Leads: always, Jobs: func() []Job {
			if changed.Load() {
				return late()
			}
			return early()
		}}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { New(cfg).Run(ctx) })
		time.Sleep(2 * time.Hour)
		changed.Store(true) // one o'clock is over
		time.Sleep(24 * time.Hour)
		stop()
		done.Wait()
		if got := d.fired(); !slices.Equal(got, []string{"02 01:00"}) {
			t.Errorf("fired at %v", got)
		}
	})
}

func TestAFiringIsAnEventOfItsTriggerAlone(t *testing.T) {
	body, err := json.Marshal(firing{Trigger: "report", Schedule: "0 9 * * *", Timezone: "UTC", ScheduledAt: at(t, "2026-03-02T09:00:00Z")})
	if err != nil {
		t.Fatal(err)
	}
	ev, err := Normalize(body)
	if err != nil || ev.Type != "schedule" || !slices.Equal(ev.Also, []string{"trigger/report"}) || ev.Subject != "trigger:report" ||
		ev.String("scheduled_at") != "2026-03-02T09:00:00Z" || ev.String("trigger") != "report" {
		t.Errorf("%+v, %v", ev, err)
	}
	for _, bad := range []string{"", "{}", "[]", `{"trigger":"x"}`, `{"trigger":1}`} {
		if _, err := Normalize([]byte(bad)); err == nil {
			t.Errorf("%q is an event", bad)
		}
	}
}
