package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// ClaimContent says which delivery was the first to tell something. The content
// key identifies what happened, whatever the delivery. The first delivery to
// claim a key of its source and site gets it, whichever replica asks, and is told
// so also when it asks again; every other is told the id of the first.
func (in *Inbox) ClaimContent(ctx context.Context, seq int64, source, site, contentKey string) (firstID string, claimed bool, err error) {
	h := codec.Hash(source, site, contentKey)
	var first int64
	err = in.change(ctx, func() error {
		first, firstID, err = in.claim(ctx, seq, h[:], clean(contentKey))
		return err
	})
	if err != nil {
		return "", false, fmt.Errorf("claim content: %w", err)
	}
	return firstID, first == seq, nil
}

func (in *Inbox) claim(ctx context.Context, seq int64, hash []byte, key string) (first int64, firstID string, err error) {
	const query = `WITH won AS (
			INSERT INTO contents (hash, seq) VALUES ($1::bytea, $2::bigint) ON CONFLICT DO NOTHING RETURNING seq
		), noted AS (
			UPDATE deliveries SET content_key = $3::text WHERE seq = $2::bigint AND content_key <> $3::text
		), first AS (
			SELECT seq FROM won UNION ALL SELECT seq FROM contents WHERE hash = $1::bytea
		)
		SELECT seq, coalesce((SELECT id FROM deliveries d WHERE d.seq = first.seq), '') FROM first`
	// Nothing comes back if another one's claim was waited for: then it is there.
	const tries = 5
	for range tries {
		err = in.db.QueryRowContext(ctx, query, hash, seq, key).Scan(&first, &firstID)
		if !errors.Is(err, sql.ErrNoRows) {
			return first, firstID, err
		}
	}
	return 0, "", fmt.Errorf("insert content key: others stored and deleted it %d times", tries)
}

// Finish records what processing made of deliveries. The first outcome of a
// delivery counts: whichever replica worked on it as well and comes later changes
// nothing. StateReceived puts a finished delivery back into the backlog, from
// where it may be finished anew. All outcomes are recorded or none.
func (in *Inbox) Finish(ctx context.Context, outcomes []inbox.Outcome) error {
	for _, o := range outcomes {
		if !o.State.Known() {
			return fmt.Errorf("finish delivery %d: unknown state %q", o.Seq, o.State)
		}
	}
	if len(outcomes) == 0 {
		return nil
	}
	if err := in.change(ctx, func() error { return in.finish(ctx, outcomes) }); err != nil {
		return fmt.Errorf("finish deliveries: %w", err)
	}
	return nil
}

// change does a write that is not Append's.
func (in *Inbox) change(ctx context.Context, write func() error) error {
	if err := in.gate.state(); err != nil {
		return err
	}
	err := write()
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return in.gate.judge(err)
}

func (in *Inbox) finish(ctx context.Context, outcomes []inbox.Outcome) error {
	now := in.opts.Now().UnixMilli()
	if len(outcomes) == 1 {
		return setOutcome(ctx, in.db, outcomes[0], now)
	}
	// In one order by all, so that no two wait for each other; those of one
	// delivery stay as they came.
	outcomes = slices.Clone(outcomes)
	slices.SortStableFunc(outcomes, func(a, b inbox.Outcome) int { return cmp.Compare(a.Seq, b.Seq) })
	tx, err := in.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if err := setOutcome(ctx, tx, o, now); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// executor is a database or a transaction.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func setOutcome(ctx context.Context, db executor, o inbox.Outcome, now int64) error {
	var processed any = now
	if o.State == inbox.StateReceived {
		processed = nil
	}
	const query = `UPDATE deliveries SET state = $2::text, reason = $3::text, event_type = $4::text, subject = $5::text,
		project = $6::text, issue_key = $7::text, detail = $8::text, processed_at = $9::bigint
		WHERE seq = $1::bigint AND (state = 'received' OR $2::text = 'received')`
	_, err := db.ExecContext(ctx, query, o.Seq, string(o.State), clean(o.Reason), clean(o.EventType), clean(o.Subject),
		clean(o.Project), clean(o.IssueKey), jsonOrNil(o.Detail), processed)
	if err != nil {
		return fmt.Errorf("update delivery %d: %w", o.Seq, err)
	}
	return nil
}
