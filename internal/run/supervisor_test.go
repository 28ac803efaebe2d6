package run_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// crew is what works on the runs of one replica.
type crew struct {
	engine     *durable.Engine
	supervisor *run.Supervisor
	// end gives everything back; die leaves it as it is.
	end, die func()
}

// newCrew lets a replica work on a store until the test ends.
func newCrew(t *testing.T, s *store.Store, id string, lease time.Duration, work durable.Work) *crew {
	t.Helper()
	log := zerolog.Nop()
	var scheduler *run.Scheduler
	c := &crew{engine: durable.New(s, work, durable.Options{Log: log, Left: func(string) { scheduler.Wake() },
		Retry: durable.Retry{Tries: 2, Base: time.Millisecond, Max: time.Millisecond, Patience: time.Nanosecond}})}
	c.supervisor = run.NewSupervisor(run.SupervisorConfig{Store: s, Engine: c.engine, Replica: store.Replica{ID: id, Started: time.Now()},
		Wake: func() { scheduler.Wake() }, Interval: lease / 20, Lease: lease, Log: log})
	scheduler = run.NewScheduler(s, c.engine, run.SchedulerConfig{Owner: id, Limit: 4, May: c.supervisor.Alive, Log: log})
	if err := c.supervisor.Begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { scheduler.Run(ctx) })
	all.Go(func() { c.supervisor.Run(ctx) })
	c.die = sync.OnceFunc(func() {
		cancel()
		all.Wait()
		expired, done := context.WithCancel(context.Background())
		done()
		_ = c.engine.Shutdown(expired)
	})
	c.end = func() {
		c.die()
		if err := c.supervisor.End(context.Background()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(c.die)
	return c
}

// onPostgres opens a store that several replicas may share.
func onPostgres(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.OpenPostgres(context.Background(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func admit(t *testing.T, s *store.Store, ids ...string) {
	t.Helper()
	(&house{t: t, store: s}).queue(ids...)
}

// reaches waits until a run is in a state.
func reaches(t *testing.T, s *store.Store, id string, want store.State) store.Run {
	t.Helper()
	var r store.Run
	(&house{t: t}).await(fmt.Sprintf("run %s to be %s", id, want), func() bool {
		var err error
		r, err = s.Run(context.Background(), id)
		return err == nil && r.State == want
	})
	return r
}

// quick is work of one step.
func quick(ctx context.Context, _ string, j step.Journal) store.Outcome {
	if _, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) { return step.Entry{}, nil }); err != nil {
		return store.Outcome{State: store.StateFailed, Error: err.Error()}
	}
	return store.Outcome{State: store.StateSucceeded}
}

// stuck is work of one step that ends with its context.
func stuck(reached chan<- string) durable.Work {
	return func(ctx context.Context, id string, j step.Journal) store.Outcome {
		_, err := j.Do(ctx, step.KindTool, "t", func(ctx context.Context, _ string) (step.Entry, error) {
			reached <- id
			<-ctx.Done()
			return step.Entry{}, context.Cause(ctx)
		})
		return store.Outcome{State: store.StateFailed, Error: fmt.Sprint(err)}
	}
}

func TestARunThatWasClaimedAndForgottenIsTakenUp(t *testing.T) {
	h := bare(t)
	admit(t, h.store, "a/1")
	c := newCrew(t, h.store, "me", 200*time.Millisecond, quick)
	// A claim of which the answer got lost.
	admit(t, h.store, "b/1")
	if _, err := h.store.Claim(t.Context(), "me", 1, store.Limits{}); err != nil {
		t.Fatal(err)
	}
	reaches(t, h.store, "a/1", store.StateSucceeded)
	reaches(t, h.store, "b/1", store.StateSucceeded)
	c.end()
}

func TestAWaitingRunGoesOnWhenItsTimeHasCome(t *testing.T) {
	h := bare(t)
	var mu sync.Mutex
	tries := 0
	newCrew(t, h.store, "me", time.Second, func(ctx context.Context, _ string, j step.Journal) store.Outcome {
		_, err := j.Do(ctx, step.KindTool, "t", func(context.Context, string) (step.Entry, error) {
			mu.Lock()
			defer mu.Unlock()
			if tries++; tries == 1 {
				return step.Entry{}, busyError{}
			}
			return step.Entry{}, nil
		})
		if err != nil {
			return store.Outcome{State: store.StateFailed, Error: err.Error()}
		}
		return store.Outcome{State: store.StateSucceeded}
	})
	admit(t, h.store, "a/1")
	reaches(t, h.store, "a/1", store.StateSucceeded)
	events, err := h.store.Events(t.Context(), "a/1", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []store.EventKind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if want := fmt.Sprint([]store.EventKind{store.EventQueued, store.EventStarted, store.EventWaiting, store.EventResumed, store.EventStep, store.EventFinished}); fmt.Sprint(kinds) != want {
		t.Errorf("the story is %v, want %v", kinds, want)
	}
}

// TestACanceledRunEndsOnWhicheverReplicaItIs cancels through a store of another
// process. The supervisor's round is too rare to explain it.
func TestACanceledRunEndsOnWhicheverReplicaItIs(t *testing.T) {
	dsn := pgtest.Database(t)
	here, there := onPostgres(t, dsn), onPostgres(t, dsn)
	reached := make(chan string, 1)
	newCrew(t, here, "here", 20*time.Hour, stuck(reached))
	admit(t, there, "a/1", "a/2")
	<-reached
	if state, err := there.Cancel(t.Context(), "a/1", "alice"); err != nil || state != store.StateRunning {
		t.Fatalf("state %s, %v", state, err)
	}
	if r := reaches(t, there, "a/1", store.StateCanceled); r.CanceledBy != "alice" {
		t.Errorf("run %+v", r)
	}
	if next := <-reached; next != "a/2" {
		t.Errorf("run %s came next", next)
	}
}

func TestTheRunsOfAReplicaThatDiedGoOnElsewhere(t *testing.T) {
	dsn := pgtest.Database(t)
	here, there := onPostgres(t, dsn), onPostgres(t, dsn)
	reached := make(chan string, 1)
	dead := newCrew(t, here, "dead", time.Minute, stuck(reached))
	admit(t, here, "a/1")
	<-reached
	dead.die()
	newCrew(t, there, "alive", time.Second, quick)
	r := reaches(t, there, "a/1", store.StateSucceeded)
	if r.Attempt != 1 || r.Deaths != 0 {
		t.Errorf("run %+v; want the first attempt, and no deaths once it got on", r)
	}
	list, err := there.Replicas(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != "alive" {
		t.Errorf("replicas %+v, %v", list, err)
	}
}

// TestAReplicaThatCannotReachTheDatabaseStopsInTime takes the database away while
// a step is at work.
func TestAReplicaThatCannotReachTheDatabaseStopsInTime(t *testing.T) {
	server := pgtest.Server(t, pgserver.Options{})
	dsn, err := server.CreateDatabase(context.Background(), "aof")
	if err != nil {
		t.Fatal(err)
	}
	s := onPostgres(t, dsn)
	reached, causes := make(chan string, 2), make(chan error, 2)
	c := newCrew(t, s, "me", 4*time.Second, func(ctx context.Context, id string, j step.Journal) store.Outcome {
		o := stuck(reached)(ctx, id, j)
		causes <- context.Cause(ctx)
		return o
	})
	admit(t, s, "a/1")
	<-reached
	if !c.supervisor.Alive() || c.supervisor.Permit(t.Context()) != nil {
		t.Error("the replica counts as dead while all is well")
	}
	if err := server.Crash(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := <-causes; !errors.Is(err, run.ErrSilent) {
		t.Errorf("the step was stopped by %v", err)
	}
	if err := c.supervisor.Permit(t.Context()); !errors.Is(err, run.ErrSilent) {
		t.Errorf("a write is permitted: %v", err)
	}
	if err := server.StartAgain(context.Background()); err != nil {
		t.Fatal(err)
	}
	if id := <-reached; id != "a/1" { // it is taken up again
		t.Errorf("run %s", id)
	}
}

// TestOneReplicaAtATimeDecides lets two take turns.
func TestOneReplicaAtATimeDecides(t *testing.T) {
	dsn := pgtest.Database(t)
	one, two := onPostgres(t, dsn), onPostgres(t, dsn)
	h := &house{t: t, dsn: dsn}
	a := newCrew(t, one, "a", time.Minute, quick)
	h.await("the first to lead", a.supervisor.Leads)
	b := newCrew(t, two, "b", time.Second, quick)
	if b.supervisor.Leads() {
		t.Error("both lead")
	}
	stale := a.supervisor.Lease()
	a.die()
	h.sql(`UPDATE leases SET until_at = 0`) // its lease runs out
	h.await("the second to lead", b.supervisor.Leads)
	late := []store.Run{{ID: "late", Source: "jira", Subject: "s", State: store.StateQueued, Work: []byte("{}")}}
	if err := one.Admit(t.Context(), stale, late, nil); !errors.Is(err, store.ErrLost) {
		t.Errorf("the one that leads no more admits: %v", err)
	}
	if err := two.Admit(t.Context(), b.supervisor.Lease(), late, nil); err != nil {
		t.Errorf("the one that leads: %v", err)
	}
}

// TestAReplicaStaysAliveWhateverItsOtherDutiesWaitFor makes deleting what is old
// take for ever, and keeps the right to write from it.
func TestAReplicaStaysAliveWhateverItsOtherDutiesWaitFor(t *testing.T) {
	const lease = 5 * time.Second
	dsn := pgtest.Database(t)
	s := onPostgres(t, dsn)
	tending, ctx := make(chan struct{}, 1), t.Context()
	sup := run.NewSupervisor(run.SupervisorConfig{Store: s, Engine: durable.New(s, quick, durable.Options{Log: zerolog.Nop()}),
		Replica: store.Replica{ID: "me", Started: time.Now()}, Wake: func() {}, Interval: lease / 20, Lease: lease, Log: zerolog.Nop(),
		Tend: func(ctx context.Context) {
			tending <- struct{}{}
			<-ctx.Done()
		}})
	if err := sup.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() { sup.Run(ctx) })
	defer all.Wait()
	defer cancel()
	<-tending
	other, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close(context.Background()) }()
	if _, err := other.Exec(ctx, `SELECT pg_advisory_lock(1633642595)`); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < lease+lease/5; time.Sleep(lease / 50) {
		if !sup.Alive() {
			t.Fatalf("the replica counts as dead after %s", time.Since(began))
		}
	}
}

// TestAReplicaThatRetiresLetsAnotherDecide stops one that is otherwise well.
func TestAReplicaThatRetiresLetsAnotherDecide(t *testing.T) {
	dsn := pgtest.Database(t)
	one, two := onPostgres(t, dsn), onPostgres(t, dsn)
	h := &house{t: t}
	a := newCrew(t, one, "a", 20*time.Second, quick)
	h.await("the first to lead", a.supervisor.Leads)
	b := newCrew(t, two, "b", 20*time.Second, quick)
	a.supervisor.Retire()
	h.await("the second to lead", b.supervisor.Leads)
	if a.supervisor.Leads() || !a.supervisor.Alive() {
		t.Error("the one that retired is dead, or leads")
	}
}

func TestAWriteThatIsNotPermittedMayBeLater(t *testing.T) {
	var passing interface{ Temporary() bool }
	if !errors.As(run.ErrSilent, &passing) || !passing.Temporary() {
		t.Error("a run would fail for a write that its replica was not permitted for a moment")
	}
}
