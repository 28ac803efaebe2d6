package store

import (
	"context"
	"fmt"
	"time"
)

// Replica is a process that works on the runs of this database.
type Replica struct {
	ID      string    `json:"id"`
	Host    string    `json:"host"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
	// Silent is how long nothing was heard of it, by the database's clock.
	Silent time.Duration `json:"silent_ns"`
	// Running is how many runs it has.
	Running int `json:"running"`
}

// maxDeaths is how many processes may die in a row while they are at work on one
// step of a run. A run that takes its process down would do so for ever.
const maxDeaths = 20

const (
	beatSQL = `UPDATE replicas SET beat_at = {clock} WHERE id = ?`
	joinSQL = `INSERT INTO replicas (id, host, version, started_at, beat_at) VALUES (?, ?, ?, ?, {clock}) ON CONFLICT (id) DO NOTHING`
)

// Beat says that the replica is alive, and tells whether it was known: one that
// was and is not any more has been taken for dead, and its runs are others' now.
// Where there are other processes it does not wait for their writes: one of them
// may hang.
func (s *Store) Beat(ctx context.Context, r Replica) (known bool, err error) {
	n, err := s.apart(ctx, beatSQL, r.ID)
	if err == nil && n == 0 {
		_, err = s.apart(ctx, joinSQL, r.ID, r.Host, r.Version, millis(r.Started))
	}
	if err != nil {
		return false, fmt.Errorf("record heartbeat: %w", err)
	}
	return n > 0, nil
}

// apart carries out one statement beside the other writes, where the database
// can.
func (s *Store) apart(ctx context.Context, query string, args ...any) (n int64, err error) {
	if !s.Shared() {
		err = s.writer.do(ctx, func(tx tx) error {
			n, err = tx.change(query, args...)
			return err
		})
		return n, err
	}
	res, err := s.db.ExecContext(ctx, s.dialect.sql(query), clean(args)...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Replicas lists the replicas, the oldest first.
func (s *Store) Replicas(ctx context.Context) ([]Replica, error) {
	rows, err := s.query(ctx, `SELECT id, host, version, started_at, {clock} - beat_at,
		(SELECT count(*) FROM runs WHERE state = 'running' AND owner = replicas.id) FROM replicas ORDER BY started_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list replicas: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := []Replica{}
	for rows.Next() {
		var r Replica
		var started, silent int64
		if err := rows.Scan(&r.ID, &r.Host, &r.Version, &started, &silent, &r.Running); err != nil {
			return nil, fmt.Errorf("list replicas: %w", err)
		}
		r.Started, r.Silent = time.UnixMilli(started).UTC(), time.Duration(silent)*time.Millisecond
		list = append(list, r)
	}
	return list, rows.Err()
}

// Revive puts the runs of replicas that have been silent for longer than the
// lease back into the queue, forgets those replicas, and returns how many runs
// that were. A run whose holders die again and again fails.
func (s *Store) Revive(ctx context.Context, lease time.Duration) (int, error) {
	const silent = `SELECT id FROM replicas WHERE beat_at < {clock} - ?`
	return s.orphan(ctx, `SELECT id FROM runs WHERE state = 'running' AND (owner NOT IN (SELECT id FROM replicas) OR owner IN (`+silent+`)) ORDER BY seq`,
		`DELETE FROM replicas WHERE id IN (`+silent+`)`, lease.Milliseconds(), 1)
}

// Release puts the runs of a replica that stops back into the queue, and forgets
// the replica.
func (s *Store) Release(ctx context.Context, replica string) (int, error) {
	return s.orphan(ctx, `SELECT id FROM runs WHERE state = 'running' AND owner = ? ORDER BY seq`, `DELETE FROM replicas WHERE id = ?`, replica, 0)
}

// orphan takes the chosen runs from their owners.
func (s *Store) orphan(ctx context.Context, choose, forget string, arg any, deaths int) (int, error) {
	freed := 0
	err := s.writer.do(ctx, func(tx tx) error {
		rows, err := tx.rows(choose, arg)
		if err != nil {
			return fmt.Errorf("list runs without an owner: %w", err)
		}
		ids, err := collectStrings(rows)
		if err != nil {
			return fmt.Errorf("list runs without an owner: %w", err)
		}
		freed = len(ids)
		for _, id := range ids {
			if err := s.requeue(tx, id, deaths); err != nil {
				return err
			}
		}
		if _, err := tx.exec(forget, arg); err != nil {
			return fmt.Errorf("forget replica: %w", err)
		}
		return nil
	})
	return freed, err
}

// requeue gives a run that was at work back. It is the first of its subject.
func (s *Store) requeue(tx tx, id string, deaths int) error {
	var cancel string
	var died int
	err := tx.row(`UPDATE runs SET state = 'queued', ready = 1, owner = '', deaths = deaths + ? WHERE id = ? RETURNING cancel, deaths`, deaths, id).
		Scan(&cancel, &died)
	tx.tell()
	switch {
	case err != nil:
		return fmt.Errorf("give back run %s: %w", id, err)
	case cancel != "":
		return s.endCanceled(tx, id)
	case died >= maxDeaths:
		return s.end(tx, id, Outcome{State: StateFailed,
			Error: fmt.Sprintf("the process ended %d times in a row while it was at work on this step", died)})
	}
	return nil
}

// Held returns the runs that the owner has claimed.
func (s *Store) Held(ctx context.Context, owner string) ([]Claim, error) {
	rows, err := s.query(ctx, `SELECT id, epoch FROM runs WHERE state = 'running' AND owner = ? ORDER BY seq`, owner)
	if err != nil {
		return nil, fmt.Errorf("list held runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []Claim
	for rows.Next() {
		var c Claim
		if err := rows.Scan(&c.Run, &c.Epoch); err != nil {
			return nil, fmt.Errorf("list held runs: %w", err)
		}
		list = append(list, c)
	}
	return list, rows.Err()
}
