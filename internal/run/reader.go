package run

import (
	"context"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// read hands out pending deliveries in the order of their acceptance. A lane
// that cannot take one is passed over, with all that follows for it, until it
// can: then it catches up.
func (d *Dispatcher) read(ctx context.Context) {
	var after int64
	for ctx.Err() == nil {
		d.catchUp(ctx, after)
		if d.stuck() && d.rest(ctx, nil) {
			continue // what is read now would be passed over
		}
		wake := d.cfg.Inbox.Wake()
		page, _ := d.pending(ctx, after)
		for _, delivery := range page {
			after = delivery.Seq
			if l := d.lanes[keyOf(delivery)]; l != nil && l.behind > 0 {
				continue
			}
			d.hand(ctx, delivery)
		}
		if len(page) == 0 {
			d.rest(ctx, wake)
		}
	}
}

func keyOf(delivery inbox.Delivery) laneKey { return laneKey{delivery.Source, delivery.Site} }

func (d *Dispatcher) pending(ctx context.Context, after int64) ([]inbox.Delivery, error) {
	page, err := d.cfg.Inbox.Pending(ctx, after, pageSize)
	if err != nil && ctx.Err() == nil {
		d.cfg.Log.Error().Err(err).Msg("could not read pending deliveries")
	}
	return page, err
}

// rest waits until there may be something to do, and reports whether a lane has
// room again.
func (d *Dispatcher) rest(ctx context.Context, wake <-chan struct{}) bool {
	select {
	case <-d.room:
		return true
	case <-ctx.Done():
	case <-wake:
	case <-time.After(lookInterval):
	}
	return false
}

// stuck reports whether every lane has been passed over.
func (d *Dispatcher) stuck() bool {
	for _, l := range d.lanes {
		if l.behind == 0 {
			return false
		}
	}
	return len(d.lanes) > 0
}

// catchUp hands lanes that have room again what they were passed over with, up
// to where the reader is.
func (d *Dispatcher) catchUp(ctx context.Context, upTo int64) {
	for _, l := range d.lanes {
		for l.behind > 0 && l.roomy() && ctx.Err() == nil {
			if err := d.retrace(ctx, l, upTo); err != nil {
				return
			}
		}
	}
}

// retrace reads one page of what a lane was passed over with.
func (d *Dispatcher) retrace(ctx context.Context, l *lane, upTo int64) error {
	page, err := d.pending(ctx, l.behind-1)
	if err != nil {
		return err
	}
	read := upTo // an empty page says that there is nothing more
	l.behind = 0
	for _, delivery := range page {
		if read = delivery.Seq; read > upTo {
			break
		}
		if d.lanes[keyOf(delivery)] == l {
			d.hand(ctx, delivery)
		}
		if l.behind > 0 {
			return nil
		}
	}
	if read < upTo {
		l.behind = read + 1
	}
	return nil
}

// hand normalises a delivery and puts it in line in its lane. A lane that cannot
// take it is behind from there.
func (d *Dispatcher) hand(ctx context.Context, delivery inbox.Delivery) {
	ev, err := d.normalize(ctx, delivery)
	if err != nil {
		d.finish(ctx, delivery, inbox.Outcome{State: inbox.StateFailed, Reason: err.Error()})
		return
	}
	l := d.lane(ctx, keyOf(delivery), laneKey{ev.Source, ev.Site})
	if l.behind > 0 {
		return
	}
	it := item{delivery: delivery, event: ev}
	it.delivery.Body, it.delivery.Headers = nil, nil
	taken, waits, idle := l.receive(it, !d.unplaced(ev))
	if !taken {
		l.behind = delivery.Seq
	}
	if waits != nil {
		d.work.Go(func() { d.place(ctx, l, waits) })
	}
	d.start(ctx, l, idle)
}

// lane returns the lane of deliveries that came by the given way and tell of the
// given site: two ways may lead to one site.
func (d *Dispatcher) lane(ctx context.Context, way, site laneKey) *lane {
	l := d.lanes[way]
	if l == nil {
		l = d.lanes[site]
	}
	if l == nil {
		l = newLane(site, d.makeRoom)
		d.lanes[site] = l
		d.work.Go(func() { l.open(ctx, d.cfg.Accounts) })
	}
	d.lanes[way] = l
	return l
}

func (d *Dispatcher) makeRoom() {
	select {
	case d.room <- struct{}{}:
	default:
	}
}

// workOn dispatches a subject's line until it is empty. What follows a delivery
// that was given up must wait as well: it stays for the next start.
func (d *Dispatcher) workOn(ctx context.Context, l *lane, subject string) {
	for ctx.Err() == nil {
		it, ok := l.next(subject)
		if !ok {
			return
		}
		d.dispatch(ctx, l, it)
		l.done()
	}
}
