package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// SealedToken is a token of Atlassian's as it is kept. Only who sealed it can
// open it.
type SealedToken struct {
	Sealed  []byte
	Expires time.Time
	// Seen is when it came. Of two tokens the one that came later is kept.
	Seen time.Time
}

const (
	userTokenSQL = `SELECT sealed, expires_at, seen_at FROM installation_user_tokens WHERE installation = ? AND account = ?`
	// usableSQL finds a token that waiting work could have used already.
	usableSQL        = `SELECT 1 FROM installation_user_tokens WHERE installation = ? AND account = ? AND expires_at > ?`
	keepUserTokenSQL = `INSERT INTO installation_user_tokens (installation, account, sealed, expires_at, seen_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (installation, account) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at, seen_at = excluded.seen_at
		WHERE installation_user_tokens.seen_at <= excluded.seen_at`
	// rejectUserTokenSQL leaves alone what came meanwhile.
	rejectUserTokenSQL = `UPDATE installation_user_tokens SET expires_at = ?, seen_at = ? WHERE installation = ? AND account = ? AND sealed = ? AND expires_at > ?`
	systemTokenSQL     = `SELECT sealed, expires_at, seen_at FROM installation_system_tokens WHERE installation = ?`
	keepSystemTokenSQL = `INSERT INTO installation_system_tokens (installation, sealed, expires_at, seen_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (installation) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at, seen_at = excluded.seen_at
		WHERE installation_system_tokens.seen_at <= excluded.seen_at`
	// unneededSQL are tokens of users of whom no task is open. Tasks are made and
	// ended by the same writer, so that none is made in between.
	unneededSQL        = `NOT EXISTS (SELECT 1 FROM tasks AS t WHERE t.installation = installation_user_tokens.installation AND t.account = installation_user_tokens.account AND t.active = 1)`
	forgetUserTokenSQL = `DELETE FROM installation_user_tokens WHERE installation = ? AND account = ? AND ` + unneededSQL
	sweepUserTokensSQL = `DELETE FROM installation_user_tokens WHERE expires_at <= ? OR seen_at <= ? AND ` + unneededSQL
)

// UserToken reads the token of a user; ErrNotFound if there is none. It may have
// expired.
func (s *Store) UserToken(ctx context.Context, installation, account string) (SealedToken, error) {
	return scanToken("user", s.row(ctx, userTokenSQL, installation, account))
}

// SystemToken reads the token of the app itself; ErrNotFound if there is none. It
// may have expired.
func (s *Store) SystemToken(ctx context.Context, installation string) (SealedToken, error) {
	return scanToken("system", s.row(ctx, systemTokenSQL, installation))
}

func scanToken(of string, row *sql.Row) (SealedToken, error) {
	var t SealedToken
	var expires, seen sql.NullInt64
	err := row.Scan(&t.Sealed, &expires, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	if err != nil {
		return SealedToken{}, fmt.Errorf("read %s token: %w", of, err)
	}
	t.Expires, t.Seen = fromMillis(expires), fromMillis(seen)
	return t, nil
}

// KeepUserToken keeps the token of a user instead of the one that came before.
// The error is ErrNotFound or ErrGone if there is no such installation any more.
func (s *Store) KeepUserToken(ctx context.Context, installation, account string, t SealedToken) error {
	err := s.writer.do(ctx, func(tx tx) error {
		if err := stays(tx, installation); err != nil {
			return err
		}
		had, err := exists(tx, usableSQL, installation, account, millis(s.now()))
		if err != nil {
			return err
		}
		if _, err := tx.exec(keepUserTokenSQL, installation, account, t.Sealed, millis(t.Expires), millis(t.Seen)); err != nil || had {
			return err
		}
		return tellInstallation(tx, installation)
	})
	if err != nil {
		return fmt.Errorf("keep user token: %w", err)
	}
	return nil
}

// RejectUserToken notes that the token of a user does not hold any more since a
// time, if it still is the one that is kept. It expires with that, at the time at
// which it counts as seen.
func (s *Store) RejectUserToken(ctx context.Context, installation, account string, sealed []byte, at time.Time) error {
	err := s.writer.do(ctx, func(tx tx) error {
		_, err := tx.exec(rejectUserTokenSQL, millis(at), millis(at), installation, account, sealed, millis(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("reject user token: %w", err)
	}
	return nil
}

// KeepSystemToken keeps the token of the app itself, as KeepUserToken does.
func (s *Store) KeepSystemToken(ctx context.Context, installation string, t SealedToken) error {
	err := s.writer.do(ctx, func(tx tx) error {
		if err := stays(tx, installation); err != nil {
			return err
		}
		_, err := tx.exec(keepSystemTokenSQL, installation, t.Sealed, millis(t.Expires), millis(t.Seen))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep system token: %w", err)
	}
	return nil
}

// ForgetUserToken deletes the token of a user who has no open task, and reports
// whether it did.
func (s *Store) ForgetUserToken(ctx context.Context, installation, account string) (bool, error) {
	var n int64
	err := s.writer.do(ctx, func(tx tx) (err error) {
		n, err = tx.change(forgetUserTokenSQL, installation, account)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("forget user token: %w", err)
	}
	return n > 0, nil
}
