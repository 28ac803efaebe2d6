package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// ErrNewerSchema is returned by Migrate for a database that a newer version of
// the program has already changed.
var ErrNewerSchema = errors.New("the database was written by a newer version of this program")

// migration is one numbered file.
type migration struct {
	version int
	name    string
	sql     string
}

// Migrate brings the schema to the newest version that files holds. The files
// lie at the root of files and are named by a number from 1 upwards without
// gaps, an underscore and a word, as in 0001_deliveries.sql; they are applied
// in order, all in one transaction, and never again. A database with a version
// above the last file is refused with ErrNewerSchema and left alone.
func Migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	list, err := migrations(files)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	// Transactions start with the write lock, so two processes that start
	// together migrate one after the other.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	if err := apply(ctx, tx, list); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit migration: %w", err)
	}
	return nil
}

func apply(ctx context.Context, tx *sql.Tx, list []migration) error {
	const table = `CREATE TABLE IF NOT EXISTS schema_version (
		version    INTEGER PRIMARY KEY,
		name       TEXT NOT NULL,
		applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
	)`
	if _, err := tx.ExecContext(ctx, table); err != nil {
		return fmt.Errorf("create schema_version: %w", err)
	}
	var have int
	const query = `SELECT coalesce(max(version), 0) FROM schema_version`
	if err := tx.QueryRowContext(ctx, query).Scan(&have); err != nil {
		return fmt.Errorf("read schema_version: %w", err)
	}
	if have > len(list) {
		return fmt.Errorf("schema version %d, known up to %d: %w", have, len(list), ErrNewerSchema)
	}
	for _, m := range list[have:] {
		if err := m.apply(ctx, tx); err != nil {
			return fmt.Errorf("apply migration %s: %w", m.name, err)
		}
	}
	return nil
}

func (m migration) apply(ctx context.Context, tx *sql.Tx) error {
	if _, err := tx.ExecContext(ctx, m.sql); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO schema_version (version, name) VALUES (?, ?)`, m.version, m.name)
	return err
}

// migrations reads the numbered files in order.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []migration
	for _, name := range names {
		m, err := readMigration(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b migration) int { return a.version - b.version })
	for i, m := range list {
		if m.version != i+1 {
			return nil, fmt.Errorf("%s: number %d where %d was expected", m.name, m.version, i+1)
		}
	}
	return list, nil
}

func readMigration(files fs.FS, name string) (migration, error) {
	number, _, ok := strings.Cut(name, "_")
	if !ok {
		return migration{}, fmt.Errorf("%s: name is not <number>_<word>.sql", name)
	}
	version, err := strconv.Atoi(number)
	if err != nil {
		return migration{}, fmt.Errorf("%s: name is not <number>_<word>.sql", name)
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return migration{}, err
	}
	return migration{version: version, name: name, sql: string(text)}, nil
}
