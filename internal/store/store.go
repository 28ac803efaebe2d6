// Package store keeps the daemon's own records in SQL, on SQLite or PostgreSQL:
// runs with their order, the journal of their steps, events, the ledger of
// writes to the outside, and the revisions of manifests that runs were started
// with. Deliveries have tables of their own, see package inbox.
//
// All writes of all processes go one at a time, in groups, whatever the
// database: what is decided in one is true until it is committed.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/store/postgres"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

//go:embed migrations/sqlite/*.sql migrations/postgres/*.sql
var migrations embed.FS

// ErrNotFound is returned when there is no such row.
var ErrNotFound = errors.New("not found")

// FileName is the SQLite database beside the inbox in the storage directory.
const FileName = "main.db"

// Schema is where the tables are on PostgreSQL.
const Schema = "aof"

// postgresConns bounds the connections to PostgreSQL: one writes, the others
// read. Three replicas have to fit into the 100 that a server takes by default.
const postgresConns = 5

// prepared is how many statements each connection to SQLite keeps ready, which is
// all of them: those that are put together as they are needed have few forms.
const prepared = 300

// Store is the daemon's database.
type Store struct {
	db      *sql.DB
	dialect *dialect
	writer  *writer
	now     func() time.Time
	events  *broadcast
	cancels *broadcast
	close   sync.Once
	// stop ends the listening to other processes.
	stop func()
	// served is the project that had the last turn; it belongs to the writer.
	served share
	// erase has runs leave nothing behind of what was said in them, and traces tells
	// that the log of SQLite may still hold something of it.
	erase  bool
	traces atomic.Bool
	// rooms are how many tasks of A2A may begin uncounted; they belong to the writer.
	rooms rooms
}

// Option is something that is not so by default.
type Option func(*settings)

type settings struct{ erase bool }

// Erasing makes a Store in which runs leave nothing behind of what was said in them:
// see Erase. The audit log keeps digests in the place of questions and answers, and
// SQLite overwrites what is deleted.
func Erasing() Option { return func(s *settings) { s.erase = true } }

func settingsOf(options []Option) settings {
	var s settings
	for _, set := range options {
		set(&s)
	}
	return s
}

// Open opens the SQLite database in dir, makes it if there is none, and brings
// its tables up to date. now tells the time; nil for the system's clock.
func Open(ctx context.Context, dir string, now func() time.Time, options ...Option) (*Store, error) {
	set := settingsOf(options)
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{Prepared: prepared, Erase: set.erase})
	if err != nil {
		return nil, err
	}
	err = migrate(ctx, db, "sqlite", sqlite.Migrate)
	if err == nil && set.erase {
		err = sqlite.Compact(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("migrate %s: %w", FileName, err), db.Close())
	}
	return newStore(db, sqliteDialect(), now, set), nil
}

// OpenPostgres is Open for a PostgreSQL database, which several processes may
// share.
func OpenPostgres(ctx context.Context, dsn string, now func() time.Time, options ...Option) (*Store, error) {
	db, err := postgres.Open(ctx, dsn, postgres.Options{Schema: Schema, MaxConns: postgresConns, ApplicationName: "aofctl runs"})
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, db, "postgres", postgres.Migrate); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate schema %s: %w", Schema, err), db.Close())
	}
	s := newStore(db, postgresDialect(), now, settingsOf(options))
	s.listen(ctx, dsn)
	return s, nil
}

func newStore(db *sql.DB, d *dialect, now func() time.Time, set settings) *Store {
	if now == nil {
		now = time.Now
	}
	events := newBroadcast()
	return &Store{db: db, dialect: d, writer: newWriter(db, d, events.wake), now: now, erase: set.erase, events: events, cancels: newBroadcast(), stop: func() {}}
}

func migrate(ctx context.Context, db *sql.DB, name string, apply func(context.Context, *sql.DB, fs.FS) error) error {
	files, err := fs.Sub(migrations, "migrations/"+name)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return apply(ctx, db, files)
}

// Shared reports whether other processes may use the database, too.
func (s *Store) Shared() bool { return s.dialect.notify != "" }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Close carries out what is queued and closes the database.
func (s *Store) Close() error {
	var err error
	s.close.Do(func() {
		s.stop()
		s.writer.close()
		err = s.db.Close()
	})
	return err
}

func (s *Store) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return s.db.QueryContext(ctx, s.dialect.sql(query), clean(args)...)
}

func (s *Store) row(ctx context.Context, query string, args ...any) *sql.Row {
	return s.db.QueryRowContext(ctx, s.dialect.sql(query), clean(args)...)
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}
