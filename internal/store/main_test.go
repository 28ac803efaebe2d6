package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/step"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// database is where stores can be opened, several on one and one after another.
type database struct {
	// dsn is where the database is, if several processes may share it.
	dsn  string
	open func(ctx context.Context, now func() time.Time) (*Store, error)
}

// onEach runs the test on each kind of database, on an empty one.
func onEach(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteDatabase(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresDatabase(t)) })
}

// onEachStore is onEach for tests that need one store by the system's clock.
func onEachStore(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Helper()
	onEach(t, func(t *testing.T, d database) { test(t, d.store(t, nil)) })
}

func sqliteDatabase(t testing.TB) database {
	dir := t.TempDir()
	return database{open: func(ctx context.Context, now func() time.Time) (*Store, error) { return Open(ctx, dir, now) }}
}

func postgresDatabase(t testing.TB) database {
	dsn := pgtest.Database(t)
	return database{dsn: dsn, open: func(ctx context.Context, now func() time.Time) (*Store, error) {
		return OpenPostgres(ctx, dsn, now)
	}}
}

// store opens a store and closes it when the test ends, if it is open then.
func (d database) store(t testing.TB, now func() time.Time) *Store {
	t.Helper()
	s, err := d.open(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (d database) shared() bool { return d.dsn != "" }

// reset empties the database, which is quicker than to make a new one.
func reset(t testing.TB, s *Store) {
	t.Helper()
	must(t, s.writer.do(t.Context(), func(tx tx) error {
		s.served = share{}
		for _, table := range []string{"runs", "tasks", "task_messages", "task_events", "task_asks", "task_pushes", "run_work", "run_steps", "run_waits", "signals", "run_events", "effects", "run_merges", "revisions", "memory", "replicas", "leases"} {
			if _, err := tx.exec(`DELETE FROM ` + table); err != nil {
				return err
			}
		}
		return nil
	}))
}

// cases runs the test for each case, in alphabetical order, on each kind of
// database, which is empty then.
func cases[T any](t *testing.T, table map[string]T, test func(t *testing.T, s *Store, tt T)) {
	t.Helper()
	onEachStore(t, func(t *testing.T, s *Store) {
		for _, name := range slices.Sorted(maps.Keys(table)) {
			t.Run(name, func(t *testing.T) {
				reset(t, s)
				test(t, s, table[name])
			})
		}
	})
}

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.UnixMilli(1_800_000_000_000).UTC()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// me owns the runs that tests claim.
const me = "replica-1"

func queuedRun(id, subject string) Run {
	return Run{ID: id, Delivery: "d-" + id, Source: "jira", Subject: subject, Project: "PROJ", IssueKey: "PROJ-1",
		EventType: "issue_created", Trigger: "t", TargetKind: "agent", Target: "a", Work: json.RawMessage(`{}`), State: StateQueued}
}

// admit admits runs of one subject, by their ids, in order.
func admit(t testing.TB, s *Store, subject string, ids ...string) {
	t.Helper()
	var runs []Run
	for _, id := range ids {
		runs = append(runs, queuedRun(id, subject))
	}
	admitRuns(t, s, runs...)
}

// admitRuns admits runs, in transactions that also a busy machine finishes in time.
func admitRuns(t testing.TB, s *Store, runs ...Run) {
	t.Helper()
	for some := range slices.Chunk(runs, 200) {
		must(t, s.Admit(t.Context(), Lease{}, some, nil))
	}
}

func claimed(t testing.TB, s *Store, n int) []Claim {
	t.Helper()
	claims, err := s.Claim(t.Context(), me, n, Limits{})
	must(t, err)
	return claims
}

// claimIDs claims for me and returns the runs in alphabetical order.
func claimIDs(t testing.TB, s *Store, n int) []string {
	t.Helper()
	return slices.Sorted(slices.Values(runsOf(claimed(t, s, n))))
}

func runsOf(claims []Claim) []string {
	ids := []string{}
	for _, c := range claims {
		ids = append(ids, c.Run)
	}
	return ids
}

// claim admits a run of that name as the only one of its subject and claims it.
func claim(t testing.TB, s *Store, id string) Claim {
	t.Helper()
	admit(t, s, "issue:"+id, id)
	return claimOf(t, s, id)
}

// claimOf claims the run that is the only one whose turn it is.
func claimOf(t testing.TB, s *Store, id string) Claim {
	t.Helper()
	claims := claimed(t, s, 10)
	if len(claims) != 1 || claims[0].Run != id {
		t.Fatalf("claimed %v, want %s", claims, id)
	}
	return claims[0]
}

func finish(t testing.TB, s *Store, c Claim) { t.Helper(); end(t, s, c, StateSucceeded) }

func end(t testing.TB, s *Store, c Claim, as State) {
	t.Helper()
	must(t, s.Finish(t.Context(), c, Outcome{State: as, Result: "result", Error: ""}))
}

func record(t testing.TB, s *Store, c Claim, entries ...step.Entry) {
	t.Helper()
	for _, e := range entries {
		must(t, put(s, c, Record{Entry: e, Asked: e.Name}))
	}
}

// put records a step at the position that is its index, as it is where a run has
// no branches.
func put(s *Store, c Claim, r Record) error {
	r.Pos = r.Entry.Index
	_, err := s.Record(context.Background(), c, r)
	return err
}

func suspend(t testing.TB, s *Store, c Claim, w Wait) {
	t.Helper()
	must(t, s.Suspend(t.Context(), c, w))
}

func get(t testing.TB, s *Store, id string) Run {
	t.Helper()
	r, err := s.Run(t.Context(), id)
	must(t, err)
	return r
}

func isState(t testing.TB, s *Store, id string, want State) {
	t.Helper()
	if got := get(t, s, id).State; got != want {
		t.Errorf("run %s is %s, want %s", id, got, want)
	}
}

// kinds are those of a run's events, in order.
func kinds(t testing.TB, s *Store, id string) []EventKind {
	t.Helper()
	events, err := s.Events(t.Context(), id, 0, 1000)
	must(t, err)
	list := []EventKind{}
	for _, e := range events {
		list = append(list, e.Kind)
	}
	return list
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// heartbeat says that a replica is alive, and returns whether it was known.
func heartbeat(t testing.TB, s *Store, r Replica) bool {
	t.Helper()
	known, err := s.Beat(context.Background(), r)
	must(t, err)
	return known
}

func is(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func ptr[T any](v T) *T { return &v }

// eventually calls f until it returns nil, and fails with its last error.
func eventually(t testing.TB, f func() error) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// within fails the test if the channel is not closed in time.
func within(t testing.TB, what string, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(2 * time.Minute):
		t.Fatal("nobody was told of " + what)
	}
}

func toolStep(index int) step.Entry {
	return step.Entry{Index: index, Kind: step.KindTool, Name: fmt.Sprint("tool-", index)}
}
