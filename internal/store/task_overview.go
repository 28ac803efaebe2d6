package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// TaskOverview is a task of anybody as an operator sees it: whose it is and where
// it stands, and not what was said. What the work did is in its run.
type TaskOverview struct {
	ID           string `json:"id"`
	Context      string `json:"context"`
	Installation string `json:"installation"`
	Account      string `json:"account,omitempty"`
	// Agent is as the caller named it; "" for the default one. Run is "" while the
	// work may not begin.
	Agent string    `json:"agent,omitempty"`
	Run   string    `json:"run,omitempty"`
	State a2a.State `json:"state"`
	// Note is the text of the status.
	Note     string    `json:"note,omitempty"`
	Created  time.Time `json:"created"`
	Changed  time.Time `json:"changed"`
	Deadline time.Time `json:"deadline,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	Messages int       `json:"messages"`
	Events   int64     `json:"events"`
	// Version is that of the protocol which the caller speaks, Jira whether that is
	// Jira.
	Version string `json:"version"`
	Jira    bool   `json:"jira,omitempty"`
}

// TaskFilterAll chooses tasks of all owners. "" admits every value.
type TaskFilterAll struct {
	State        a2a.State
	Installation string
	// Limit is how many at most; 0 for 50.
	Limit int
}

const overviewSQL = `SELECT id, context, installation, account, agent, run, state, status, created_at, status_at, deadline, ended_at, messages, events, call FROM tasks`

// AllTasks lists the tasks of all owners, the newest first.
func (s *Store) AllTasks(ctx context.Context, f TaskFilterAll) ([]TaskOverview, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	rows, err := s.query(ctx, overviewSQL+` WHERE (? = '' OR state = ?) AND (? = '' OR installation = ?) ORDER BY seq DESC LIMIT ?`,
		f.State, f.State, f.Installation, f.Installation, limit)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var list []TaskOverview
	for rows.Next() {
		t, err := overview(rows)
		if err != nil {
			return nil, fmt.Errorf("list tasks: %w", err)
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// AnyTask reads a task, whoever's it is. The error is ErrNotFound if there is none.
func (s *Store) AnyTask(ctx context.Context, id string) (TaskOverview, error) {
	t, err := overview(s.row(ctx, overviewSQL+` WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return t, fmt.Errorf("task %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return t, fmt.Errorf("read task %s: %w", id, err)
	}
	return t, nil
}

func overview(row interface{ Scan(...any) error }) (TaskOverview, error) {
	var t TaskOverview
	var status, call []byte
	var created, changed int64
	var deadline, ended sql.NullInt64
	if err := row.Scan(&t.ID, &t.Context, &t.Installation, &t.Account, &t.Agent, &t.Run, &t.State, &status, &created, &changed,
		&deadline, &ended, &t.Messages, &t.Events, &call); err != nil {
		return t, err
	}
	var says a2a.Status
	var who a2a.Call
	if err := errors.Join(json.Unmarshal(status, &says), json.Unmarshal(call, &who)); err != nil {
		return t, fmt.Errorf("%w: decode task %s: %w", ErrDamaged, t.ID, err)
	}
	if says.Message != nil {
		t.Note = says.Message.Text()
	}
	t.Version, t.Jira = who.Version, who.Caller.Jira
	t.Created, t.Changed = time.UnixMilli(created).UTC(), time.UnixMilli(changed).UTC()
	if deadline.Valid {
		t.Deadline = time.UnixMilli(deadline.Int64).UTC()
	}
	if ended.Valid {
		t.Ended = time.UnixMilli(ended.Int64).UTC()
	}
	return t, nil
}
