package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// oldest is the oldest version of the server, as server_version_num gives it.
const oldest = 130000

// prepare checks the server and makes the schema.
func prepare(ctx context.Context, db *sql.DB, c *config, o Options) error {
	if err := checkServer(ctx, db, o); err != nil {
		return err
	}
	if o.Schema != "" {
		if err := makeSchema(ctx, db, o.Schema); err != nil {
			return err
		}
	}
	return checkSettings(ctx, db, c)
}

// server is what opening has to know of a server.
type server struct {
	version                 int
	standby                 bool
	readOnly, fsync, commit string
}

func checkServer(ctx context.Context, db *sql.DB, o Options) error {
	var s server
	const query = `SELECT current_setting('server_version_num')::int, pg_is_in_recovery(), current_setting('transaction_read_only'),
		current_setting('fsync'), current_setting('synchronous_commit')`
	if err := db.QueryRowContext(ctx, query).Scan(&s.version, &s.standby, &s.readOnly, &s.fsync, &s.commit); err != nil {
		return err
	}
	return s.check(o)
}

// check returns what is wrong with the server and what to do.
func (s server) check(o Options) error {
	switch {
	case s.version < oldest:
		return fmt.Errorf("the server is PostgreSQL %d, and %d is the oldest that works: update it", s.version/10000, oldest/10000)
	case s.standby || s.readOnly == "on":
		return errReadOnly
	case s.commit == "off":
		return errors.New("synchronous_commit is off, so the server loses commits that it confirmed: " +
			"set it to on (ALTER ROLE ... SET synchronous_commit = on, or in postgresql.conf)")
	case s.fsync == "off" && !o.AllowNoFsync:
		return errors.New("fsync is off, so the server loses commits when its machine fails: set it to on in postgresql.conf")
	}
	return nil
}

// takesWrites refuses a new connection to a server that does not take writes: of
// several hosts the next one is tried, and after a failover the old primary.
func takesWrites(ctx context.Context, conn *pgconn.PgConn) error {
	results, err := conn.Exec(ctx, "SHOW transaction_read_only").ReadAll()
	if err != nil {
		return err
	}
	if len(results) == 1 && len(results[0].Rows) == 1 && string(results[0].Rows[0][0]) == "on" {
		return errReadOnly
	}
	return nil
}

// makeSchema makes the schema unless it is there, which asks for no rights.
func makeSchema(ctx context.Context, db *sql.DB, name string) error {
	there, err := hasSchema(ctx, db, name)
	if err != nil || there {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("create schema %s: %w", name, err)
	}
	if err := createSchema(ctx, tx, name); err != nil {
		return errors.Join(fmt.Errorf("create schema %s: %w", name, err), tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("create schema %s: %w", name, err)
	}
	return nil
}

// createSchema makes the schema when nobody else does. IF NOT EXISTS would not be
// enough, not even behind the lock: it asks a cache of the session, which has not
// heard yet of what others made while this one waited.
func createSchema(ctx context.Context, tx *sql.Tx, name string) error {
	if err := lock(ctx, tx, "schema "+name); err != nil {
		return err
	}
	there, err := hasSchema(ctx, tx, name)
	if err != nil || there {
		return err
	}
	_, err = tx.ExecContext(ctx, `CREATE SCHEMA "`+name+`"`)
	return err
}

// querier is a pool or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func hasSchema(ctx context.Context, q querier, name string) (bool, error) {
	var there bool
	err := q.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)`, name).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("look for schema %s: %w", name, err)
	}
	return there, nil
}

// checkSettings makes sure, behind a pooler, that the settings which a session
// cannot keep there are in force: the schema, and some limit for each time.
func checkSettings(ctx context.Context, db *sql.DB, c *config) error {
	if !c.pooled {
		return nil
	}
	var missing []string
	for _, s := range c.settings {
		var value string
		if err := db.QueryRowContext(ctx, `SELECT setting FROM pg_settings WHERE name = $1`, s.name).Scan(&value); err != nil {
			return fmt.Errorf("read setting %s: %w", s.name, err)
		}
		if value == s.value || (s.limit && value != "0") {
			continue
		}
		missing = append(missing, fmt.Sprintf("ALTER ROLE %q IN DATABASE %q SET %s = '%s';", c.conn.User, c.conn.Database, s.name, s.value))
	}
	if len(missing) == 0 {
		return nil
	}
	return errors.New("behind a pooler in transaction mode a session cannot keep its settings: run " +
		strings.Join(missing, " ") + " and let the pooler connect again")
}

// lock takes a lock of that name in this database until the transaction ends.
// Waiting for it is bounded by the context alone: those before us may take long.
func lock(ctx context.Context, tx *sql.Tx, name string) error {
	for _, statement := range []string{
		`SET LOCAL statement_timeout = 0`,
		`SET LOCAL lock_timeout = 0`,
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("take lock %s: %w", name, err)
		}
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('aofctl ' || $1, 0))`, name); err != nil {
		return fmt.Errorf("take lock %s: %w", name, err)
	}
	return nil
}
