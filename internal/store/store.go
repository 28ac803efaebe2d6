// Package store keeps the daemon's own records in SQL: runs with their order,
// steps and events, the ledger of writes to the outside, and the revisions of
// manifests that runs were started with. Deliveries have a file of their own,
// see package inbox; the run engine keeps its journal beside these tables.
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
	"time"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNotFound is returned when there is no such row.
var ErrNotFound = errors.New("not found")

// FileName is the database beside the inbox in the storage directory. The run
// engine keeps its journal in the same file, over connections of its own.
const FileName = "main.db"

// Store is the daemon's database.
type Store struct {
	db     *sql.DB
	writer *writer
	now    func() time.Time
	events *broadcast
	close  sync.Once
	// served is the project that had the last turn; it belongs to the writer.
	served share
}

// Open opens the database in dir, makes it if there is none, and brings its
// tables up to date. now tells the time; nil for the system's clock.
func Open(ctx context.Context, dir string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{})
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read migrations: %w", err), db.Close())
	}
	if err := sqlite.Migrate(ctx, db, files); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate %s: %w", FileName, err), db.Close())
	}
	events := newBroadcast()
	return &Store{db: db, writer: newWriter(db, events.wake), now: now, events: events}, nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// Close carries out what is queued and closes the database.
func (s *Store) Close() error {
	var err error
	s.close.Do(func() {
		s.writer.close()
		err = s.db.Close()
	})
	return err
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return time.UnixMilli(ms.Int64).UTC()
}
