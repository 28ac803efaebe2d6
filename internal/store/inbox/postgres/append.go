package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/oklog/ulid/v2"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/codec"
	"github.com/aofctl/aofctl/internal/store/postgres"
)

// Append stores a delivery and returns once it is on the server's disk. Of
// several deliveries with the same source, site and key exactly one is stored,
// whichever replicas they came to; the others get its receipt, marked as
// duplicates. A delivery whose State is StateFailed is stored as finished, with
// its Reason; any other State becomes StateReceived. A zero ReceivedAt becomes
// now. In texts, though not in the body, bytes that PostgreSQL does not take are
// replaced. The error is, or wraps, ErrFull, ErrClosed, ErrUnavailable or the
// context's; after the last two the delivery may have been stored all the same.
func (in *Inbox) Append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error) {
	r, err := in.append(ctx, d)
	if err != nil {
		return inbox.Receipt{}, fmt.Errorf("append delivery: %w", err)
	}
	return r, nil
}

func (in *Inbox) append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error) {
	if err := in.gate.state(); err != nil {
		return inbox.Receipt{}, err
	}
	a, err := in.newArrival(d)
	if err != nil {
		return inbox.Receipt{}, err
	}
	if err := in.queue.add(a); err != nil {
		return inbox.Receipt{}, err
	}
	// A caller that goes away must not take a connection with it, which is what
	// cancelling a statement costs. So what is being stored is stored.
	select {
	case <-a.done:
		return a.receipt, a.err
	case <-ctx.Done():
		return inbox.Receipt{}, ctx.Err()
	}
}

func (in *Inbox) newArrival(d inbox.Delivery) (*arrival, error) {
	if len(d.Body) > codec.MaxBody {
		return nil, fmt.Errorf("body of %d bytes is larger than %d", len(d.Body), codec.MaxBody)
	}
	d = d.Arrived(in.opts.Now())
	headers, err := codec.PackHeaders(d.Headers)
	if err != nil {
		return nil, err
	}
	received := d.ReceivedAt.UnixMilli()
	id, err := ulid.New(uint64(max(received, 0)), in.ids)
	if err != nil {
		return nil, fmt.Errorf("make id: %w", err)
	}
	a := &arrival{
		hash:     codec.Hash(d.Source, d.Site, d.Key),
		id:       id.String(),
		received: received,
		signed:   codec.PackNames(d.SignedBy),
		headers:  headers,
		block:    in.queue.packer.Pack(d.Body),
		done:     make(chan struct{}),
	}
	d.Body, d.Headers = nil, nil
	a.delivery = d
	return a, nil
}

// store is one of the writers: it stores arrivals until the queue is closed and
// empty. It has no context: what was taken from the queue is finished.
func (in *Inbox) store() {
	ctx := context.Background()
	for a := range in.queue.work {
		err := in.gate.fault()
		var r inbox.Receipt
		if err == nil {
			r, err = in.insert(ctx, a)
			err = in.gate.judge(err)
		}
		in.queue.finish(a, r, err)
		if err == nil && !r.Duplicate {
			in.wake.stored()
		}
	}
}

// insert stores an arrival, if need be twice: the first time may only have found
// out that its connection was lost. Doing it again changes nothing.
func (in *Inbox) insert(ctx context.Context, a *arrival) (inbox.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, in.opts.Patience)
	defer cancel()
	r, err := in.insertOnce(ctx, a)
	if postgres.Away(err) && ctx.Err() == nil {
		r, err = in.insertOnce(ctx, a)
	}
	return r, err
}

// insertion looks for the identity, and else draws a number and inserts. The
// lock is taken before the number is drawn, which comes from its row, and is held
// until the commit is seen by everybody: see horizon. A duplicate draws none.
const insertion = `WITH known AS (
		SELECT seq, id FROM deliveries WHERE hash = $1::bytea
	), turn AS MATERIALIZED (
		SELECT pg_advisory_xact_lock_shared(` + lockSpace + `, 'deliveries'::regclass::oid::int) WHERE NOT EXISTS (SELECT FROM known)
	), fresh AS (
		INSERT INTO deliveries (hash, id, source, site, key, received_at, signed_by, state, reason)
		SELECT $1::bytea, $2::text, $3::text, $4::text, $5::text, $6::bigint, $7::text, $8::text, $9::text FROM turn
		ON CONFLICT (hash) DO NOTHING RETURNING seq, id
	), payload AS (
		INSERT INTO bodies (seq, headers, body) SELECT seq, $10::text, $11::bytea FROM fresh
	)
	SELECT seq, id FROM fresh UNION ALL SELECT seq, id FROM known`

func (in *Inbox) insertOnce(ctx context.Context, a *arrival) (inbox.Receipt, error) {
	// Nothing comes back if another one's insert was waited for: then it is known.
	const tries = 5
	d := &a.delivery
	for range tries {
		var r inbox.Receipt
		err := in.write.QueryRowContext(ctx, insertion, a.hash[:], a.id, clean(d.Source), clean(d.Site), clean(d.Key), a.received,
			clean(a.signed), string(d.State), clean(d.Reason), clean(a.headers), a.block).Scan(&r.Seq, &r.ID)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		// The confirmation of an earlier try may have been lost.
		r.Duplicate = r.ID != a.id
		return r, err
	}
	return inbox.Receipt{}, fmt.Errorf("insert delivery: others stored and deleted it %d times", tries)
}
