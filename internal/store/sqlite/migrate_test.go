package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// files makes migrations from pairs of name and text.
func files(pairs ...string) fstest.MapFS {
	fs := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fs[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fs
}

func versions(t *testing.T, db *sql.DB) []string {
	t.Helper()
	rows, err := db.Query("SELECT name FROM schema_version ORDER BY version")
	if err != nil {
		return nil
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestMigrationsAreAppliedOnceInOrder(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	ctx := context.Background()
	one := "CREATE TABLE a (x); INSERT INTO a VALUES (1); -- a comment; with a semicolon\n"
	two := "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1;"
	steps := []struct {
		files fstest.MapFS
		want  []string
	}{
		{files(), nil},
		{files("0001_a.sql", one, "README.md", "not SQL"), []string{"0001_a.sql"}},
		{files("0001_a.sql", one), []string{"0001_a.sql"}},
		{files("0002_b.sql", two, "0001_a.sql", one), []string{"0001_a.sql", "0002_b.sql"}},
	}
	for i, s := range steps {
		if err := Migrate(ctx, db, s.files); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		if diff := cmp.Diff(s.want, versions(t, db)); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
	var y int
	if err := db.QueryRow("SELECT y FROM a").Scan(&y); err != nil || y != 2 {
		t.Errorf("y is %d, %v", y, err)
	}
}

func TestNumbersGoBeyondTheWidthOfTheirNames(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	all := fstest.MapFS{}
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"} {
		all[n+"_x.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE t" + n + " (x);")}
	}
	if err := Migrate(context.Background(), db, all); err != nil {
		t.Fatal(err)
	}
	if got := versions(t, db); len(got) != 11 || got[10] != "11_x.sql" {
		t.Errorf("applied %v", got)
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	ctx := context.Background()
	err := Migrate(ctx, db, files("0001_a.sql", "CREATE TABLE a (x);", "0002_b.sql", "CREATE TABLE b (x); INSERT INTO missing VALUES (1);"))
	if err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Errorf("error %v", err)
	}
	var n int
	if err := db.QueryRow("SELECT count(*) FROM sqlite_schema").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d objects left, %v", n, err)
	}
	if err := Migrate(ctx, db, files("0001_a.sql", "CREATE TABLE a (x);")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestNewerDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	ctx := context.Background()
	if err := Migrate(ctx, db, files("1_a.sql", "CREATE TABLE a (x)", "2_b.sql", "CREATE TABLE b (x)")); err != nil {
		t.Fatal(err)
	}
	if err := Migrate(ctx, db, files("1_a.sql", "CREATE TABLE a (x)")); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("error %v", err)
	}
	if got := versions(t, db); len(got) != 2 {
		t.Errorf("versions %v", got)
	}
}

func TestParallelMigrationsApplyOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	set := files("1_a.sql", "CREATE TABLE a (x); INSERT INTO a VALUES (1)")
	var dbs []*sql.DB
	for range 4 {
		dbs = append(dbs, open(t, path, Options{}))
	}
	var wg sync.WaitGroup
	for _, db := range dbs {
		wg.Go(func() {
			if err := Migrate(context.Background(), db, set); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var n int
	if err := dbs[0].QueryRow("SELECT count(*) FROM a").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestMigrationStopsWithItsContext(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "x.db"), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Migrate(ctx, db, files("1_a.sql", "CREATE TABLE a (x)")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
