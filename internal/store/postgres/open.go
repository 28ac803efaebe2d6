package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// Connections are replaced in time, so that a pool finds its way back to a
// server behind a changed address and gives back what a busy hour made it open.
const (
	maxLifetime = time.Hour
	maxIdle     = 15 * time.Minute
)

// Open connects to the database that the URL dsn names, makes the schema of the
// options if it is missing, and makes sure that the server is one that promises
// can rest on: version 13 or newer, taking writes, syncing its files and
// committing synchronously. Every connection of the pool ends statements, waits
// for locks and idle transactions after the times of the options. The error says
// what to check and never holds the password; Away tells whether it may pass.
func Open(ctx context.Context, dsn string, o Options) (*sql.DB, error) {
	c, err := parse(dsn, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := stdlib.OpenDB(*c.conn)
	// Idle connections are kept: opening one costs more than most queries.
	db.SetMaxOpenConns(c.maxConns)
	db.SetMaxIdleConns(c.maxConns)
	db.SetConnMaxLifetime(maxLifetime)
	db.SetConnMaxIdleTime(maxIdle)
	if err := prepare(ctx, db, c, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", c.place(), c.explain(err)), db.Close())
	}
	return db, nil
}

// Pool is Open for those that use pgx without database/sql.
func Pool(ctx context.Context, dsn string, o Options) (*pgxpool.Pool, error) {
	db, err := Open(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, fmt.Errorf("close first connection: %w", err)
	}
	c, err := parse(dsn, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	// Only a configuration that ParseConfig made is taken.
	pc, err := pgxpool.ParseConfig(c.conn.ConnString())
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", c.place(), err)
	}
	pc.ConnConfig = c.conn
	pc.MaxConns = int32(c.maxConns)
	pc.MaxConnLifetime, pc.MaxConnIdleTime = maxLifetime, maxIdle
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", c.place(), err)
	}
	return pool, nil
}

// place is the host, port and database, for messages.
func (c *config) place() string {
	return fmt.Sprintf("%s on %s:%d", c.conn.Database, c.conn.Host, c.conn.Port)
}
