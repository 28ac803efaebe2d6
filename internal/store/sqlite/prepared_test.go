package sqlite

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// TestStatementsThatAreKeptReadyDoAsOthersDo uses one statement again and again:
// after others, within its own rows, after errors, and by many at a time.
func TestStatementsThatAreKeptReadyDoAsOthersDo(t *testing.T) {
	for _, kept := range []int{0, 3, 100} {
		db, err := Open(filepath.Join(t.TempDir(), "x.db"), Options{Prepared: kept})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		do := func(query string, args ...any) {
			t.Helper()
			if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
				t.Fatal(err)
			}
		}
		do(`CREATE TABLE t (n INTEGER PRIMARY KEY, b BLOB); CREATE TABLE u (n INTEGER)`)
		for i := range 5 {
			do(`INSERT INTO t (n, b) VALUES (?, ?)`, i, []byte{byte(i)})
		}
		for range 2 {
			if _, err := db.ExecContext(t.Context(), `INSERT INTO t (n, b) VALUES (?, ?)`, 1, nil); err == nil {
				t.Error("a row is there twice")
			}
			if _, err := db.ExecContext(t.Context(), `INSERT INTO nowhere VALUES (?)`, 1); err == nil {
				t.Error("a table is there that is not")
			}
		}
		do(`INSERT INTO t (n, b) VALUES (?, ?)`, 5, nil)
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		const behind = `SELECT n FROM t WHERE n > ? ORDER BY n`
		outer, err := tx.QueryContext(t.Context(), behind, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer outer.Close()
		var got []int
		for outer.Next() {
			var n, next int
			if err := outer.Scan(&n); err != nil {
				t.Fatal(err)
			}
			if err := tx.QueryRowContext(t.Context(), behind, n).Scan(&next); err == nil {
				got = append(got, n*10+next)
			}
		}
		if err := outer.Err(); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 12, 23, 34, 45}; !slices.Equal(got, want) {
			t.Errorf("with %d kept, the rows are %v, want %v", kept, got, want)
		}
		do(`ALTER TABLE t ADD COLUMN more TEXT NOT NULL DEFAULT 'x'`)
		var more string
		var b []byte
		if err := db.QueryRowContext(t.Context(), `SELECT b, more FROM t WHERE n = ?`, 5).Scan(&b, &more); err != nil || b != nil || more != "x" {
			t.Errorf("row 5 has %v and %q: %v", b, more, err)
		}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				for k := range 50 {
					var n int
					if err := db.QueryRowContext(t.Context(), `UPDATE t SET b = ? WHERE n = ? RETURNING n`, []byte{byte(k)}, i%6).Scan(&n); err != nil || n != i%6 {
						t.Errorf("got %d: %v", n, err)
					}
				}
			})
		}
		all.Wait()
	}
}
