// Package schema brings the tables of a database up to date from numbered files.
// It is what SQLite and PostgreSQL have in common: which files there are, in
// which order they apply, and that a newer database is left alone.
package schema

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

// ErrNewer is returned for a database that a newer version of the program has
// already changed.
var ErrNewer = errors.New("the database was written by a newer version of this program")

// Dialect is how a kind of database keeps the list of what was applied, the
// table schema_version.
type Dialect struct {
	// Create makes the table schema_version with the columns version and name
	// if it does not exist.
	Create string
	// Insert adds a row; its parameters are version and name.
	Insert string
}

// Migration is one numbered file.
type Migration struct {
	// Version is the number, from 1.
	Version int
	// Name is the file's name.
	Name string
	// SQL is the file's text.
	SQL string
}

// Read reads the migrations at the root of files in order. They are named by a
// number from 1 upwards without gaps, an underscore and a word, as in
// 0001_deliveries.sql; files that do not end in .sql are left out.
func Read(files fs.FS) ([]Migration, error) {
	list, err := readAll(files)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return list, nil
}

func readAll(files fs.FS) ([]Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	var list []Migration
	for _, name := range names {
		m, err := read(files, name)
		if err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Migration) int { return a.Version - b.Version })
	for i, m := range list {
		if m.Version != i+1 {
			return nil, fmt.Errorf("%s: number %d where %d was expected", m.Name, m.Version, i+1)
		}
	}
	return list, nil
}

func read(files fs.FS, name string) (Migration, error) {
	number, _, ok := strings.Cut(name, "_")
	if !ok {
		return Migration{}, fmt.Errorf("%s: name is not <number>_<word>.sql", name)
	}
	version, err := strconv.Atoi(number)
	if err != nil {
		return Migration{}, fmt.Errorf("%s: name is not <number>_<word>.sql", name)
	}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return Migration{}, err
	}
	return Migration{Version: version, Name: name, SQL: string(text)}, nil
}

// Apply applies those of list, as Read returns it, that the database does not
// have yet, in the caller's transaction: the caller keeps others away from it,
// and rolls back on an error. A database with a version above the last of list
// is refused with ErrNewer.
func Apply(ctx context.Context, tx *sql.Tx, d Dialect, list []Migration) error {
	if _, err := tx.ExecContext(ctx, d.Create); err != nil {
		return fmt.Errorf("create schema_version: %w", err)
	}
	var have int
	const query = `SELECT coalesce(max(version), 0) FROM schema_version`
	if err := tx.QueryRowContext(ctx, query).Scan(&have); err != nil {
		return fmt.Errorf("read schema_version: %w", err)
	}
	if have > len(list) {
		return fmt.Errorf("schema version %d, known up to %d: %w", have, len(list), ErrNewer)
	}
	for _, m := range list[have:] {
		if err := apply(ctx, tx, d, m); err != nil {
			return fmt.Errorf("apply migration %s: %w", m.Name, err)
		}
	}
	return nil
}

func apply(ctx context.Context, tx *sql.Tx, d Dialect, m Migration) error {
	if _, err := tx.ExecContext(ctx, m.SQL); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, d.Insert, m.Version, m.Name)
	return err
}
