package inbox

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// Claim takes what a delivery asks for, such as a command of a comment, for good:
// a claim outlives the delivery. It returns which of the claims, by source and
// site, are the delivery's: those that nobody had taken before, and those that it
// took itself when it was asked before a crash. All are taken or none.
func (in *Inbox) Claim(ctx context.Context, seq int64, source, site string, claims []string) (map[string]bool, error) {
	if len(claims) == 0 {
		return map[string]bool{}, nil
	}
	// A caller that stops waiting must not share what the writer still fills in.
	var ours map[string]bool
	err := in.queue.change(ctx, func(ctx context.Context, s *session) error {
		taken := map[string]bool{}
		for _, claim := range claims {
			first, err := s.takeClaim(ctx, seq, codec.Hash(source, site, claim))
			if err != nil {
				return err
			}
			taken[claim] = first == seq
		}
		ours = taken
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return ours, nil
}

// takeClaim returns which delivery has a claim.
func (s *session) takeClaim(ctx context.Context, seq int64, h [codec.HashSize]byte) (int64, error) {
	if _, err := s.take.ExecContext(ctx, h[:], seq); err != nil {
		return 0, fmt.Errorf("insert claim: %w", err)
	}
	var first int64
	if err := s.findTaken.QueryRowContext(ctx, h[:]).Scan(&first); err != nil {
		return 0, fmt.Errorf("find claim: %w", err)
	}
	return first, nil
}
