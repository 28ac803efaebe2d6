package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store/postgres"
)

func sqliteDialect() *dialect {
	return &dialect{clock: `CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)`, refused: refusedBySQLite}
}

// refusedBySQLite tells the errors that are a change's own fault.
// https://sqlite.org/rescode.html
func refusedBySQLite(err error) bool {
	const tooBig, constraint, mismatch = 18, 19, 20
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return false
	}
	switch coded.Code() & 0xff {
	case tooBig, constraint, mismatch:
		return true
	}
	return false
}

// Channels on which processes that share a database tell each other of commits
// and of runs to cancel.
const (
	commitChannel = "aof_commit"
	cancelChannel = "aof_cancel"
)

// postgresPatience is longer than a writer may have to wait for the others, which
// the server itself bounds by lock_timeout.
const postgresPatience = 15 * time.Second

func postgresDialect() *dialect {
	return &dialect{
		numbered: true,
		// The number is arbitrary, and nobody else's. The lock ends with the
		// transaction.
		serialize:    `SELECT pg_advisory_xact_lock(1633642595)`,
		notify:       `SELECT pg_notify('` + commitChannel + `', '')`,
		notifyCancel: `SELECT pg_notify('` + cancelChannel + `', '')`,
		isolation:    sql.LevelReadCommitted,
		patience:     postgresPatience,
		clock:        `CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)`,
		refused:      postgres.Refused,
	}
}

// listen wakes those who wait for changes when another process committed some.
func (s *Store) listen(ctx context.Context, dsn string) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err := postgres.Listen(ctx, dsn, []string{commitChannel, cancelChannel}, func(channel, _ string) {
			if channel != commitChannel { // also after a gap, of which the name is ""
				s.cancels.wake()
			}
			s.events.wake()
		})
		if err != nil { // which opening the database would have found
			zerolog.Ctx(ctx).Error().Err(err).Msg("other processes are not heard")
		}
	}()
	s.stop = func() { cancel(); <-ended }
}
