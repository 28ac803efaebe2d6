// Package secret keeps secrets that change while the daemon runs, such as refresh
// tokens, in a table of SQLite or PostgreSQL. They come sealed and leave sealed:
// this package and the database see none of them.
package secret

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/aofctl/aofctl/internal/store/postgres"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

//go:embed sqlite/*.sql postgres/*.sql
var migrations embed.FS

// FileName is the SQLite database in the storage directory. It is a file of its
// own, since a copy of it deserves more care than one of the others.
const FileName = "secrets.db"

// Schema is where PostgreSQL has the table.
const Schema = "aof_secrets"

// conns is the number of connections; secrets change once an hour.
const conns = 2

// Store is a table of sealed secrets by name. It may be used by any number of
// goroutines, and the table by any number of processes.
type Store struct {
	db                   *sql.DB
	load, insert, update string
}

// OpenSQLite opens the file in the storage directory, and makes it, readable by
// its owner alone, if it does not exist.
func OpenSQLite(ctx context.Context, dir string) (*Store, error) {
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{MaxConns: conns})
	if err != nil {
		return nil, err
	}
	return ready(ctx, &Store{
		db:     db,
		load:   `SELECT sealed FROM secrets WHERE name = ?1`,
		insert: `INSERT INTO secrets (name, sealed) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING`,
		update: `UPDATE secrets SET sealed = ?2, updated_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE name = ?1 AND sealed = ?3`,
	}, "sqlite", sqlite.Migrate)
}

// OpenPostgres connects to the database that the URL dsn names, and makes the
// table if it does not exist. Options are those of the connections; their schema
// and number are set here.
func OpenPostgres(ctx context.Context, dsn string, o postgres.Options) (*Store, error) {
	o.Schema, o.MaxConns = Schema, conns
	db, err := postgres.Open(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	return ready(ctx, &Store{
		db:     db,
		load:   `SELECT sealed FROM secrets WHERE name = $1`,
		insert: `INSERT INTO secrets (name, sealed) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`,
		update: `UPDATE secrets SET sealed = $2, updated_at = now() WHERE name = $1 AND sealed = $3`,
	}, "postgres", postgres.Migrate)
}

func ready(ctx context.Context, s *Store, dialect string, migrate func(context.Context, *sql.DB, fs.FS) error) (*Store, error) {
	files, err := fs.Sub(migrations, dialect)
	if err == nil {
		err = migrate(ctx, s.db, files)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open secrets: %w", err), s.db.Close())
	}
	return s, nil
}

// LoadToken returns what is stored under the name; nil if nothing is.
func (s *Store) LoadToken(ctx context.Context, name string) ([]byte, error) {
	var sealed []byte
	err := s.db.QueryRowContext(ctx, s.load, name).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return sealed, nil
}

// SwapToken stores value under the name if what is stored there is still old (nil
// for nothing), and reports whether it was. It is one statement, so nobody can
// store in between, and it is on disk when the method returns.
func (s *Store) SwapToken(ctx context.Context, name string, old, value []byte) (bool, error) {
	statement, args := s.update, []any{name, value, old}
	if old == nil {
		statement, args = s.insert, args[:2]
	}
	result, err := s.db.ExecContext(ctx, statement, args...)
	if err != nil {
		return false, fmt.Errorf("write secret %s: %w", name, err)
	}
	rows, err := result.RowsAffected()
	if err != nil {
		return false, fmt.Errorf("write secret %s: %w", name, err)
	}
	return rows == 1, nil
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }
