package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Mark writes down that something has come as far as the given moment, in
// milliseconds. A mark never goes back: of two writers the later moment stays.
func (s *Store) Mark(ctx context.Context, name string, at time.Time) error {
	return s.writer.do(ctx, func(tx tx) error {
		_, err := tx.exec(`INSERT INTO marks (name, at) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at WHERE marks.at < excluded.at`, name, millis(at))
		if err != nil {
			return fmt.Errorf("set mark %s: %w", name, err)
		}
		return nil
	})
}

// Marks returns the marks whose names begin with the prefix, by the rest of
// their names.
func (s *Store) Marks(ctx context.Context, prefix string) (map[string]time.Time, error) {
	rows, err := s.query(ctx, `SELECT name, at FROM marks WHERE substr(name, 1, ?) = ?`, len([]rune(prefix)), prefix)
	if err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	defer rows.Close()
	marks := map[string]time.Time{}
	for rows.Next() {
		var name string
		var at int64
		if err := rows.Scan(&name, &at); err != nil {
			return nil, fmt.Errorf("read marks: %w", err)
		}
		marks[strings.TrimPrefix(name, prefix)] = time.UnixMilli(at).UTC()
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read marks: %w", err)
	}
	return marks, nil
}
