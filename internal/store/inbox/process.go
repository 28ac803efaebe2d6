package inbox

import (
	"context"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// ClaimContent says which delivery was the first to tell something. The content
// key identifies what happened, whatever the delivery: two registrations of one
// webhook send two deliveries for one event. The first delivery to claim a key
// of its source and site gets it and is told so, also when it asks again after
// a crash; every other is told the id of the first.
func (in *Inbox) ClaimContent(ctx context.Context, seq int64, source, site, contentKey string) (firstID string, claimed bool, err error) {
	h := codec.Hash(source, site, contentKey)
	// A caller that stops waiting must not share what the writer still fills in.
	var c claim
	err = in.queue.change(ctx, func(ctx context.Context, s *session) error {
		var err error
		c, err = s.claimContent(ctx, seq, h, contentKey)
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("claim content: %w", err)
	}
	return c.firstID, c.first == seq, nil
}

// claim is who told something first.
type claim struct {
	first   int64
	firstID string
}

func (s *session) claimContent(ctx context.Context, seq int64, h [codec.HashSize]byte, key string) (claim, error) {
	var c claim
	if _, err := s.claim.ExecContext(ctx, h[:], seq); err != nil {
		return c, fmt.Errorf("insert content key: %w", err)
	}
	if err := s.findClaim.QueryRowContext(ctx, h[:]).Scan(&c.first); err != nil {
		return c, fmt.Errorf("find content key: %w", err)
	}
	if _, err := s.setContent.ExecContext(ctx, key, seq); err != nil {
		return c, fmt.Errorf("set content key: %w", err)
	}
	var err error
	c.firstID, err = s.idOf(ctx, c.first)
	return c, err
}

// Finish records what processing made of deliveries. The first outcome of a
// delivery counts: whoever worked on it as well and comes later changes nothing.
// StateReceived puts a finished delivery back into the backlog, from where it
// may be finished anew. All outcomes are recorded or none.
func (in *Inbox) Finish(ctx context.Context, outcomes []Outcome) error {
	for _, o := range outcomes {
		if !o.State.Known() {
			return fmt.Errorf("finish delivery %d: unknown state %q", o.Seq, o.State)
		}
	}
	if len(outcomes) == 0 {
		return nil
	}
	now := in.opts.Now().UnixMilli()
	// The writer may come to it after the caller stopped waiting.
	outcomes = slices.Clone(outcomes)
	err := in.queue.change(ctx, func(ctx context.Context, s *session) error {
		for _, o := range outcomes {
			if err := s.setOutcome(ctx, o, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("finish deliveries: %w", err)
	}
	return nil
}

func (s *session) setOutcome(ctx context.Context, o Outcome, now int64) error {
	var processed any = now
	if o.State == StateReceived {
		processed = nil
	}
	_, err := s.finish.ExecContext(ctx, string(o.State), o.Reason, o.EventType, o.Subject, o.Project,
		o.IssueKey, jsonOrNil(o.Detail), processed, o.Seq, string(o.State))
	if err != nil {
		return fmt.Errorf("update delivery %d: %w", o.Seq, err)
	}
	return nil
}
