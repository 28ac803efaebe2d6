package store

import (
	"context"
	"fmt"
	"time"
)

// goneFor is how long the id of a deleted installation is remembered: Forge sends
// an event up to four times within some minutes, and its tokens live for less
// than one. A request that comes after that shows that the app is installed after
// all.
const goneFor = time.Hour

const rememberGoneSQL = `INSERT INTO installations_gone (id, at) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at`

// RetireInstallation begins the deletion of an installation: from now on nothing
// is kept for it. One that there is not counts as deleted.
func (s *Store) RetireInstallation(ctx context.Context, id string) error {
	err := s.writer.do(ctx, func(tx tx) error {
		n, err := tx.change(`UPDATE installations SET leaving = 1, updated_at = ? WHERE id = ?`, millis(s.now()), id)
		if err != nil || n > 0 {
			return err
		}
		_, err = tx.exec(rememberGoneSQL, id, millis(s.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("retire installation %s: %w", id, err)
	}
	return nil
}

// RemoveInstallation deletes an installation with all that is kept here for it.
// It may be done again.
func (s *Store) RemoveInstallation(ctx context.Context, id string) error {
	err := s.writer.do(ctx, func(tx tx) error {
		for _, statement := range []string{
			`DELETE FROM installation_user_tokens WHERE installation = ?`,
			`DELETE FROM installation_system_tokens WHERE installation = ?`,
			`DELETE FROM installation_accounts WHERE installation = ?`,
			`DELETE FROM installations WHERE id = ?`,
		} {
			if _, err := tx.exec(statement, id); err != nil {
				return err
			}
		}
		if _, err := tx.exec(rememberGoneSQL, id, millis(s.now())); err != nil {
			return err
		}
		tx.tell()
		return nil
	})
	if err != nil {
		return fmt.Errorf("remove installation %s: %w", id, err)
	}
	return nil
}

// unseenFor is how long a token is kept for which there is no task: one that a
// crash kept from being made, or from taking its token along when it ended.
const unseenFor = 2 * time.Minute

// SweepInstallations deletes tokens and used states that have expired, tokens that
// no task needs, and ids of installations that were deleted long ago. It returns
// how many tokens that were.
func (s *Store) SweepInstallations(ctx context.Context) (int, error) {
	var tokens int64
	err := s.writer.do(ctx, func(tx tx) error {
		now := s.now()
		users, err := tx.change(sweepUserTokensSQL, millis(now), millis(now.Add(-unseenFor)))
		if err != nil {
			return err
		}
		systems, err := tx.change(`DELETE FROM installation_system_tokens WHERE expires_at <= ?`, millis(now))
		if err != nil {
			return err
		}
		tokens = users + systems
		if _, err := tx.exec(`DELETE FROM spent_states WHERE expires_at <= ?`, millis(now)); err != nil {
			return err
		}
		_, err = tx.exec(`DELETE FROM installations_gone WHERE at <= ?`, millis(now.Add(-goneFor)))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep installations: %w", err)
	}
	return int(tokens), nil
}
