package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// TestFollowersMissNothing reads the events as a dashboard does, by pages behind
// a sequence number and woken by changes, while runs come and go.
func TestFollowersMissNothing(t *testing.T) {
	const runs = 40
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for k := range runs / 4 {
				id := fmt.Sprintf("r-%d-%d", i, k)
				if err := s.Admit(ctx, []Run{queuedRun(id, "issue:"+id)}, nil); err != nil {
					t.Error(err)
				}
				if _, err := s.Claim(ctx, 1); err != nil {
					t.Error(err)
				}
				if err := s.Finish(ctx, id, Outcome{State: StateSucceeded}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	finished := map[string]int{}
	last := int64(0)
	for len(finished) < runs {
		changed := s.Changed()
		page, err := s.Events(ctx, "", last, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page {
			if e.Seq <= last {
				t.Fatalf("event %d after %d", e.Seq, last)
			}
			if last = e.Seq; e.Kind == EventFinished {
				finished[e.Run]++
			}
		}
		if len(page) == 0 {
			<-changed
		}
	}
	wg.Wait()
	for id, n := range finished {
		if n != 1 {
			t.Errorf("%s ended %d times", id, n)
		}
	}
	if seq, err := s.LastEvent(ctx); err != nil || seq < last {
		t.Errorf("last event is %d, %v; saw %d", seq, err, last)
	}
}

func TestEventsOfOneRunArePaged(t *testing.T) {
	s := open(t, t.TempDir())
	admit(t, s, queuedRun("a", "issue:1"), queuedRun("b", "issue:2"))
	for i := range 20 {
		for _, run := range []string{"a", "b"} {
			if err := s.RecordStep(t.Context(), run, step.Entry{Index: i, Kind: step.KindTool}); err != nil {
				t.Fatal(err)
			}
		}
	}
	after, total := int64(0), 0
	for {
		page, err := s.Events(t.Context(), "b", after, 6)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Run != "b" {
				t.Errorf("event of run %s", e.Run)
			}
		}
		total, after = total+len(page), page[len(page)-1].Seq
	}
	if total != 21 {
		t.Errorf("%d events, want one for the admission and one for each step", total)
	}
}

// TestRunsOfAnOlderSchemaGoOn opens a database that the first version made, with
// runs in every state.
func TestRunsOfAnOlderSchemaGoOn(t *testing.T) {
	dir := t.TempDir()
	text, err := fs.ReadFile(migrations, "migrations/0001_runs.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Migrate(t.Context(), db, fstest.MapFS{"0001_runs.sql": {Data: text}}); err != nil {
		t.Fatal(err)
	}
	for i, state := range []string{"succeeded", "running", "queued"} {
		if _, err := db.Exec(`INSERT INTO runs (id, delivery, source, site, subject, project, issue_key, event_type, actor,
			trigger_name, target_kind, target, revision, catalog, work, state, ready, created_at)
			VALUES (?, 'd', 'jira', '', 'issue:1', 'P', 'P-1', 'e', '', 't', 'agent', 'a', '', '', x'7b7d', ?, ?, 1)`,
			fmt.Sprint("r", i), state, state == "running"); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if got := claimIDs(t, s, 5); len(got) != 0 {
		t.Errorf("claimed %v while a run of the subject is at work", got)
	}
	finish(t, s, "r1")
	if diff := cmp.Diff([]string{"r2"}, claimIDs(t, s, 5)); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

func TestRunsOfAnHourAreCountedBySubject(t *testing.T) {
	clock := time.UnixMilli(1_800_000_000_000)
	s, err := Open(t.Context(), t.TempDir(), func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 6 {
		r := queuedRun(fmt.Sprint("r", i), "issue:1")
		if i == 5 {
			r.Subject = "issue:2"
		}
		admit(t, s, r)
		clock = clock.Add(20 * time.Minute)
	}
	tests := map[string]struct {
		source, site, subject string
		back                  time.Duration
		want                  int
	}{
		"the last hour":   {"jira", "", "issue:1", time.Hour, 2},
		"all time":        {"jira", "", "issue:1", 100 * time.Hour, 5},
		"another issue":   {"jira", "", "issue:2", time.Hour, 1},
		"another site":    {"jira", "other", "issue:1", time.Hour, 0},
		"another source":  {"github", "", "issue:1", time.Hour, 0},
		"from now on":     {"jira", "", "issue:1", 0, 0},
		"in the future":   {"jira", "", "issue:1", -time.Hour, 0},
		"no such subject": {"jira", "", "", time.Hour, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n, err := s.RunsSince(t.Context(), tt.source, tt.site, tt.subject, clock.Add(-tt.back))
			if err != nil || n != tt.want {
				t.Errorf("%d runs, %v; want %d", n, err, tt.want)
			}
		})
	}
}

// TestAClockThatGoesBackLeavesARunsStoryReadable sets the clock back between the moments of a
// run: it must still be told apart whether it started and ended.
func TestAClockThatGoesBackLeavesARunsStoryReadable(t *testing.T) {
	clock := time.UnixMilli(1_800_000_000_000)
	s, err := Open(t.Context(), t.TempDir(), func() time.Time { return clock })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	admit(t, s, queuedRun("r", "issue:1"))
	for _, move := range []func(){
		func() { claimIDs(t, s, 1) },
		func() { finish(t, s, "r") },
	} {
		clock = clock.Add(-time.Hour)
		move()
	}
	r, err := s.Run(t.Context(), "r")
	if err != nil || r.Started.IsZero() || r.Finished.IsZero() || !r.State.Terminal() {
		t.Errorf("run %+v, %v", r, err)
	}
}

func TestAReadOfAClosedStoreFails(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Ping(t.Context()), s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for name, read := range map[string]func() error{
		"Ping":         func() error { return s.Ping(ctx) },
		"Run":          func() error { _, err := s.Run(ctx, "r"); return err },
		"Runs":         func() error { _, err := s.Runs(ctx, RunFilter{}); return err },
		"Running":      func() error { _, err := s.Running(ctx); return err },
		"Counts":       func() error { _, err := s.Counts(ctx); return err },
		"Steps":        func() error { _, err := s.Steps(ctx, "r"); return err },
		"Events":       func() error { _, err := s.Events(ctx, "", 0, 1); return err },
		"LastEvent":    func() error { _, err := s.LastEvent(ctx); return err },
		"RevisionText": func() error { _, err := s.RevisionText(ctx, "r"); return err },
		"RunsSince":    func() error { _, err := s.RunsSince(ctx, "", "", "", time.Time{}); return err },
		"HasEffect":    func() error { _, err := s.HasEffect(ctx, "", ""); return err },
		"Claim":        func() error { _, err := s.Claim(ctx, 1); return err },
		"Finish":       func() error { return s.Finish(ctx, "r", Outcome{}) },
	} {
		if err := read(); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%s = %v, want the trouble named", name, err)
		}
	}
}

func TestListedRunsComeWithoutTheirWork(t *testing.T) {
	s := open(t, t.TempDir())
	admit(t, s, queuedRun("r", "issue:1"))
	runs, err := s.Runs(t.Context(), RunFilter{Delivery: "d-r", Target: "a", State: StateQueued})
	if err != nil || len(runs) != 1 || len(runs[0].Work) != 0 {
		t.Fatalf("runs %+v, %v", runs, err)
	}
	one, err := s.Run(t.Context(), "r")
	if err != nil || string(one.Work) != "{}" {
		t.Fatalf("run %+v, %v", one, err)
	}
	one.Work, runs[0].Work = nil, nil
	if diff := cmp.Diff(one, runs[0]); diff != "" {
		t.Errorf("listed (-alone +in the list):\n%s", diff)
	}
}
