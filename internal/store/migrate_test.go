package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/schema"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// older makes a SQLite database as an older version left it, with the first so
// many migrations, and returns its directory.
func older(t *testing.T, version int, fill func(db *sql.DB)) string {
	t.Helper()
	dir, files := t.TempDir(), fstest.MapFS{}
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	must(t, err)
	for _, name := range names[:version] {
		text, err := fs.ReadFile(migrations, name)
		must(t, err)
		files[filepath.Base(name)] = &fstest.MapFile{Data: text}
	}
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{})
	must(t, err)
	must(t, sqlite.Migrate(t.Context(), db, files))
	fill(db)
	must(t, db.Close())
	return dir
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.Exec(query, args...)
	must(t, err)
}

func oldRun(t *testing.T, db *sql.DB, id, subject string, state State, ready int) {
	t.Helper()
	attempt := 0
	if state != StateQueued {
		attempt = 1
	}
	exec(t, db, `INSERT INTO runs (id, delivery, source, site, subject, project, issue_key, event_type, actor,
		trigger_name, target_kind, target, revision, catalog, work, state, ready, attempt, created_at, finished_at)
		VALUES (?, 'd', 'jira', '', ?, 'P', 'P-1', 'e', '', 't', 'agent', 'a', '', '', x'7b7d', ?, ?, ?, 1, ?)`,
		id, subject, state, ready, attempt, sql.NullInt64{Int64: 2, Valid: state.Terminal()})
}

func oldStep(t *testing.T, db *sql.DB, run string, e step.Entry) {
	t.Helper()
	body, err := json.Marshal(e)
	must(t, err)
	exec(t, db, `INSERT INTO run_steps (run, idx, entry) VALUES (?, ?, ?)`, run, e.Index, body)
}

// TestRunsOfAnOlderVersionGoOn opens a database of each older version, with runs
// in every state.
func TestRunsOfAnOlderVersionGoOn(t *testing.T) {
	for version := 1; version <= 2; version++ {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			dir := older(t, version, func(db *sql.DB) {
				oldRun(t, db, "over", "issue:1", StateSucceeded, 0)
				oldRun(t, db, "at-work", "issue:1", StateRunning, 0)
				oldRun(t, db, "next", "issue:1", StateQueued, 0)
				oldRun(t, db, "ready", "issue:2", StateQueued, 1)
				oldRun(t, db, "fresh", "issue:3", StateRunning, 0)
				oldStep(t, db, "over", step.Entry{Kind: step.KindTool, Name: "old"})
				oldStep(t, db, "at-work", step.Entry{Index: 0, Kind: step.KindModel, Name: "ask", TokensIn: 10, TokensCached: 4, TokensOut: 2, CostMicroUSD: ptr(int64(5))})
				oldStep(t, db, "at-work", step.Entry{Index: 1, Kind: step.KindTool, Name: "comment", InDoubt: true})
				exec(t, db, `INSERT INTO effects (id, kind, target, begun_at) VALUES ('at-work:1', 'comment', 'P-1', 1), ('odd', 'comment', 'P-1', 1)`)
				exec(t, db, `INSERT INTO effects (id, kind, target, begun_at, done_at, ref) VALUES ('over:0', 'comment', 'P-1', 1, 2, '10500')`)
				exec(t, db, `CREATE TABLE workflow_status (workflow_uuid TEXT PRIMARY KEY)`)
				exec(t, db, `CREATE TABLE operation_outputs (workflow_uuid TEXT REFERENCES workflow_status (workflow_uuid))`)
				exec(t, db, `INSERT INTO workflow_status VALUES ('at-work')`)
				exec(t, db, `INSERT INTO operation_outputs VALUES ('at-work')`)
			})
			d := database{open: func(ctx context.Context, now func() time.Time) (*Store, error) { return Open(ctx, dir, now) }}
			continueOld(t, d.store(t, nil))
		})
	}
}

