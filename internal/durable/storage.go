package durable

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/rs/zerolog"
)

// Patient makes the engine wait for its disk: it is for sqlite.Options.Wrap of
// the database that is given to Open. DBOS tries a statement again only if the
// database was busy, and takes a full or failing disk for a failure of the step
// that it was about to record, which has happened by then. Under Patient such
// errors count as passing, and what could not be recorded is recorded as soon as
// the disk takes it. The log is told what is waited for.
func Patient(log zerolog.Logger) func(driver.Connector) driver.Connector {
	const often = 10 * time.Second
	sampled := log.Sample(&zerolog.BurstSampler{Burst: 1, Period: often})
	return func(inner driver.Connector) driver.Connector {
		return &patientConnector{inner: inner, translate: func(err error) error {
			if !outOfDisk(err) {
				return err
			}
			sampled.Error().Err(err).Msg("the disk does not take what the run engine records; it is tried again")
			return &awayError{err}
		}}
	}
}

// Primary result codes of SQLite that say something of the disk and nothing of
// the statement. https://sqlite.org/rescode.html
const (
	codeNoMemory = 7
	codeReadOnly = 8
	codeIO       = 10
	codeFull     = 13
	codeCantOpen = 14
)

func outOfDisk(err error) bool {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return false
	}
	switch coded.Code() & 0xff {
	case codeNoMemory, codeReadOnly, codeIO, codeFull, codeCantOpen:
		return true
	}
	return false
}

// awayError is an error of the disk in the form of a lost connection, which DBOS
// waits for.
type awayError struct{ cause error }

var _ net.Error = (*awayError)(nil)

func (e *awayError) Error() string   { return e.cause.Error() }
func (e *awayError) Unwrap() error   { return e.cause }
func (e *awayError) Timeout() bool   { return false }
func (e *awayError) Temporary() bool { return true }

type patientConnector struct {
	inner     driver.Connector
	translate func(error) error
}

// sqlConn is what the connections of the SQLite driver can do and database/sql
// makes use of.
type sqlConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// Connect implements driver.Connector.
func (c *patientConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.inner.Connect(ctx)
	if err != nil {
		return nil, c.translate(err)
	}
	full, ok := conn.(sqlConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("connections of %T cannot be wrapped", c.inner.Driver()), conn.Close())
	}
	return &patientConn{sqlConn: full, translate: c.translate}, nil
}

// Driver implements driver.Connector.
func (c *patientConnector) Driver() driver.Driver { return c.inner.Driver() }

type patientConn struct {
	sqlConn
	translate func(error) error
}

// BeginTx implements driver.ConnBeginTx.
func (c *patientConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.sqlConn.BeginTx(ctx, opts)
	if err != nil {
		return nil, c.translate(err)
	}
	return &patientTx{Tx: tx, translate: c.translate}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *patientConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.sqlConn.ExecContext(ctx, query, args)
	return result, c.translate(err)
}

// QueryContext implements driver.QueryerContext.
func (c *patientConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.sqlConn.QueryContext(ctx, query, args)
	if err != nil {
		return nil, c.translate(err)
	}
	return &patientRows{Rows: rows, translate: c.translate}, nil
}

type patientTx struct {
	driver.Tx
	translate func(error) error
}

// Commit implements driver.Tx.
func (t *patientTx) Commit() error { return t.translate(t.Tx.Commit()) }

type patientRows struct {
	driver.Rows
	translate func(error) error
}

// Next implements driver.Rows.
func (r *patientRows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == io.EOF { //nolint:errorlint // the end, as the interface demands it
		return err
	}
	return r.translate(err)
}
