package durable

import (
	"context"
	"database/sql/driver"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// fullDisk is an error as SQLite gives it.
type fullDisk struct{}

func (fullDisk) Error() string { return "database or disk is full" }
func (fullDisk) Code() int     { return codeFull }

// faulty refuses statements with a given word while it is on.
type faulty struct {
	driver.Connector
	word string
	on   atomic.Bool
	hits atomic.Int64
}

func (f *faulty) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{sqlConn: conn.(sqlConn), disk: f}, nil
}

type faultyConn struct {
	sqlConn
	disk *faulty
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if c.disk.on.Load() && strings.Contains(query, c.disk.word) {
		c.disk.hits.Add(1)
		return nil, fullDisk{}
	}
	return c.sqlConn.ExecContext(ctx, query, args)
}

// onFaulty opens the database over a disk that can be made to fail.
func onFaulty(word string, patient bool) (*faulty, sqlite.Options) {
	disk := &faulty{word: word}
	return disk, sqlite.Options{Wrap: func(c driver.Connector) driver.Connector {
		disk.Connector = c
		if !patient {
			return disk
		}
		return Patient(zerolog.Nop())(disk)
	}}
}

// twoSteps is work whose first step makes the disk full once it has happened.
func twoSteps(disk *faulty, count *tally) Work {
	return func(ctx context.Context, _ string, j step.Journal) error {
		for _, name := range []string{"first", "second"} {
			if _, err := j.Do(ctx, step.KindTool, name, func(context.Context, string) (step.Entry, error) {
				count.add(name)
				if name == "first" && count.snapshot()[name] == 1 {
					disk.on.Store(true)
				}
				return step.Entry{}, nil
			}); err != nil {
				return err
			}
		}
		count.add("end")
		return nil
	}
}

func TestAFullDiskDelaysARunAndRepeatsNothing(t *testing.T) {
	disk, opts := onFaulty("operation_outputs", true)
	count := newTally()
	e := openEngineOn(t, filepath.Join(t.TempDir(), "main.db"), opts, twoSteps(disk, count), Options{})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	await(t, "the disk to refuse the record", func() bool { return disk.hits.Load() > 1 })
	disk.on.Store(false)
	await(t, "the run to end", func() bool { return count.snapshot()["end"] == 1 })
	if diff := cmp.Diff(map[string]int{"first": 1, "second": 1, "end": 1}, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}

// TestAnInterruptedRunIsNotEndedByTheEngine lets the record of a step fail for
// good. The run must go on after a restart: to the engine an error would be the
// end.
func TestAnInterruptedRunIsNotEndedByTheEngine(t *testing.T) {
	path, count := filepath.Join(t.TempDir(), "main.db"), newTally()
	disk, opts := onFaulty("operation_outputs", false)
	e := openEngineOn(t, path, opts, twoSteps(disk, count), Options{})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	await(t, "the run to be held", func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return e.parked == 1
	})
	if err := e.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := count.snapshot()["end"]; n != 0 {
		t.Fatal("the run went on without a record of its step")
	}
	openEngineOn(t, path, sqlite.Options{}, twoSteps(disk, count), Options{})
	await(t, "the run to end", func() bool { return count.snapshot()["end"] == 1 })
}

func TestStartGivesUpWithItsContextWhileTheDiskIsAway(t *testing.T) {
	disk, opts := onFaulty("workflow_input", true)
	count := newTally()
	e := openEngineOn(t, filepath.Join(t.TempDir(), "main.db"), opts, func(_ context.Context, id string, _ step.Journal) error {
		count.add(id)
		return nil
	}, Options{})
	disk.on.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error)
	go func() { started <- e.Start(ctx, "r") }()
	await(t, "the disk to refuse the start", func() bool { return disk.hits.Load() > 0 })
	cancel()
	if err := <-started; !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v, want the context's error", err)
	}
	disk.on.Store(false)
	await(t, "the run to start once the disk is back", func() bool { return count.snapshot()["r"] == 1 })
}

