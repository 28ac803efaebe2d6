package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/rs/zerolog"
)

// longestChannel is the length in bytes that a channel's name may have.
const longestChannel = 63

// Listen calls notify for each notification on the channels, on a connection of
// its own, until the context ends; then it returns nil. Channels belong to the
// database, not to a schema. After each connecting, the first included, notify is
// called once with two empty strings, since something may have been missed. A
// lost connection is noticed within 15 s and replaced, after pauses that grow to
// some seconds while the server is away. Behind a pooler in transaction mode,
// where listening is not possible, notify is called with empty strings once a
// second. notify is never called twice at once, and the next notification waits
// for it. An error is returned only at once, for a DSN or channels that cannot be
// used.
func Listen(ctx context.Context, dsn string, channels []string, notify func(channel, payload string)) error {
	l, err := newListener(dsn, channels, notify)
	if err != nil {
		return fmt.Errorf("listen for notifications: %w", err)
	}
	l.run(ctx)
	return nil
}

// listener is one Listen. Times are fields so that tests need not wait.
type listener struct {
	config   *config
	channels []string
	notify   func(channel, payload string)
	// quiet is how long nothing may come before the connection is tried, answer
	// how long it may take to answer then.
	quiet, answer time.Duration
	// least and most are the first and the longest pause before connecting again.
	least, most time.Duration
	// poll is the time between calls where listening is not possible.
	poll time.Duration
}

func newListener(dsn string, channels []string, notify func(channel, payload string)) (*listener, error) {
	if len(channels) == 0 {
		return nil, errors.New("no channels")
	}
	for _, name := range channels {
		if name == "" || len(name) > longestChannel {
			return nil, fmt.Errorf("channel %q has not 1 to %d bytes", name, longestChannel)
		}
	}
	c, err := parse(dsn, Options{})
	if err != nil {
		return nil, err
	}
	return &listener{
		config: c, channels: channels, notify: notify,
		quiet: 5 * time.Second, answer: 5 * time.Second, least: 100 * time.Millisecond, most: 5 * time.Second, poll: time.Second,
	}, nil
}

func (l *listener) run(ctx context.Context) {
	log := zerolog.Ctx(ctx)
	if l.config.pooled {
		l.tick(ctx)
		return
	}
	pause, away := l.least, false
	for {
		err := l.session(ctx, func() {
			if away {
				log.Info().Msg("listening to the database again")
			}
			pause, away = l.least, false
		})
		if ctx.Err() != nil {
			return
		}
		if !away {
			log.Warn().Err(l.config.explain(err)).Msg("not listening to the database; it is tried again until it works")
		}
		away = true
		// Replicas that lost the same server should not all come back at once.
		if !sleep(ctx, pause/2+rand.N(pause/2+1)) { //nolint:gosec // no secret
			return
		}
		pause = min(2*pause, l.most)
	}
}

// session listens on one connection until it is lost. It calls ready, and notify
// with empty strings, once nothing can be missed any more.
func (l *listener) session(ctx context.Context, ready func()) error {
	conn, err := pgx.ConnectConfig(ctx, l.config.conn)
	if err != nil {
		return err
	}
	defer l.close(conn)
	for _, name := range l.channels {
		if err := l.listen(ctx, conn, name); err != nil {
			return fmt.Errorf("listen on %s: %w", name, err)
		}
	}
	ready()
	l.notify("", "")
	for {
		n, err := l.next(ctx, conn)
		if err != nil {
			return err
		}
		if n != nil {
			l.notify(n.Channel, n.Payload)
		}
	}
}

func (l *listener) listen(ctx context.Context, conn *pgx.Conn, name string) error {
	ctx, cancel := context.WithTimeout(ctx, l.answer)
	defer cancel()
	_, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{name}.Sanitize())
	return err
}

// next waits for a notification; nil means that none came and that the server
// still answers.
func (l *listener) next(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	wait, cancel := context.WithTimeout(ctx, l.quiet)
	defer cancel()
	n, err := conn.WaitForNotification(wait)
	if n != nil {
		return n, nil
	}
	if ctx.Err() != nil || wait.Err() == nil || conn.IsClosed() {
		return nil, err
	}
	ask, cancel := context.WithTimeout(ctx, l.answer)
	defer cancel()
	if err := conn.Ping(ask); err != nil {
		return nil, fmt.Errorf("server does not answer: %w", err)
	}
	return nil, nil
}

// close says good-bye to a server that may be gone.
func (l *listener) close(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	// The connection is given up whatever comes of it.
	_ = conn.Close(ctx)
}

// tick stands in for listening.
func (l *listener) tick(ctx context.Context) {
	for {
		l.notify("", "")
		if !sleep(ctx, l.poll) {
			return
		}
	}
}

// sleep waits and tells whether the context is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
