package store

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"
)

// EventKind says what happened to a run.
type EventKind string

// The kinds of run events.
const (
	EventQueued  EventKind = "queued"
	EventStarted EventKind = "started"
	// EventResumed says that the run was taken up again: after a wait, or behind
	// a process that ended.
	EventResumed EventKind = "resumed"
	EventStep    EventKind = "step"
	EventWaiting EventKind = "waiting"
	// EventMerged says that another delivery was added to a run that waited for it.
	EventMerged EventKind = "merged"
	// EventCanceling says that somebody asked for the end of a run at work.
	EventCanceling EventKind = "canceling"
	EventFinished  EventKind = "finished"
	// EventRetried says that a run that had ended was put back into the queue.
	EventRetried EventKind = "retried"
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
func (s *Store) insertEvent(tx tx, run, dedupe string, kind EventKind, payload any) error {
	body, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("encode %s of run %s: %w", kind, run, err)
	}
	if _, err := tx.exec(`INSERT INTO run_events (run, dedupe, at, kind, payload) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (run, dedupe) DO NOTHING`, run, dedupe, millis(s.now()), kind, body); err != nil {
		return fmt.Errorf("insert %s of run %s: %w", kind, run, err)
	}
	tx.tell()
	return nil
}

// insertStepEvent appends the event of a step that the journal has.
func (s *Store) insertStepEvent(tx tx, run string, step int, epoch int64) error {
	if _, err := tx.exec(`INSERT INTO run_events (run, dedupe, at, kind, payload, step) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (run, dedupe) DO NOTHING`,
		run, fmt.Sprintf("step:%d.%d", step, epoch), millis(s.now()), EventStep, []byte("null"), step); err != nil {
		return fmt.Errorf("insert event of step %d of run %s: %w", step, run, err)
	}
	tx.tell()
	return nil
}

const (
	// What a step tells is in the journal while the step is there, and only then
	// moved to the event: see rewind.
	eventColumns = `SELECT e.seq, e.run, e.at, e.kind, coalesce(s.entry, e.payload) FROM run_events AS e
		LEFT JOIN run_steps AS s ON s.run = e.run AND s.idx = e.step `
	eventsSQL    = eventColumns + `WHERE e.seq > ? ORDER BY e.seq LIMIT ?`
	runEventsSQL = eventColumns + `WHERE e.run = ? AND e.seq > ? ORDER BY e.seq LIMIT ?`
)

// Events returns up to limit events behind the sequence number, of one run or,
// if run is "", of all.
func (s *Store) Events(ctx context.Context, run string, after int64, limit int) ([]Event, error) {
	query, args := eventsSQL, []any{after, limit}
	if run != "" {
		query, args = runEventsSQL, []any{run, after, limit}
	}
	rows, err := s.query(ctx, query, args...)
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
	if err := s.row(ctx, `SELECT coalesce(max(seq), 0) FROM run_events`).Scan(&seq); err != nil {
		return 0, fmt.Errorf("read last run event: %w", err)
	}
	return seq, nil
}

// Changed returns a channel that is closed when something is added to the
// events, or a run was put back into the queue. Take it before looking, so that
// nothing is missed.
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
