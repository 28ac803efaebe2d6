package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Lease is the right to do what only one replica may do.
type Lease struct {
	Name, Owner string
	// Epoch grows each time that the lease changes hands.
	Epoch int64
}

// leaseSQL takes a lease that is free, over, or ours already.
const leaseSQL = `INSERT INTO leases (name, owner, epoch, until_at) VALUES (?, ?, 1, {clock} + ?)
	ON CONFLICT (name) DO UPDATE SET until_at = excluded.until_at, owner = excluded.owner,
		epoch = CASE WHEN leases.owner = excluded.owner THEN leases.epoch ELSE leases.epoch + 1 END
	WHERE leases.owner = excluded.owner OR leases.until_at < {clock} RETURNING epoch`

// Lead takes or renews a lease for the given time, by the database's clock. It
// reports whether the owner has it now.
func (s *Store) Lead(ctx context.Context, name, owner string, lasts time.Duration) (Lease, bool, error) {
	l, ours := Lease{Name: name, Owner: owner}, false
	err := s.writer.do(ctx, func(tx tx) error {
		err := tx.row(leaseSQL, name, owner, lasts.Milliseconds()).Scan(&l.Epoch)
		if ours = err == nil; errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return err
	})
	if err != nil {
		return l, false, fmt.Errorf("take lease %s: %w", name, err)
	}
	return l, ours, nil
}

// Resign gives a lease back before its time.
func (s *Store) Resign(ctx context.Context, l Lease) error {
	return s.writer.do(ctx, func(tx tx) error {
		if _, err := tx.exec(`UPDATE leases SET until_at = 0 WHERE name = ? AND owner = ? AND epoch = ?`, l.Name, l.Owner, l.Epoch); err != nil {
			return fmt.Errorf("give back lease %s: %w", l.Name, err)
		}
		return nil
	})
}

// holds refuses what is done under a lease that somebody else has taken since.
// The zero Lease stands for a process that has nobody beside it.
func (l Lease) holds(tx tx) error {
	if l.Name == "" {
		return nil
	}
	var epoch int64
	err := tx.row(`SELECT epoch FROM leases WHERE name = ? AND owner = ?`, l.Name, l.Owner).Scan(&epoch)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && epoch != l.Epoch) {
		return fmt.Errorf("lease %s: %w", l.Name, ErrLost)
	}
	if err != nil {
		return fmt.Errorf("look up lease %s: %w", l.Name, err)
	}
	return nil
}
