package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// State is where a run is in its life.
type State string

// The states of a run.
const (
	StateQueued  State = "queued"
	StateRunning State = "running"
	// StateWaiting holds nothing: the run goes on at a time or on a signal.
	StateWaiting   State = "waiting"
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateCanceled  State = "canceled"
	StateRejected  State = "rejected"
)

// Terminal reports whether a run in this state is over.
func (s State) Terminal() bool {
	switch s {
	case StateSucceeded, StateFailed, StateCanceled, StateRejected:
		return true
	}
	return false
}

// States returns all states, in the order of a run's life.
func States() []State {
	return []State{StateQueued, StateRunning, StateWaiting, StateSucceeded, StateFailed, StateCanceled, StateRejected}
}

// Run is one execution of a target for one event.
type Run struct {
	Seq        int64           `json:"seq"`
	ID         string          `json:"id"`
	Delivery   string          `json:"delivery"`
	Source     string          `json:"source"`
	Site       string          `json:"site,omitempty"`
	Subject    string          `json:"subject"`
	Project    string          `json:"project,omitempty"`
	IssueKey   string          `json:"issue_key,omitempty"`
	EventType  string          `json:"event_type"`
	Actor      string          `json:"actor,omitempty"`
	Trigger    string          `json:"trigger"`
	TargetKind string          `json:"target_kind"`
	Target     string          `json:"target"`
	Revision   string          `json:"revision,omitempty"`
	Catalog    string          `json:"catalog,omitempty"`
	Work       json.RawMessage `json:"work,omitempty"`
	State      State           `json:"state"`
	// Owner is the replica at work on the run, while there is one.
	Owner string `json:"owner,omitempty"`
	// Attempt counts the tries of the whole run from 1, Retries those that
	// somebody asked for.
	Attempt int `json:"attempt"`
	Retries int `json:"retries,omitempty"`
	// Deaths counts the processes that died in a row while they were at work on
	// the run, without it getting on.
	Deaths int `json:"deaths,omitempty"`
	// WakeAt is when a waiting run goes on, WaitsFor for what it waits.
	WakeAt   time.Time `json:"wake_at,omitzero"`
	WaitsFor string    `json:"waits_for,omitempty"`
	// Signal is by what a new run that waits is found; it is not read back.
	Signal string `json:"-"`
	// CanceledBy is who asked for the run's end.
	CanceledBy   string    `json:"canceled_by,omitempty"`
	Created      time.Time `json:"created"`
	Started      time.Time `json:"started,omitzero"`
	Finished     time.Time `json:"finished,omitzero"`
	Steps        int       `json:"steps"`
	TokensIn     int64     `json:"tokens_in"`
	TokensCached int64     `json:"tokens_cached,omitempty"`
	TokensOut    int64     `json:"tokens_out"`
	// CostMicroUSD is nil if the price of some model call is unknown.
	CostMicroUSD *int64 `json:"cost_micro_usd"`
	InDoubt      bool   `json:"in_doubt,omitempty"`
	Result       string `json:"result,omitempty"`
	Error        string `json:"error,omitempty"`
	// Wiped is true once what was said in the run is deleted.
	Wiped bool `json:"wiped,omitempty"`
}

// runColumns are those that scanRun reads, with the work or without it.
const (
	runColumns  = runHead + `(SELECT work FROM run_work WHERE run = runs.id), ` + runTail
	listColumns = runHead + `NULL, ` + runTail
	runHead     = `seq, id, delivery, source, site, subject, project, issue_key, event_type, actor, trigger_name,
	target_kind, target, revision, catalog, `
	runTail = `state, owner, attempt, retries, deaths, wake_at, waits_for, cancel, created_at, started_at, finished_at, steps,
	tokens_in, tokens_cached, tokens_out, cost_micro_usd, in_doubt, result, error, wiped`
)

type scanner interface{ Scan(dest ...any) error }

func scanRun(row scanner) (Run, error) {
	var r Run
	var created int64
	var started, finished, cost, wake sql.NullInt64
	var work []byte
	err := row.Scan(&r.Seq, &r.ID, &r.Delivery, &r.Source, &r.Site, &r.Subject, &r.Project, &r.IssueKey, &r.EventType,
		&r.Actor, &r.Trigger, &r.TargetKind, &r.Target, &r.Revision, &r.Catalog, &work, &r.State, &r.Owner, &r.Attempt, &r.Retries,
		&r.Deaths, &wake, &r.WaitsFor, &r.CanceledBy, &created, &started, &finished, &r.Steps, &r.TokensIn, &r.TokensCached, &r.TokensOut, &cost, &r.InDoubt, &r.Result, &r.Error, &r.Wiped)
	if err != nil {
		return Run{}, err
	}
	r.Work = work
	r.Created = time.UnixMilli(created).UTC()
	r.Started, r.Finished = fromMillis(started), fromMillis(finished)
	if r.State == StateWaiting {
		r.WakeAt = fromMillis(wake)
	}
	if cost.Valid {
		r.CostMicroUSD = &cost.Int64
	}
	return r, nil
}

// Run returns one run.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	r, err := scanRun(s.row(ctx, `SELECT `+runColumns+` FROM runs WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return Run{}, fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return Run{}, fmt.Errorf("read run %s: %w", id, err)
	}
	return r, nil
}

// Identify records the issue and the project of a run that was admitted without
// them.
func (s *Store) Identify(ctx context.Context, id, issueKey, project string) error {
	return s.writer.do(ctx, func(tx tx) error {
		if _, err := tx.exec(`UPDATE runs SET issue_key = CASE WHEN issue_key = '' THEN ? ELSE issue_key END,
			project = CASE WHEN project = '' THEN ? ELSE project END WHERE id = ?`, issueKey, project, id); err != nil {
			return fmt.Errorf("identify run %s: %w", id, err)
		}
		return nil
	})
}
