package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// Claim takes what a delivery asks for, such as a command of a comment, for good:
// a claim outlives the delivery. It returns which of the claims, by source and
// site, are the delivery's: those that nobody had taken before, and those that it
// took itself, on whichever replica, before a crash. All are taken or none.
func (in *Inbox) Claim(ctx context.Context, seq int64, source, site string, claims []string) (map[string]bool, error) {
	ours := map[string]bool{}
	if len(claims) == 0 {
		return ours, nil
	}
	names := map[[codec.HashSize]byte]string{}
	hashes := make([][]byte, 0, len(claims))
	for _, claim := range claims {
		h := codec.Hash(source, site, claim)
		names[h] = claim
		hashes = append(hashes, h[:])
	}
	slices.SortFunc(hashes, bytes.Compare) // in one order by all, so that no two wait for each other
	err := in.change(ctx, func() error {
		if err := in.takeClaims(ctx, seq, hashes); err != nil {
			return err
		}
		taken, err := in.claimsOf(ctx, seq, hashes)
		for _, h := range taken {
			ours[names[h]] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return ours, nil
}

func (in *Inbox) takeClaims(ctx context.Context, seq int64, hashes [][]byte) error {
	const query = `INSERT INTO claims (hash, seq) SELECT h, $2::bigint FROM unnest($1::bytea[]) WITH ORDINALITY AS list (h, n) ORDER BY n
		ON CONFLICT DO NOTHING`
	if _, err := in.db.ExecContext(ctx, query, hashes, seq); err != nil {
		return fmt.Errorf("insert claims: %w", err)
	}
	return nil
}

// claimsOf is a statement of its own: it sees what another replica took for the
// same delivery while this one waited for it.
func (in *Inbox) claimsOf(ctx context.Context, seq int64, hashes [][]byte) ([][codec.HashSize]byte, error) {
	rows, err := in.db.QueryContext(ctx, `SELECT hash FROM claims WHERE hash = ANY($1::bytea[]) AND seq = $2::bigint`, hashes, seq)
	if err != nil {
		return nil, fmt.Errorf("find claims: %w", err)
	}
	defer rows.Close()
	var list [][codec.HashSize]byte
	for rows.Next() {
		var h []byte
		if err := rows.Scan(&h); err != nil {
			return nil, fmt.Errorf("find claims: %w", err)
		}
		list = append(list, [codec.HashSize]byte(h))
	}
	return list, rows.Err()
}
