package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
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

func count(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMigrationsAreAppliedOnceInOrder(t *testing.T) {
	db := open(t, pgtest.Database(t), Options{Schema: "aof"})
	ctx := context.Background()
	one := "CREATE TABLE a (x int); INSERT INTO a VALUES (1); -- a comment; with a semicolon\n"
	two := "ALTER TABLE a ADD COLUMN y int; UPDATE a SET y = x + 1;"
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
	if y := count(t, db, "SELECT y FROM aof.a"); y != 2 {
		t.Errorf("y is %d", y)
	}
}

func TestFailedMigrationLeavesNothing(t *testing.T) {
	db := open(t, pgtest.Database(t), Options{Schema: "aof"})
	ctx := context.Background()
	err := Migrate(ctx, db, files("0001_a.sql", "CREATE TABLE a (x int);", "0002_b.sql", "CREATE TABLE b (x int); INSERT INTO missing VALUES (1);"))
	if err == nil || !strings.Contains(err.Error(), "0002_b.sql") {
		t.Errorf("error %v", err)
	}
	if n := count(t, db, "SELECT count(*) FROM pg_class WHERE relnamespace = 'aof'::regnamespace"); n != 0 {
		t.Errorf("%d objects left", n)
	}
	if err := Migrate(ctx, db, files("0001_a.sql", "CREATE TABLE a (x int);")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestNewerDatabaseIsRefusedAndLeftAlone(t *testing.T) {
	db := open(t, pgtest.Database(t), Options{Schema: "aof"})
	ctx := context.Background()
	if err := Migrate(ctx, db, files("1_a.sql", "CREATE TABLE a (x int)", "2_b.sql", "CREATE TABLE b (x int)")); err != nil {
		t.Fatal(err)
	}
	err := Migrate(ctx, db, files("1_a.sql", "CREATE TABLE a (x int)"))
	if !errors.Is(err, ErrNewerSchema) || Away(err) {
		t.Errorf("error %v", err)
	}
	if got := versions(t, db); len(got) != 2 {
		t.Errorf("versions %v", got)
	}
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	dsn := pgtest.Database(t)
	// The pause makes them wait for each other, longer than for a usual lock.
	set := files("1_a.sql", "CREATE TABLE a (x int); INSERT INTO a VALUES (1); SELECT pg_sleep(0.3)")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			db, err := Open(context.Background(), dsn, Options{Schema: "aof", LockTimeout: 50_000_000, StatementTimeout: 100_000_000})
			if err != nil {
				t.Error(err)
				return
			}
			defer db.Close()
			if err := Migrate(context.Background(), db, set); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, open(t, dsn, Options{Schema: "aof"}), "SELECT count(*) FROM a"); n != 1 {
		t.Errorf("%d rows", n)
	}
}

func TestTwoSchemasOfOneDatabaseHaveTheirOwnVersions(t *testing.T) {
	dsn := pgtest.Database(t)
	for _, name := range []string{"one", "two"} {
		db := open(t, dsn, Options{Schema: name})
		if err := Migrate(t.Context(), db, files("1_"+name+".sql", "CREATE TABLE a (x int)")); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"1_" + name + ".sql"}, versions(t, db)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestMigrationNeedsASchema(t *testing.T) {
	db := open(t, pgtest.Database(t)+"&search_path=nowhere", Options{})
	if err := Migrate(t.Context(), db, files("1_a.sql", "CREATE TABLE a (x int)")); err == nil || !strings.Contains(err.Error(), "search_path") {
		t.Errorf("error %v", err)
	}
}

func TestMigrationStopsWithItsContext(t *testing.T) {
	db := open(t, pgtest.Database(t), Options{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := Migrate(ctx, db, files("1_a.sql", "CREATE TABLE a (x int)")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if err := Migrate(context.Background(), db, files("a_b.sql", "")); err == nil {
		t.Error("a file without a number was taken")
	}
}
