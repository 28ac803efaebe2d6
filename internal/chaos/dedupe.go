package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/aofctl/aofctl/internal/chaos/rig"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// aging makes all that the stopped daemons have received older. They have no
// clock to set, so what they wrote down is set back.
type aging func(ctx context.Context, by time.Duration) error

// dedupeSQLite sends deliveries again and again to one daemon on SQLite.
func dedupeSQLite(ctx context.Context, w *world) error {
	if err := w.open(ctx, rig.SiteOptions{Issues: 10, Partners: 10}); err != nil {
		return err
	}
	d, err := w.single(ctx)
	if err != nil {
		return err
	}
	return w.dedupe(ctx, func(ctx context.Context, by time.Duration) error {
		db, err := sqlite.Open(filepath.Join(w.dir, d.Name, "data", "inbox.db"), sqlite.Options{})
		if err != nil {
			return err
		}
		return errors.Join(older(ctx, db, by), db.Close())
	})
}

func older(ctx context.Context, db *sql.DB, by time.Duration) error {
	_, err := db.ExecContext(ctx, `UPDATE deliveries SET received_at = received_at - ?, processed_at = processed_at - ?`, by.Milliseconds(), by.Milliseconds())
	return err
}

// dedupePostgres does the same with three replicas on PostgreSQL.
func dedupePostgres(ctx context.Context, w *world) error {
	if err := w.open(ctx, rig.SiteOptions{Issues: 10, Partners: 10}); err != nil {
		return err
	}
	if err := w.replicas(ctx); err != nil {
		return err
	}
	return w.dedupe(ctx, func(ctx context.Context, by time.Duration) error {
		conn, err := pgx.Connect(ctx, w.pg.DSN("postgres"))
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `UPDATE aof_inbox.deliveries SET received_at = received_at - $1, processed_at = processed_at - $1`, by.Milliseconds())
		return errors.Join(err, conn.Close(ctx))
	})
}

// dedupe sends some events five times over 75 minutes across restarts, 64 times
// at once, and again after 29 days.
func (w *world) dedupe(ctx context.Context, age aging) error {
	const tries, apart, crowd = 5, 15 * time.Minute, 64
	events := w.site.Plan(w.rnd, 6)
	for try := range tries {
		for _, e := range events {
			if err := w.again(ctx, e, try); err != nil {
				return err
			}
		}
		if try == 0 {
			w.atOnce(ctx, events[0], crowd)
			late := w.site.Plan(w.rnd, 1)[0]
			w.atOnce(ctx, late, crowd)
			events = append(events, late)
		}
		if err := w.restartAged(ctx, try, func(ctx context.Context) error { return age(ctx, apart) }); err != nil {
			return err
		}
	}
	if err := w.restartAged(ctx, tries, func(ctx context.Context) error { return age(ctx, 29*24*time.Hour) }); err != nil {
		return err
	}
	for _, e := range events {
		if err := w.again(ctx, e, 1); err != nil {
			return err
		}
	}
	w.report.Set("times", "%d times over %s with restarts, %d at once, and after 29 days (received_at set back in the stopped database)",
		tries, tries*apart, crowd)
	story, err := w.judge(ctx, time.Minute)
	if err != nil {
		return err
	}
	if len(story.Runs) != len(events) {
		w.report.Breach("%d deliveries started %d runs", len(events), len(story.Runs))
	}
	return nil
}

// again sends an event that has to be accepted.
func (w *world) again(ctx context.Context, e rig.Event, try int) error {
	if try == 0 {
		w.sender.Send(ctx, e)
		return nil
	}
	status, err := w.sender.Post(ctx, e, try)
	if err == nil && status != 200 {
		w.report.Breach("%s was answered with %d at try %d", e.Token, status, try)
	}
	return err
}

// atOnce sends an event many times at the same time.
func (w *world) atOnce(ctx context.Context, e rig.Event, n int) {
	var all sync.WaitGroup
	for range n {
		all.Go(func() { w.sender.Send(ctx, e) })
	}
	all.Wait()
}

// restartAged stops all daemons, in order or not, does something to their
// database, and starts them again.
func (w *world) restartAged(ctx context.Context, n int, meanwhile func(context.Context) error) error {
	for _, d := range w.daemons {
		if n%2 == 0 {
			d.Kill()
			continue
		}
		if code, err := w.terminate(ctx, d); err != nil || code != 0 {
			return fmt.Errorf("stop daemon %s: code %d, %w", d.Name, code, err)
		}
	}
	if err := meanwhile(ctx); err != nil {
		return fmt.Errorf("set the deliveries' times back: %w", err)
	}
	return w.start(ctx, w.daemons...)
}
