package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// AccountMapping says who a user of a site is on our side.
type AccountMapping struct {
	Installation, Account string
	// Subject identifies the person on our side, Name is for people.
	Subject, Name string
	At            time.Time
}

// AccountMapping reads the mapping of an account; ErrNotFound if it has none.
func (s *Store) AccountMapping(ctx context.Context, installation, account string) (AccountMapping, error) {
	m := AccountMapping{Installation: installation, Account: account}
	var at sql.NullInt64
	err := s.row(ctx, `SELECT subject, name, mapped_at FROM installation_accounts WHERE installation = ? AND account = ?`, installation, account).
		Scan(&m.Subject, &m.Name, &at)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return AccountMapping{}, fmt.Errorf("read account mapping: %w", err)
	}
	m.At = fromMillis(at)
	return m, nil
}

// MapAccount sets the mapping of an account, and the time of it. The error is
// ErrNotFound or ErrGone if there is no such installation any more.
func (s *Store) MapAccount(ctx context.Context, m AccountMapping) (AccountMapping, error) {
	m.At = time.UnixMilli(millis(s.now())).UTC()
	err := s.writer.do(ctx, func(tx tx) error {
		if err := stays(tx, m.Installation); err != nil {
			return err
		}
		if _, err := tx.exec(`INSERT INTO installation_accounts (installation, account, subject, name, mapped_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (installation, account) DO UPDATE SET subject = excluded.subject, name = excluded.name, mapped_at = excluded.mapped_at`,
			m.Installation, m.Account, m.Subject, m.Name, millis(m.At)); err != nil {
			return err
		}
		return tellInstallation(tx, m.Installation)
	})
	if err != nil {
		return AccountMapping{}, fmt.Errorf("map account: %w", err)
	}
	return m, nil
}

// UnmapAccount deletes the mapping of an account and the token of its user. That
// there is none is no error.
func (s *Store) UnmapAccount(ctx context.Context, installation, account string) error {
	err := s.writer.do(ctx, func(tx tx) error {
		for _, table := range []string{"installation_accounts", "installation_user_tokens"} {
			if _, err := tx.exec(`DELETE FROM `+table+` WHERE installation = ? AND account = ?`, installation, account); err != nil {
				return err
			}
		}
		return tellInstallation(tx, installation)
	})
	if err != nil {
		return fmt.Errorf("delete account mapping: %w", err)
	}
	return nil
}

// stays refuses what is for an installation that is not there, or not for long.
func stays(tx tx, installation string) error {
	var leaving int
	err := tx.row(`SELECT leaving FROM installations WHERE id = ?`, installation).Scan(&leaving)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if err == nil && leaving != 0 {
		return ErrGone
	}
	return err
}

// SpendState writes down that a signed state was used, until it expires, and
// reports whether this was the first time.
func (s *Store) SpendState(ctx context.Context, nonce string, expires time.Time) (bool, error) {
	var n int64
	err := s.writer.do(ctx, func(tx tx) (err error) {
		n, err = tx.change(`INSERT INTO spent_states (nonce, expires_at) VALUES (?, ?) ON CONFLICT (nonce) DO NOTHING`, nonce, millis(expires))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("spend a state: %w", err)
	}
	return n == 1, nil
}
