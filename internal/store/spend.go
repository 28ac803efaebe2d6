package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Amount is what a call of a model costs.
type Amount struct {
	MicroUSD int64 `json:"micro_usd"`
	Tokens   int64 `json:"tokens"`
}

// Cap is how much may be spent in one scope.
type Cap struct {
	// Scope names what is counted together, such as "day:2026-11-21".
	Scope string
	// MicroUSD and Tokens are the most that may be spent; nil for any.
	MicroUSD, Tokens *int64
}

// OverError says that a call would pass a cap.
type OverError struct {
	Cap Cap
	// Spent is what is spent and reserved already, Asked what the call could cost.
	Spent, Asked Amount
}

// Error names the cap and how far it is used up.
func (e *OverError) Error() string {
	if e.Cap.MicroUSD != nil && e.Spent.MicroUSD+e.Asked.MicroUSD > *e.Cap.MicroUSD {
		return fmt.Sprintf("the budget of %s is $%.4f, of which $%.4f is spent or reserved; the next call could cost $%.4f",
			e.Cap.Scope, usd(*e.Cap.MicroUSD), usd(e.Spent.MicroUSD), usd(e.Asked.MicroUSD))
	}
	return fmt.Sprintf("the budget of %s is %d tokens, of which %d are used or reserved; the next call could take %d",
		e.Cap.Scope, value(e.Cap.Tokens), e.Spent.Tokens, e.Asked.Tokens)
}

func usd(micro int64) float64 { return float64(micro) / 1e6 }

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func (c Cap) passedBy(sum Amount) bool {
	return c.MicroUSD != nil && sum.MicroUSD > *c.MicroUSD || c.Tokens != nil && sum.Tokens > *c.Tokens
}

// Reserve sets the most that a call may cost aside in all of the scopes, before it
// is made. It is an *OverError if that would pass one of the caps, and then sets
// nothing aside. What a call of this id has set aside already stays so: it is the
// same call, tried again.
func (s *Store) Reserve(ctx context.Context, id string, most Amount, caps []Cap) error {
	scopes := make([]string, len(caps))
	for i, c := range caps {
		scopes[i] = c.Scope
	}
	list, err := json.Marshal(scopes)
	if err != nil {
		return fmt.Errorf("encode scopes: %w", err)
	}
	return s.inLedger(ctx, func(tx tx) error {
		n, err := tx.change(`INSERT INTO reservations (id, micro_usd, tokens, scopes, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			id, most.MicroUSD, most.Tokens, string(list), millis(s.now()))
		if err != nil {
			return fmt.Errorf("reserve for %s: %w", id, err)
		}
		if n == 0 {
			return nil
		}
		for _, c := range caps {
			if err := s.reserve(tx, c, most); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) reserve(tx tx, c Cap, most Amount) error {
	var spent Amount
	err := tx.row(`SELECT micro_usd, tokens FROM spend WHERE scope = ?`, c.Scope).Scan(&spent.MicroUSD, &spent.Tokens)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read what is spent in %s: %w", c.Scope, err)
	}
	if c.passedBy(Amount{MicroUSD: spent.MicroUSD + most.MicroUSD, Tokens: spent.Tokens + most.Tokens}) {
		return &OverError{Cap: c, Spent: spent, Asked: most}
	}
	return s.spend(tx, c.Scope, most)
}

func (s *Store) spend(tx tx, scope string, a Amount) error {
	if _, err := tx.exec(`INSERT INTO spend (scope, micro_usd, tokens, at) VALUES (?, ?, ?, ?) ON CONFLICT (scope)
		DO UPDATE SET micro_usd = spend.micro_usd + excluded.micro_usd, tokens = spend.tokens + excluded.tokens, at = excluded.at`,
		scope, a.MicroUSD, a.Tokens, millis(s.now())); err != nil {
		return fmt.Errorf("count what is spent in %s: %w", scope, err)
	}
	return nil
}

// Settle puts what a call did cost in the place of what was set aside for it. A
// call for which nothing is set aside is left out.
func (s *Store) Settle(ctx context.Context, id string, cost Amount) error {
	return s.inLedger(ctx, func(tx tx) error {
		var most Amount
		var list string
		err := tx.row(`SELECT micro_usd, tokens, scopes FROM reservations WHERE id = ?`, id).Scan(&most.MicroUSD, &most.Tokens, &list)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read reservation %s: %w", id, err)
		}
		var scopes []string
		if err := json.Unmarshal([]byte(list), &scopes); err != nil {
			return fmt.Errorf("read reservation %s: %w", id, err)
		}
		rest := Amount{MicroUSD: cost.MicroUSD - most.MicroUSD, Tokens: cost.Tokens - most.Tokens}
		for _, scope := range scopes {
			if err := s.spend(tx, scope, rest); err != nil {
				return err
			}
		}
		if _, err := tx.exec(`DELETE FROM reservations WHERE id = ?`, id); err != nil {
			return fmt.Errorf("delete reservation %s: %w", id, err)
		}
		return nil
	})
}

// Spent returns what is spent and reserved in a scope.
func (s *Store) Spent(ctx context.Context, scope string) (Amount, error) {
	var a Amount
	err := s.row(ctx, `SELECT micro_usd, tokens FROM spend WHERE scope = ?`, scope).Scan(&a.MicroUSD, &a.Tokens)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("read what is spent in %s: %w", scope, err)
	}
	return a, nil
}

// PruneSpend forgets what was spent in scopes that nothing was spent in since.
func (s *Store) PruneSpend(ctx context.Context, before time.Time) error {
	return s.writer.do(ctx, func(tx tx) error {
		for _, table := range []string{"spend", "reservations"} {
			if _, err := tx.exec(`DELETE FROM `+table+` WHERE at < ?`, millis(before)); err != nil {
				return fmt.Errorf("prune %s: %w", table, err)
			}
		}
		return nil
	})
}
