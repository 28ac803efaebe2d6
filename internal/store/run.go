package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// State is where a run is in its life.
type State string

// The states of a run.
const (
	StateQueued    State = "queued"
	StateRunning   State = "running"
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateRejected  State = "rejected"
)

// Terminal reports whether a run in this state is over.
func (s State) Terminal() bool {
	return s == StateSucceeded || s == StateFailed || s == StateRejected
}

// Run is one execution of a target for one event.
type Run struct {
	Seq          int64           `json:"seq"`
	ID           string          `json:"id"`
	Delivery     string          `json:"delivery"`
	Source       string          `json:"source"`
	Site         string          `json:"site,omitempty"`
	Subject      string          `json:"subject"`
	Project      string          `json:"project,omitempty"`
	IssueKey     string          `json:"issue_key,omitempty"`
	EventType    string          `json:"event_type"`
	Actor        string          `json:"actor,omitempty"`
	Trigger      string          `json:"trigger"`
	TargetKind   string          `json:"target_kind"`
	Target       string          `json:"target"`
	Revision     string          `json:"revision,omitempty"`
	Catalog      string          `json:"catalog,omitempty"`
	Work         json.RawMessage `json:"work,omitempty"`
	State        State           `json:"state"`
	Attempt      int             `json:"attempt"`
	Created      time.Time       `json:"created"`
	Started      time.Time       `json:"started,omitzero"`
	Finished     time.Time       `json:"finished,omitzero"`
	Steps        int             `json:"steps"`
	TokensIn     int64           `json:"tokens_in"`
	TokensCached int64           `json:"tokens_cached,omitempty"`
	TokensOut    int64           `json:"tokens_out"`
	// CostMicroUSD is nil if the price of some model call is unknown.
	CostMicroUSD *int64 `json:"cost_micro_usd"`
	InDoubt      bool   `json:"in_doubt,omitempty"`
	Result       string `json:"result,omitempty"`
	Error        string `json:"error,omitempty"`
}

const runColumns = `seq, id, delivery, source, site, subject, project, issue_key, event_type, actor, trigger_name,
	target_kind, target, revision, catalog, work, state, attempt, created_at, started_at, finished_at, steps,
	tokens_in, tokens_cached, tokens_out, cost_micro_usd, in_doubt, result, error`

type scanner interface{ Scan(dest ...any) error }

func scanRun(row scanner) (Run, error) {
	var r Run
	var created int64
	var started, finished, cost sql.NullInt64
	var work []byte
	err := row.Scan(&r.Seq, &r.ID, &r.Delivery, &r.Source, &r.Site, &r.Subject, &r.Project, &r.IssueKey, &r.EventType,
		&r.Actor, &r.Trigger, &r.TargetKind, &r.Target, &r.Revision, &r.Catalog, &work, &r.State, &r.Attempt, &created,
		&started, &finished, &r.Steps, &r.TokensIn, &r.TokensCached, &r.TokensOut, &cost, &r.InDoubt, &r.Result, &r.Error)
	if err != nil {
		return Run{}, err
	}
	r.Work = work
	r.Created = time.UnixMilli(created).UTC()
	r.Started, r.Finished = fromMillis(started), fromMillis(finished)
	if cost.Valid {
		r.CostMicroUSD = &cost.Int64
	}
	return r, nil
}

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

