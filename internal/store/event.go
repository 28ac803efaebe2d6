package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// EventKind says what happened to a run.
type EventKind string

// The kinds of run events.
const (
	EventQueued   EventKind = "queued"
	EventStarted  EventKind = "started"
	EventStep     EventKind = "step"
	EventFinished EventKind = "finished"
)

// Event is one line of a run's story. Seq grows over all runs.
type Event struct {
	Seq     int64           `json:"seq"`
	Run     string          `json:"run"`
	At      time.Time       `json:"at"`
	Kind    EventKind       `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

// insertEvent appends an event unless the run has one of that identity.
func (s *Store) insertEvent(tx *sql.Tx, run, dedupe string, kind EventKind, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode %s of run %s: %w", kind, run, err)
	}
	if _, err := tx.Exec(`INSERT INTO run_events (run, dedupe, at, kind, payload) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (run, dedupe) DO NOTHING`, run, dedupe, millis(s.now()), kind, body); err != nil {
		return fmt.Errorf("insert %s of run %s: %w", kind, run, err)
	}
	return nil
}

const (
	eventsSQL    = `SELECT seq, run, at, kind, payload FROM run_events WHERE seq > ? ORDER BY seq LIMIT ?`
	runEventsSQL = `SELECT seq, run, at, kind, payload FROM run_events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?`
)

// Events returns up to limit events behind the sequence number, of one run or,
// if run is "", of all.
func (s *Store) Events(ctx context.Context, run string, after int64, limit int) ([]Event, error) {
	query, args := eventsSQL, []any{after, limit}
	if run != "" {
		query, args = runEventsSQL, []any{run, after, limit}
	}
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list run events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := []Event{}
	for rows.Next() {
		var e Event
		var at int64
		var payload []byte
		if err := rows.Scan(&e.Seq, &e.Run, &at, &e.Kind, &payload); err != nil {
			return nil, fmt.Errorf("list run events: %w", err)
		}
		e.At, e.Payload = time.UnixMilli(at).UTC(), payload
		list = append(list, e)
	}
	return list, rows.Err()
}

// LastEvent returns the highest sequence number of all events, 0 if none.
func (s *Store) LastEvent(ctx context.Context) (int64, error) {
	var seq int64
	if err := s.db.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM run_events`).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read last run event: %w", err)
	}
	return seq, nil
}

// Changed returns a channel that is closed when something is added to the
// events. Take it before looking, so that nothing is missed.
func (s *Store) Changed() <-chan struct{} { return s.events.changed() }

// broadcast wakes everybody who waits, at once.
type broadcast struct {
	mu sync.Mutex
	ch chan struct{}
}

func newBroadcast() *broadcast { return &broadcast{ch: make(chan struct{})} }

func (b *broadcast) changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ch
}

func (b *broadcast) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ch)
	b.ch = make(chan struct{})
}
