package run

import (
	"context"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
)

// Placer finds out what an event is about where its platform does not tell: a webhook
// of Confluence's about a comment does not name the page.
type Placer interface {
	// Unplaced reports whether that has to be asked for. It asks nobody.
	Unplaced(ev *event.Event) bool
	// Place asks, and puts what it learns into the event, its subject above all. A
	// platform that is away makes it fail; what can never be told is no error.
	Place(ctx context.Context, ev *event.Event) error
}

// arrival is a delivery that is not in line yet: what it is about is being asked for,
// or it stands behind one of which that holds.
type arrival struct {
	item   item
	placed bool
}

// unplaced reports whether it has to be asked first what an event is about.
func (d *Dispatcher) unplaced(ev *event.Event) bool {
	return d.cfg.Placer != nil && d.cfg.Placer.Unplaced(ev)
}

// receive takes a delivery and reports whether it did. Deliveries get in line in the
// order in which they came: one that could overtake another of the same subject waits
// until it is known that it does not. Several are asked about at a time.
func (l *lane) receive(it item, placed bool) (taken bool, waits *arrival, idle []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known || l.held >= laneDepth {
		return false, nil, nil
	}
	l.held++
	a := &arrival{it, placed}
	l.arrivals = append(l.arrivals, a)
	if !placed {
		return true, a, nil
	}
	return true, nil, l.admit()
}

// settled notes that it is known what a delivery is about.
func (l *lane) settled(a *arrival) (idle []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.placed = true
	return l.admit()
}

// admit puts in line what no other has to be waited for any more, and returns the
// subjects that somebody has to work on now. It needs mu.
func (l *lane) admit() (idle []string) {
	for len(l.arrivals) > 0 && l.arrivals[0].placed {
		it := l.arrivals[0].item
		l.arrivals = l.arrivals[1:]
		line, busy := l.lines[it.subject()]
		l.lines[it.subject()] = append(line, it)
		if !busy {
			idle = append(idle, it.subject())
		}
	}
	return idle
}

// place asks what a delivery is about. It gives up only if ctx ends.
func (d *Dispatcher) place(ctx context.Context, l *lane, a *arrival) {
	log := d.cfg.Log.With().Str("delivery", a.item.delivery.ID).Logger()
	ctx = log.WithContext(ctx)
	err := durable.Persist(ctx, "ask what the event is about", func() error {
		if !l.enter(ctx) {
			return ctx.Err()
		}
		defer l.leave()
		return guarded(ctx, func() error { return d.cfg.Placer.Place(ctx, a.item.event) })
	})
	if ctx.Err() != nil {
		return // it is dispatched at the next start, or by another replica
	}
	if err != nil {
		log.Warn().Err(err).Msg("cannot find out what the event is about")
	}
	d.start(ctx, l, l.settled(a))
}

// start works on the lines of these subjects.
func (d *Dispatcher) start(ctx context.Context, l *lane, idle []string) {
	for _, subject := range idle {
		d.work.Go(func() { d.workOn(ctx, l, subject) })
	}
}
