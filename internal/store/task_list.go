package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// TaskFilter chooses tasks of an owner. Zero values do not choose.
type TaskFilter struct {
	Context string
	State   a2a.State
	// Since leaves out tasks whose status is older.
	Since time.Time
	// After is the task behind which the list begins, the newest status first.
	After a2a.Cursor
	Limit int
}

// Tasks lists tasks of the owner, the newest status first, and counts how many fit
// the filter altogether. Next is where the list goes on; the zero Cursor says that
// this is all. There are fewer tasks than the limit where they hold much.
func (s *Store) Tasks(ctx context.Context, owner TaskOwner, f TaskFilter, v TaskView) (list []a2a.Task, next a2a.Cursor, total int, err error) {
	where, args := f.where(owner)
	if err := s.row(ctx, `SELECT count(*) FROM tasks WHERE `+where, append([]any{}, args...)...).Scan(&total); err != nil {
		return nil, next, 0, fmt.Errorf("count tasks: %w", err)
	}
	if f.After.ID != "" {
		where, args = where+` AND (status_at, id) < (?, ?)`, append(args, millis(f.After.Time), f.After.ID)
	}
	rows, err := s.taskRows(ctx, listTasksSQL(where), append(args, f.Limit+1)...)
	if err != nil {
		return nil, next, 0, fmt.Errorf("list tasks: %w", err)
	}
	if len(rows) > f.Limit {
		rows = rows[:f.Limit]
		next = a2a.Cursor{Time: rows[f.Limit-1].status.Time, ID: rows[f.Limit-1].id}
	}
	room := pageBytes
	for i, t := range rows {
		task, err := s.viewTask(ctx, t, v)
		if err != nil {
			return nil, next, 0, fmt.Errorf("list tasks: %w", err)
		}
		list = append(list, task)
		if room -= weight(task); room < 0 && i < len(rows)-1 {
			return list, a2a.Cursor{Time: t.status.Time, ID: t.id}, total, nil
		}
	}
	return list, next, total, nil
}

func listTasksSQL(where string) string {
	return `SELECT ` + taskColumns + ` FROM tasks WHERE ` + where + ` ORDER BY status_at DESC, id DESC LIMIT ?`
}

func (f TaskFilter) where(owner TaskOwner) (string, []any) {
	where, args := []string{"installation = ?", "account = ?"}, []any{owner.Installation, owner.Account}
	add := func(clause string, value any, set bool) {
		if set {
			where, args = append(where, clause), append(args, value)
		}
	}
	add("context = ?", f.Context, f.Context != "")
	add("state = ?", string(f.State), f.State != "")
	add("status_at >= ?", millis(f.Since.Add(time.Millisecond-1)), !f.Since.IsZero())
	return strings.Join(where, " AND "), args
}

func (s *Store) taskRows(ctx context.Context, query string, args ...any) ([]*taskRow, error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var list []*taskRow
	for rows.Next() {
		t, err := scanTask(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}
