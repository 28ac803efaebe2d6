package store

import (
	"context"
	"fmt"
)

const (
	// nextChangeSQL numbers changes so that a number never comes again, also after
	// the installation that had the last one was deleted, and within a moment: by
	// the database's clock, which is one for all replicas, and upwards from there.
	nextChangeSQL = `INSERT INTO marks (name, at) VALUES ('installation change', {clock}) ON CONFLICT (name)
		DO UPDATE SET at = CASE WHEN excluded.at > marks.at THEN excluded.at ELSE marks.at + 1 END RETURNING at`
	changedSQL    = `SELECT id, changed FROM installations WHERE changed > ? ORDER BY changed`
	lastChangeSQL = `SELECT COALESCE(MAX(changed), 0) FROM installations`
)

// tellInstallation lets those know who wait for something of the installation.
func tellInstallation(tx tx, id string) error {
	var next int64
	if err := tx.row(nextChangeSQL).Scan(&next); err != nil {
		return fmt.Errorf("number a change: %w", err)
	}
	if _, err := tx.exec(`UPDATE installations SET changed = ? WHERE id = ?`, next, id); err != nil {
		return fmt.Errorf("number a change: %w", err)
	}
	tx.tell()
	return nil
}

// ChangedInstallations lists the installations that changed after the change with
// the number, in a way that waiting work may go on by, and returns the number of
// the last such change. Store.Changed tells when to look.
func (s *Store) ChangedInstallations(ctx context.Context, after int64) ([]string, int64, error) {
	rows, err := s.query(ctx, changedSQL, after)
	if err != nil {
		return nil, after, fmt.Errorf("list changed installations: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id, &after); err != nil {
			return nil, after, fmt.Errorf("list changed installations: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, after, fmt.Errorf("list changed installations: %w", err)
	}
	return ids, after, nil
}

// LastInstallationChange returns the number of the last change.
func (s *Store) LastInstallationChange(ctx context.Context) (int64, error) {
	var last int64
	if err := s.row(ctx, lastChangeSQL).Scan(&last); err != nil {
		return 0, fmt.Errorf("read the last change of installations: %w", err)
	}
	return last, nil
}