func TestOnlyTroubleOfTheDiskIsWaitedFor(t *testing.T) {
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "small.db"), sqlite.Options{MaxConns: 1, Wrap: Patient(zerolog.Nop())})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)`); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`PRAGMA max_page_count = 8`); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		statement string
		away      bool
	}{
		"no room":            {`INSERT INTO t (body) VALUES (zeroblob(1000000))`, true},
		"no such table":      {`INSERT INTO nothing VALUES (1)`, false},
		"a constraint":       {`INSERT INTO t (id) SELECT 1 UNION ALL SELECT 1`, false},
		"nothing is wrong":   {`INSERT INTO t (id) VALUES (7)`, false},
		"the wrong language": {`GIVE ME ROWS`, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := db.Exec(tt.statement)
			var away net.Error
			if got := errors.As(err, &away); got != tt.away {
				t.Errorf("error %v counts as passing: %v, want %v", err, got, tt.away)
			}
		})
	}
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil || n != 1 || tx.Commit() != nil {
		t.Errorf("the database has %d rows, %v; want it to work on", n, err)
	}
}

func TestResumeTellsRunsThatTheEngineEndedFromThoseAtWork(t *testing.T) {
	release := make(chan struct{})
	e := openEngine(t, t.TempDir(), func(_ context.Context, id string, _ step.Journal) error {
		if id != "over" {
			<-release
		}
		return nil
	}, Options{})
	for _, id := range []string{"working", "over"} {
		if err := e.Start(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "one run to end", func() bool { return errors.Is(e.Resume(t.Context(), "over"), ErrOver) })
	for _, id := range []string{"working", "never started"} {
		if err := e.Resume(t.Context(), id); err != nil {
			t.Errorf("Resume(%s) = %v", id, err)
		}
	}
	close(release)
}

func TestASecondShutdownIsHarmless(t *testing.T) {
	e := openEngine(t, t.TempDir(), func(context.Context, string, step.Journal) error { return nil }, Options{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for range 2 {
		if err := e.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown = %v", err)
		}
	}
	if err := e.Resume(t.Context(), "r"); !errors.Is(err, ErrClosing) {
		t.Errorf("Resume after Shutdown = %v, want ErrClosing", err)
	}
}

func TestLaunchGivesUpWithItsContextWhileTheDiskIsAway(t *testing.T) {
	disk, opts := onFaulty("application_versions", true)
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "main.db"), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e, err := Open(t.Context(), db, func(context.Context, string, step.Journal) error { return nil }, Options{Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	disk.on.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	launched := make(chan error)
	go func() { launched <- e.Launch(ctx) }()
	await(t, "the disk to refuse the launch", func() bool { return disk.hits.Load() > 0 })
	cancel()
	if err := <-launched; !errors.Is(err, context.Canceled) {
		t.Errorf("Launch = %v, want the context's error", err)
	}
	if err := e.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown = %v", err)
	}
}

// TestAStopDoesNotWaitForTheDisk shuts down while a step that happened cannot be
// recorded. It happens again after the restart: that it does no harm twice is
// for the ledger of writes to see to.
func TestAStopDoesNotWaitForTheDisk(t *testing.T) {
	path, count := filepath.Join(t.TempDir(), "main.db"), newTally()
	disk, opts := onFaulty("operation_outputs", true)
	e := openEngineOn(t, path, opts, twoSteps(disk, count), Options{})
	if err := e.Start(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	await(t, "the disk to refuse the record", func() bool { return disk.hits.Load() > 0 })
	expired, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Shutdown(expired); err != nil {
		t.Fatal(err)
	}
	openEngineOn(t, path, sqlite.Options{}, twoSteps(disk, count), Options{})
	await(t, "the run to end", func() bool { return count.snapshot()["end"] == 1 })
	if diff := cmp.Diff(map[string]int{"first": 2, "second": 1, "end": 1}, count.snapshot()); diff != "" {
		t.Errorf("work done (-want +got):\n%s", diff)
	}
}