func (s *Store) insertRun(tx *sql.Tx, r *Run) error {
	now := s.now()
	var finished sql.NullInt64
	if r.State.Terminal() {
		finished = sql.NullInt64{Int64: millis(now), Valid: true}
	}
	res, err := tx.Exec(`INSERT INTO runs (id, delivery, source, site, subject, project, issue_key, event_type, actor,
			trigger_name, target_kind, target, revision, catalog, work, state, ready, created_at, finished_at, error)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NOT EXISTS (
			SELECT 1 FROM runs WHERE source = ? AND site = ? AND subject = ? AND state IN ('queued', 'running', 'waiting')),
			?, ?, ?)
		ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Delivery, r.Source, r.Site, r.Subject, r.Project, r.IssueKey, r.EventType, r.Actor, r.Trigger, r.TargetKind,
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

// Claim takes up to n queued runs whose turn it is, in the order of admission,
// and marks them running.
func (s *Store) Claim(ctx context.Context, n int) ([]Run, error) {
	var claimed []Run
	err := s.writer.do(ctx, func(tx *sql.Tx) error {
		claimed = nil
		rows, err := tx.Query(`UPDATE runs SET state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, ?)
			WHERE seq IN (SELECT seq FROM runs WHERE state = 'queued' AND ready = 1 ORDER BY seq LIMIT ?)
			RETURNING `+runColumns, millis(s.now()), n)
		if err != nil {
			return fmt.Errorf("claim runs: %w", err)
		}
		if claimed, err = collect(rows); err != nil {
			return fmt.Errorf("claim runs: %w", err)
		}
		for _, r := range claimed {
			if err := s.insertEvent(tx, r.ID, string(EventStarted), EventStarted, map[string]any{"attempt": r.Attempt}); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

// Outcome is how a run ended.
type Outcome struct {
	State  State
	Result string
	Error  string
}

// Finish records the end of a run, sums up its steps, and lets the next run of
// its subject go. A run that is over already stays as it is.
func (s *Store) Finish(ctx context.Context, id string, o Outcome) error {
	return s.writer.do(ctx, func(tx *sql.Tx) error {
		var source, site, subject string
		err := tx.QueryRow(`UPDATE runs SET state = ?, finished_at = ?, result = ?, error = ?, ready = 0
			WHERE id = ? AND state NOT IN ('succeeded', 'failed', 'rejected')
			RETURNING source, site, subject`, o.State, millis(s.now()), o.Result, o.Error, id).Scan(&source, &site, &subject)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("finish run %s: %w", id, err)
		}
		if err := s.sumSteps(tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE runs SET ready = 1 WHERE seq = (SELECT min(seq) FROM runs
			WHERE source = ? AND site = ? AND subject = ? AND state IN ('queued', 'running', 'waiting'))`,
			source, site, subject); err != nil {
			return fmt.Errorf("let next run of %s go: %w", subject, err)
		}
		return s.insertEvent(tx, id, string(EventFinished), EventFinished,
			map[string]any{"state": o.State, "error": o.Error, "result": o.Result})
	})
}

// Run returns one run.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	r, err := scanRun(s.db.QueryRowContext(ctx, `SELECT `+runColumns+` FROM runs WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	return r, nil
}

// RunFilter narrows a list of runs. Zero values do not filter.
type RunFilter struct {
	State    State
	Target   string
	IssueKey string
	Project  string
	Delivery string
	// Before lists runs with a smaller sequence number, for paging.
	Before int64
	Limit  int
}

// defaultLimit is how many rows a list returns if it does not say.
const defaultLimit = 50

// Runs lists runs, newest first, without their work.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]Run, error) {
	where, args := []string{"1 = 1"}, []any{}
	add := func(clause string, value any, set bool) {
		if set {
			where, args = append(where, clause), append(args, value)
		}
	}
	add("state = ?", f.State, f.State != "")
	add("target = ?", f.Target, f.Target != "")
	add("issue_key = ?", f.IssueKey, f.IssueKey != "")
	add("project = ?", f.Project, f.Project != "")
	add("delivery = ?", f.Delivery, f.Delivery != "")
	add("seq < ?", f.Before, f.Before > 0)
	if f.Limit <= 0 {
		f.Limit = defaultLimit
	}
	rows, err := s.db.QueryContext(ctx, `SELECT `+runColumns+` FROM runs WHERE `+strings.Join(where, " AND ")+
		` ORDER BY seq DESC LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	runs, err := collect(rows)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	for i := range runs {
		runs[i].Work = nil
	}
	return runs, nil
}

// Running returns the ids of runs that were at work when the process ended.
func (s *Store) Running(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id FROM runs WHERE state = 'running' ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("list running runs: %w", err)
	}
	return collectStrings(rows)
}

// Counts returns how many runs are in each state.
func (s *Store) Counts(ctx context.Context) (map[State]int64, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT state, count(*) FROM runs GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	counts := map[State]int64{}
	for rows.Next() {
		var state State
		var n int64
		if err := rows.Scan(&state, &n); err != nil {
			return nil, fmt.Errorf("count runs: %w", err)
		}
		counts[state] = n
	}
	return counts, rows.Err()
}

// RunsSince counts the runs of a subject that were admitted since the time.
func (s *Store) RunsSince(ctx context.Context, source, site, subject string, since time.Time) (int, error) {
	var n int
	err := s.db.QueryRowContext(ctx, `SELECT count(*) FROM runs WHERE source = ? AND site = ? AND subject = ?
		AND created_at >= ?`, source, site, subject, millis(since)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count runs of %s: %w", subject, err)
	}
	return n, nil
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

func collect(rows *sql.Rows) ([]Run, error) {
	defer func() { _ = rows.Close() }()
	runs := []Run{}
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	return runs, rows.Err()
}

func collectStrings(rows *sql.Rows) ([]string, error) {
	defer func() { _ = rows.Close() }()
	list := []string{}
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
