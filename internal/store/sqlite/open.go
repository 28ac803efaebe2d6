package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// Defaults of Options.
const (
	defaultBusyTimeout = 5 * time.Second
	defaultConns       = 4
	defaultCacheBytes  = 4 << 20
	defaultJournalSize = 64 << 20
)

// Options tune one database file. The zero value suits a file of a few
// gigabytes with small rows.
type Options struct {
	// PageSize is the page size in bytes of a new file, a power of two from
	// 512 to 65536; 0 leaves SQLite's 4096. An existing file keeps its own.
	PageSize int
	// CacheBytes bounds the page cache of each connection; 0 means 4 MiB.
	CacheBytes int64
	// CheckpointPages is the size of the write-ahead log, in pages, at which a
	// commit also copies it into the file; 0 leaves SQLite's 1000, a negative
	// number leaves checkpoints to the caller.
	CheckpointPages int
	// JournalBytes is the size to which the write-ahead log is cut back after a
	// checkpoint; 0 means 64 MiB.
	JournalBytes int64
	// BusyTimeout is how long a statement waits for another connection's lock;
	// 0 means 5 s.
	BusyTimeout time.Duration
	// MaxConns bounds the pool; 0 means 4. SQLite lets one connection write at
	// a time whatever the size of the pool.
	MaxConns int
	// Prepared is how many statements each connection keeps ready, so that they are
	// parsed once; 0 for none.
	Prepared int
	// Erase overwrites what is deleted with zeros, which costs writes. The log keeps
	// earlier forms of pages until Truncate.
	Erase bool
	// ReadOnly opens an existing file for queries only.
	ReadOnly bool
	// Wrap puts something between the pool and the driver's connections, such as
	// a translation of their errors; nil for nothing.
	Wrap func(driver.Connector) driver.Connector
}

// Open opens the database file at path, and makes it, readable by its owner
// alone, if it does not exist. Every connection of the pool uses the
// write-ahead log, syncs each commit to the disk (synchronous=FULL), enforces
// foreign keys, starts its transactions with the write lock, and reads a
// double-quoted word as a name and never as a string.
func Open(path string, o Options) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if !o.ReadOnly {
		if err := create(abs); err != nil {
			return nil, fmt.Errorf("open database %s: %w", path, err)
		}
	}
	db, err := connect(dsn(abs, o), o.wraps())
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	// Idle connections are kept: opening one costs more than most queries.
	db.SetMaxOpenConns(or(o.MaxConns, defaultConns))
	db.SetMaxIdleConns(or(o.MaxConns, defaultConns))
	if err := prepare(db, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.Close())
	}
	return db, nil
}

func connect(name string, wrap func(driver.Connector) driver.Connector) (*sql.DB, error) {
	db, err := sql.Open("sqlite", name)
	if err != nil || wrap == nil {
		return db, err
	}
	plain := connector{name: name, driver: db.Driver()}
	return sql.OpenDB(wrap(plain)), db.Close()
}

// wraps is what comes between the pool and the driver; nil for nothing.
func (o Options) wraps() func(driver.Connector) driver.Connector {
	if o.Prepared <= 0 {
		return o.Wrap
	}
	return func(c driver.Connector) driver.Connector {
		if o.Wrap != nil {
			c = o.Wrap(c)
		}
		return keeping{Connector: c, most: o.Prepared}
	}
}

// connector opens the driver's own connections.
type connector struct {
	name   string
	driver driver.Driver
}

// Connect implements driver.Connector.
func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }

// Driver implements driver.Connector.
func (c connector) Driver() driver.Driver { return c.driver }

func (o Options) check() error {
	p := o.PageSize
	if p != 0 && (p < 512 || p > 65536 || p&(p-1) != 0) {
		return fmt.Errorf("page size %d is not a power of two from 512 to 65536", p)
	}
	if o.CacheBytes < 0 || o.JournalBytes < 0 || o.MaxConns < 0 || o.Prepared < 0 || o.BusyTimeout < 0 {
		return errors.New("a negative size, time or number of connections")
	}
	return nil
}

// create makes the file before SQLite would, which uses the process's umask:
// payloads and transcripts are nobody else's to read. The log beside it
// inherits the mode.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// dsn writes the settings that each new connection applies. The journal mode
// is not among them: the driver sorts pragmas, so it would come before the page
// size, which cannot be changed once the file is in that mode.
func dsn(path string, o Options) string {
	q := url.Values{}
	pragma := func(name string, value int64) {
		q.Add("_pragma", name+"("+strconv.FormatInt(value, 10)+")")
	}
	pragma("busy_timeout", or(o.BusyTimeout, defaultBusyTimeout).Milliseconds())
	pragma("cache_size", -or(o.CacheBytes, defaultCacheBytes)/1024)
	pragma("foreign_keys", 1)
	pragma("journal_size_limit", or(o.JournalBytes, defaultJournalSize))
	pragma("synchronous", 2)
	pragma("temp_store", 2)
	if o.PageSize != 0 {
		pragma("page_size", int64(o.PageSize))
	}
	if o.Erase {
		pragma("secure_delete", 1)
	}
	if o.CheckpointPages != 0 {
		pragma("wal_autocheckpoint", int64(max(o.CheckpointPages, 0)))
	}
	q.Set("_dqs", "0")
	q.Set("_txlock", "immediate")
	if o.ReadOnly {
		q.Set("mode", "ro")
		q.Set("_txlock", "deferred")
		pragma("query_only", 1)
	}
	u := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + u.EscapedPath() + "?" + q.Encode()
}

// prepare turns the write-ahead log on, which the file remembers, and makes
// sure that the settings which promises rest on are in force.
func prepare(db *sql.DB, o Options) error {
	ctx := context.Background()
	var mode string
	query := "PRAGMA journal_mode = wal"
	if o.ReadOnly {
		query = "PRAGMA journal_mode"
	}
	if err := db.QueryRowContext(ctx, query).Scan(&mode); err != nil {
		return fmt.Errorf("set journal mode: %w", err)
	}
	if mode != "wal" {
		return fmt.Errorf("set journal mode: the file system gives %q instead of wal", mode)
	}
	var level int
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&level); err != nil {
		return fmt.Errorf("read synchronous level: %w", err)
	}
	if level != 2 {
		return fmt.Errorf("synchronous level is %d instead of 2 (FULL)", level)
	}
	return nil
}

// or returns v unless it is zero, else d.
func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
