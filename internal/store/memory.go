package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/memory"
)

// Memory returns the memory of agents that is kept in this database, for all
// processes that share it.
func (s *Store) Memory() memory.Memory { return memories{s} }

type memories struct{ *Store }

// memoryEffect is the kind of a memory's changes in the ledger.
const memoryEffect = "memory"

// maxOutcome bounds what the ledger keeps of an outcome: an index covers it, and
// PostgreSQL's take no more than 2,704 bytes.
const maxOutcome = 2000

const memorySQL = `SELECT name, value, updated_at, expires_at FROM memory WHERE site = ? AND project = ? AND agent = ? AND (expires_at IS NULL OR expires_at > ?)`

// owner is what the column site holds: the site's name, and for what belongs to a
// user, the installation and the account behind it, with separators that no name
// has in it.
func owner(scope memory.Scope) string {
	if scope.Installation == "" {
		return scope.Site
	}
	return scope.Site + separator + scope.Installation + separator + scope.Account
}

const separator = "\x1f"

// ForgetUsers implements memory.Memory.
func (m memories) ForgetUsers(ctx context.Context, installation string) error {
	return m.writer.do(ctx, func(tx tx) error { return forgetUsers(tx, installation) })
}

// forgetUsers deletes what agents remember of the users of an installation.
func forgetUsers(tx tx, installation string) error {
	if installation == "" {
		return nil
	}
	part := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(installation)
	if _, err := tx.exec(`DELETE FROM memory WHERE site LIKE ? ESCAPE '\'`, "%"+separator+part+separator+"%"); err != nil {
		return fmt.Errorf("forget the users of an installation: %w", err)
	}
	return nil
}

// Get implements memory.Memory.
func (m memories) Get(ctx context.Context, scope memory.Scope, key string) (memory.Entry, error) {
	list, err := m.read(ctx, memorySQL+` AND name = ?`, owner(scope), scope.Project, scope.Agent, millis(m.now()), key)
	if err != nil {
		return memory.Entry{}, fmt.Errorf("read memory: %w", err)
	}
	if len(list) == 0 {
		return memory.Entry{}, memory.ErrNotFound
	}
	return list[0], nil
}

// List implements memory.Memory.
func (m memories) List(ctx context.Context, scope memory.Scope) ([]memory.Entry, error) {
	list, err := m.read(ctx, memorySQL+` ORDER BY updated_at DESC, name`, owner(scope), scope.Project, scope.Agent, millis(m.now()))
	if err != nil {
		return nil, fmt.Errorf("list memory: %w", err)
	}
	return list, nil
}

func (m memories) read(ctx context.Context, query string, args ...any) ([]memory.Entry, error) {
	rows, err := m.query(ctx, query, args...)
	if err != nil {
		return nil, awayError{err}
	}
	defer rows.Close()
	var list []memory.Entry
	for rows.Next() {
		var e memory.Entry
		var updated, expires sql.NullInt64
		if err := rows.Scan(&e.Key, &e.Value, &updated, &expires); err != nil {
			return nil, err
		}
		e.Updated, e.Expires = fromMillis(updated), fromMillis(expires)
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, awayError{err}
	}
	return list, nil
}

// Change implements memory.Memory. That it was made is recorded in the ledger by
// the same transaction.
func (m memories) Change(ctx context.Context, scope memory.Scope, c memory.Change) (memory.Outcome, error) {
	var outcome memory.Outcome
	err := m.inLedger(ctx, func(tx tx) error {
		var ref string
		err := tx.row(`SELECT ref FROM effects WHERE id = ? AND done_at IS NOT NULL`, c.ID).Scan(&ref)
		if err == nil {
			outcome = memory.Outcome{}
			return json.Unmarshal([]byte(ref), &outcome)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read effect %s: %w", c.ID, err)
		}
		now := m.now()
		if outcome, err = changeMemory(tx, scope, c, now); err != nil {
			return fmt.Errorf("change memory: %w", err)
		}
		return recordMemory(tx, c, outcome, now)
	})
	return outcome, err
}

func changeMemory(tx tx, scope memory.Scope, c memory.Change, now time.Time) (memory.Outcome, error) {
	const within = ` WHERE site = ? AND project = ? AND agent = ?`
	if _, err := tx.exec(`DELETE FROM memory`+within+` AND expires_at IS NOT NULL AND expires_at <= ?`,
		owner(scope), scope.Project, scope.Agent, millis(now)); err != nil {
		return memory.Outcome{}, err
	}
	existed, err := tx.change(`DELETE FROM memory`+within+` AND name = ?`, owner(scope), scope.Project, scope.Agent, c.Key)
	if err != nil {
		return memory.Outcome{}, err
	}
	if !c.Delete {
		expires := sql.NullInt64{}
		if at := c.Expires(now); !at.IsZero() {
			expires = sql.NullInt64{Int64: millis(at), Valid: true}
		}
		if _, err := tx.exec(`INSERT INTO memory (site, project, agent, name, value, size, updated_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			owner(scope), scope.Project, scope.Agent, c.Key, c.Value, len(c.Key)+len(c.Value), millis(now), expires); err != nil {
			return memory.Outcome{}, err
		}
	}
	items, err := memoryItems(tx, scope)
	if err != nil {
		return memory.Outcome{}, err
	}
	drop, outcome := memory.Settle(items, c)
	outcome.Existed = existed > 0
	for _, key := range drop {
		if _, err := tx.exec(`DELETE FROM memory`+within+` AND name = ?`, owner(scope), scope.Project, scope.Agent, key); err != nil {
			return memory.Outcome{}, err
		}
	}
	return outcome, nil
}

func memoryItems(tx tx, scope memory.Scope) ([]memory.Item, error) {
	rows, err := tx.rows(`SELECT name, size, updated_at FROM memory WHERE site = ? AND project = ? AND agent = ?`, owner(scope), scope.Project, scope.Agent)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var items []memory.Item
	for rows.Next() {
		var i memory.Item
		var updated sql.NullInt64
		if err := rows.Scan(&i.Key, &i.Size, &updated); err != nil {
			return nil, err
		}
		i.Updated = fromMillis(updated)
		items = append(items, i)
	}
	return items, rows.Err()
}

func recordMemory(tx tx, c memory.Change, outcome memory.Outcome, now time.Time) error {
	ref, err := json.Marshal(outcome)
	for err == nil && len(ref) > maxOutcome && len(outcome.Dropped) > 0 {
		outcome.Dropped = outcome.Dropped[:len(outcome.Dropped)-1]
		ref, err = json.Marshal(outcome)
	}
	if err != nil {
		return fmt.Errorf("encode outcome: %w", err)
	}
	_, err = tx.exec(`INSERT INTO effects (id, run, kind, target, begun_at, sent_at, done_at, ref) VALUES (?, ?, ?, ?, ?, {clock}, ?, ?)`,
		c.ID, runOf(c.ID), memoryEffect, c.Key, millis(now), millis(now), string(ref))
	if err != nil {
		return fmt.Errorf("insert effect %s: %w", c.ID, err)
	}
	return nil
}

// ForgetExpired deletes what agents were to remember until now, and returns how
// many entries that were.
func (s *Store) ForgetExpired(ctx context.Context) (int, error) {
	var n int64
	err := s.writer.do(ctx, func(tx tx) error {
		var err error
		n, err = tx.change(`DELETE FROM memory WHERE expires_at IS NOT NULL AND expires_at <= ?`, millis(s.now()))
		if err != nil {
			return fmt.Errorf("forget what has expired: %w", err)
		}
		return nil
	})
	return int(n), err
}
