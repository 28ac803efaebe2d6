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
func (s *Store) Admit(ctx context.Context, runs []Run, revisions []Revision) error {
	if len(runs) == 0 {
		return nil
	}
	return s.writer.do(ctx, func(tx *sql.Tx) error {
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

func insertRevision(tx *sql.Tx, r Revision) error {
	_, err := tx.Exec(`INSERT INTO revisions (revision, kind, name, source, text) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, r.Revision, r.Kind, r.Name, r.Source, r.Text)
	if err != nil {
		return fmt.Errorf("insert revision %s: %w", r.Revision, err)
	}
	return nil
}

// insertRunSQL makes a run ready if no earlier one of its subject is open.
const insertRunSQL = `INSERT INTO runs (id, delivery, source, site, subject, project, issue_key, event_type, actor,
		trigger_name, target_kind, target, revision, catalog, work, state, ready, created_at, finished_at, error)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOT EXISTS (
		SELECT 1 FROM runs INDEXED BY runs_open WHERE source = ? AND site = ? AND subject = ? AND state IN ('queued', 'running', 'waiting')),
		?, ?, ?)
	ON CONFLICT (id) DO NOTHING`

func (s *Store) insertRun(tx *sql.Tx, r *Run) error {
	now := s.now()
	var finished sql.NullInt64
	if r.State.Terminal() {
		finished = sql.NullInt64{Int64: millis(now), Valid: true}
	}
	res, err := tx.Exec(insertRunSQL, r.ID, r.Delivery, r.Source, r.Site, r.Subject, r.Project, r.IssueKey, r.EventType, r.Actor, r.Trigger, r.TargetKind,
		r.Target, r.Revision, r.Catalog, []byte(r.Work), r.State, r.Source, r.Site, r.Subject, millis(now), finished, r.Error)
	if err != nil {
		return fmt.Errorf("insert run %s: %w", r.ID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return err
	}
	kind := EventQueued
	if r.State.Terminal() {
		kind = EventFinished
	}
	return s.insertEvent(tx, r.ID, string(kind), kind, map[string]any{"state": r.State, "target": r.TargetKind + "/" + r.Target,
		"trigger": r.Trigger, "issue_key": r.IssueKey, "event_type": r.EventType, "delivery": r.Delivery, "error": r.Error})
}

// RevisionText returns the manifest that a run was started with.
func (s *Store) RevisionText(ctx context.Context, revision string) (Revision, error) {
	r := Revision{Revision: revision}
	err := s.db.QueryRowContext(ctx, `SELECT kind, name, source, text FROM revisions WHERE revision = ?`, revision).
		Scan(&r.Kind, &r.Name, &r.Source, &r.Text)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("revision %s: %w", revision, ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("read revision %s: %w", revision, err)
	}
	return r, nil
}
