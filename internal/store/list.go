package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
)

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
	rows, err := s.query(ctx, `SELECT `+listColumns+` FROM runs WHERE `+strings.Join(where, " AND ")+
		` ORDER BY seq DESC LIMIT ?`, append(args, f.Limit)...)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	runs, err := collect(rows)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	return runs, nil
}

// Counts returns how many runs are in each state.
func (s *Store) Counts(ctx context.Context) (map[State]int64, error) {
	rows, err := s.query(ctx, `SELECT state, count(*) FROM runs GROUP BY state`)
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

// RunsSince counts the runs of a subject that were admitted since the time; if
// kinds of target are named, only those.
func (s *Store) RunsSince(ctx context.Context, source, site, subject string, since time.Time, kinds ...string) (int, error) {
	query, args := `SELECT count(*) FROM runs WHERE source = ? AND site = ? AND subject = ? AND created_at >= ?`, []any{source, site, subject, millis(since)}
	if len(kinds) > 0 {
		query += ` AND target_kind IN (?` + strings.Repeat(", ?", len(kinds)-1) + `)`
		for _, kind := range kinds {
			args = append(args, kind)
		}
	}
	var n int
	if err := s.row(ctx, query, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("count runs of %s: %w", subject, err)
	}
	return n, nil
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

// Backlog tells how many runs are open, by state, and when the oldest of those
// that are queued was admitted; zero if none is. It costs the same however many
// runs have ended.
func (s *Store) Backlog(ctx context.Context) (open map[State]int64, oldest time.Time, err error) {
	open = map[State]int64{}
	for _, state := range []State{StateQueued, StateRunning, StateWaiting} {
		var n int64
		if err := s.row(ctx, `SELECT count(*) FROM runs WHERE state = ?`, state).Scan(&n); err != nil {
			return nil, time.Time{}, fmt.Errorf("count open runs: %w", err)
		}
		open[state] = n
	}
	var first sql.NullInt64
	err = s.row(ctx, `SELECT created_at FROM runs WHERE state = 'queued' ORDER BY seq LIMIT 1`).Scan(&first)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, fmt.Errorf("find oldest run: %w", err)
	}
	return open, fromMillis(first), nil
}