func continueOld(t *testing.T, s *Store) {
	ready := claims(t, s, "ready")[0]
	finish(t, s, ready)
	if n, err := s.Revive(t.Context(), time.Hour); err != nil || n != 2 {
		t.Fatalf("Revive = %d, %v; want the two runs at work", n, err)
	}
	got := claims(t, s, "at-work", "fresh")
	j, err := s.Journal(t.Context(), got[0])
	must(t, err)
	want := []Record{
		{Asked: "ask", Entry: step.Entry{Index: 0, Kind: step.KindModel, Name: "ask", TokensIn: 10, TokensCached: 4, TokensOut: 2, CostMicroUSD: ptr(int64(5))}},
		{Pos: 1, Asked: "comment", Entry: step.Entry{Index: 1, Kind: step.KindTool, Name: "comment", InDoubt: true}},
	}
	if diff := cmp.Diff(Journal{Records: want}, j); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
	record(t, s, got[0], step.Entry{Index: 2, Kind: step.KindModel, Name: "ask", TokensIn: 1, CostMicroUSD: ptr(int64(7))})
	record(t, s, got[1], step.Entry{Index: 0, Kind: step.KindModel, Name: "ask", TokensIn: 1, CostMicroUSD: ptr(int64(7))})
	for _, c := range got {
		finish(t, s, c)
	}
	r := get(t, s, "at-work")
	sums := Run{Steps: r.Steps, TokensIn: r.TokensIn, TokensCached: r.TokensCached, TokensOut: r.TokensOut, CostMicroUSD: r.CostMicroUSD, InDoubt: r.InDoubt, Attempt: r.Attempt}
	if diff := cmp.Diff(Run{Steps: 3, TokensIn: 11, TokensCached: 4, TokensOut: 2, CostMicroUSD: ptr(int64(12)), InDoubt: true, Attempt: 1}, sums); diff != "" {
		t.Errorf("totals of the run at work (-want +got):\n%s", diff)
	}
	if r := get(t, s, "fresh"); r.Steps != 1 || r.CostMicroUSD == nil || *r.CostMicroUSD != 7 || r.InDoubt {
		t.Errorf("run that had no step is %+v", r)
	}
	finish(t, s, claims(t, s, "next")[0])
	if found, err := s.HasEffect(t.Context(), "comment", "10500"); err != nil || !found {
		t.Errorf("write of before is known: %v, %v", found, err)
	}
	later := time.Now().Add(time.Hour)
	for _, sweep := range []func(context.Context, time.Time) (int, error){s.Wipe, s.Prune} {
		if n, err := sweep(t.Context(), later); err != nil || n != 5 {
			t.Errorf("deleted %d runs, %v; want all", n, err)
		}
	}
}

// TestNonsenseOfAnOlderVersionDoesNotStopTheStart has counts that a provider made
// up, and a step of which the cost is not known.
func TestNonsenseOfAnOlderVersionDoesNotStopTheStart(t *testing.T) {
	dir := older(t, 2, func(db *sql.DB) {
		oldRun(t, db, "r", "issue:1", StateRunning, 0)
		for i := range 3 {
			oldStep(t, db, "r", step.Entry{Index: i, Kind: step.KindModel, TokensIn: 1 << 62, TokensOut: -5})
		}
	})
	s, err := Open(t.Context(), dir, nil)
	must(t, err)
	defer func() { must(t, s.Close()) }()
	_, err = s.Revive(t.Context(), time.Hour)
	must(t, err)
	c := claims(t, s, "r")[0]
	record(t, s, c, step.Entry{Index: 3, Kind: step.KindModel, TokensIn: 1})
	finish(t, s, c)
	if r := get(t, s, "r"); r.Steps != 4 || r.TokensOut != 0 || r.TokensIn <= 0 || r.CostMicroUSD != nil {
		t.Errorf("run is %+v", r)
	}
}

func TestADatabaseOfANewerVersionIsLeftAlone(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		s := d.store(t, nil)
		admit(t, s, "issue:1", "r")
		must(t, s.writer.do(t.Context(), func(tx tx) error {
			_, err := tx.exec(`INSERT INTO schema_version (version, name) VALUES (99, 'later')`)
			return err
		}))
		must(t, s.Close())
		_, err := d.open(t.Context(), nil)
		is(t, "Open", err, schema.ErrNewer)
	})
}
