package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Revision is the text of a manifest that runs were started with.
type Revision struct {
	Revision, Kind, Name, Source, Text string
}

// Admit records new runs and the revisions that they need, all or nothing. A
// run that is recorded already is left as it is, so a delivery can be handed
// over again after a crash. Runs of one subject are worked on in the order of
// their admission.
//
// A run that is admitted in StateWaiting goes on at its WakeAt. Until then it lets
// later runs of its subject go, and Join finds it by its Signal.
//
// Where several replicas share the database, the lease is what gives the right
// to admit; the error is ErrLost if it is another's by now.
func (s *Store) Admit(ctx context.Context, lease Lease, runs []Run, revisions []Revision) error {
	if len(runs) == 0 {
		return nil
	}
	return s.writer.do(ctx, func(tx tx) error {
		if err := lease.holds(tx); err != nil {
			return err
		}
		for _, rev := range revisions {
			if err := insertRevision(tx, rev); err != nil {
				return err
			}
		}
		for i := range runs {
			if err := s.insertRun(tx, &runs[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func insertRevision(tx tx, r Revision) error {
	_, err := tx.exec(`INSERT INTO revisions (revision, kind, name, source, text) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, r.Revision, r.Kind, r.Name, r.Source, r.Text)
	if err != nil {
		return fmt.Errorf("insert revision %s: %w", r.Revision, err)
	}
	return nil
}

// insertRunSQL makes a queued run ready if no earlier one of its subject is open.
const insertRunSQL = `INSERT INTO runs (id, delivery, source, site, subject, project, issue_key, event_type, actor,
		trigger_name, target_kind, target, revision, catalog, state, open, created_at, finished_at, error, wake_at, waits_for, signal,
		cost_micro_usd, ready)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, CASE WHEN ? = 0 OR EXISTS (
		SELECT 1 FROM runs INDEXED BY runs_open WHERE source = ? AND site = ? AND subject = ? AND open = 1) THEN 0 ELSE 1 END)
	ON CONFLICT (id) DO NOTHING`

func (s *Store) insertRun(tx tx, r *Run) error {
	now := s.now()
	var finished sql.NullInt64
	if r.State.Terminal() {
		finished = sql.NullInt64{Int64: millis(now), Valid: true}
	}
	open := flag(!r.State.Terminal() && r.State != StateWaiting)
	n, err := tx.change(insertRunSQL, r.ID, r.Delivery, r.Source, r.Site, r.Subject, r.Project, r.IssueKey, r.EventType, r.Actor,
		r.Trigger, r.TargetKind, r.Target, r.Revision, r.Catalog, r.State, open, millis(now), finished, r.Error,
		nullMillis(r.WakeAt), r.WaitsFor, r.Signal, open, r.Source, r.Site, r.Subject)
	if err != nil {
		return fmt.Errorf("insert run %s: %w", r.ID, err)
	}
	if n == 0 {
		return nil
	}
	if _, err := tx.exec(`INSERT INTO run_work (run, work) VALUES (?, ?)`, r.ID, append([]byte{}, r.Work...)); err != nil {
		return fmt.Errorf("insert work of run %s: %w", r.ID, err)
	}
	return s.tellOfNewRun(tx, r)
}

func (s *Store) tellOfNewRun(tx tx, r *Run) error {
	kind := EventQueued
	if r.State.Terminal() {
		kind = EventFinished
	}
	err := s.insertEvent(tx, r.ID, string(kind), kind, map[string]any{"state": r.State, "target": r.TargetKind + "/" + r.Target,
		"trigger": r.Trigger, "issue_key": r.IssueKey, "event_type": r.EventType, "delivery": r.Delivery, "error": r.Error})
	if err != nil || r.State != StateWaiting {
		return err
	}
	return s.insertEventOfEpoch(tx, r.ID, EventWaiting, map[string]any{"for": r.WaitsFor, "until": r.WakeAt})
}

// RevisionText returns the manifest that a run was started with.
func (s *Store) RevisionText(ctx context.Context, revision string) (Revision, error) {
	r := Revision{Revision: revision}
	err := s.row(ctx, `SELECT kind, name, source, text FROM revisions WHERE revision = ?`, revision).
		Scan(&r.Kind, &r.Name, &r.Source, &r.Text)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("revision %s: %w", revision, ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("read revision %s: %w", revision, err)
	}
	return r, nil
}
