package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// pageSize is how many deliveries are read at a time.
const pageSize = 256

// Normalizer turns a platform's delivery into an event.
type Normalizer func(delivery inbox.Delivery) (*event.Event, error)

// Router decides where events go. It is asked for each event anew, so that a
// reload takes effect with the next one.
type Router interface {
	// Current returns the decisions of the catalogue in force.
	Current() Routes
}

// Routes is one revision of the routing rules.
type Routes struct {
	Table *route.Table
	// Manifest returns the revision of a target's manifest; false if there is
	// no such target.
	Manifest func(kind, name string) (store.Revision, bool)
	// Scope returns the projects that a target's own manifest lets it touch; none if
	// it does not say. Nil never says.
	Scope func(kind, name string) []string
	// Revision is the catalogue's.
	Revision string
}

// Accounts tells which account is our own on each site.
type Accounts interface {
	Input(ctx context.Context, source, site string) (route.Input, error)
}

// Deliveries are the stored deliveries as the dispatcher works on them; the
// methods are described at inbox.Inbox.
type Deliveries interface {
	Get(ctx context.Context, id string) (inbox.Delivery, error)
	Pending(ctx context.Context, afterSeq int64, limit int) ([]inbox.Delivery, error)
	Wake() <-chan struct{}
	ClaimContent(ctx context.Context, seq int64, source, site, contentKey string) (firstID string, claimed bool, err error)
	Claim(ctx context.Context, seq int64, source, site string, claims []string) (ours map[string]bool, err error)
	Finish(ctx context.Context, outcomes []inbox.Outcome) error
}

// DispatcherConfig is what a Dispatcher is made of.
type DispatcherConfig struct {
	Inbox       Deliveries
	Store       *store.Store
	Normalizers map[string]Normalizer
	Router      Router
	Accounts    Accounts
	// Asker asks the platform what a decision needs and the event does not tell.
	Asker route.Asker
	// Placer finds out what events are about that do not tell; nil where all tell.
	Placer Placer
	// Issues finds the Jira issues that events of other platforms name; nil finds
	// none.
	Issues Issues
	// Pages finds the pages that orders name; nil finds none.
	Pages Pages
	// Lease is what gives this replica the right to admit runs; nil where there
	// is nobody else.
	Lease func() store.Lease
	// Admitted is called after runs were admitted.
	Admitted func()
	// Signed names the secrets that a delivery counts as signed with; nil for those
	// that it was signed with.
	Signed func(inbox.Summary) []string
	// MaxPerHour opens the breaker of a subject; 0 for never.
	MaxPerHour int
	// Kinds are the kinds of target that can run.
	Kinds map[string]bool
	// Desk takes the decisions of people; nil for none.
	Desk Desk
	// Observer is told what became of deliveries.
	Observer DeliveryObserver
	Now      func() time.Time
	// Seed returns a secret random text for each run.
	Seed func() string
	Log  zerolog.Logger
}

// DeliveryObserver is told what became of deliveries, for metrics.
type DeliveryObserver interface {
	DeliveryEnded(source string, state inbox.State)
}

// Dispatcher turns deliveries into runs, in order for each subject. Each site
// has a lane of its own, so that one whose platform is away holds up no other.
type Dispatcher struct {
	cfg DispatcherConfig
	// lanes are by site and by the way that deliveries come; they belong to the
	// reader.
	lanes map[laneKey]*lane
	// room gets a value when a lane can take deliveries again.
	room chan struct{}
	work sync.WaitGroup
}

// item is a delivery on its way through a lane.
type item struct {
	delivery inbox.Delivery
	event    *event.Event
	// place is where the runs of another platform's event stand in line, and issues
	// are those that it names; see settle.
	place  place
	issues map[string]Issue
}

// line is where the item's runs stand.
func (it item) line() place {
	if it.place != (place{}) {
		return it.place
	}
	return place{it.event.Source, it.event.Site, it.subject()}
}

// subject is whose order the item has to keep.
func (it item) subject() string {
	if it.event.Subject != "" {
		return it.event.Subject
	}
	return "delivery:" + it.delivery.ID
}

// NewDispatcher makes a Dispatcher.
func NewDispatcher(cfg DispatcherConfig) *Dispatcher {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Lease == nil {
		cfg.Lease = func() store.Lease { return store.Lease{} }
	}
	if cfg.Signed == nil {
		cfg.Signed = func(s inbox.Summary) []string { return s.SignedBy }
	}
	return &Dispatcher{cfg: cfg, lanes: map[laneKey]*lane{}, room: make(chan struct{}, 1)}
}

// Run dispatches until ctx ends. What it had not finished by then is dispatched
// at the next start. It is called once.
func (d *Dispatcher) Run(ctx context.Context) {
	ctx = d.cfg.Log.WithContext(ctx)
	d.read(ctx)
	d.work.Wait()
}

// dispatch takes one delivery to its end. It gives up only if ctx ends.
func (d *Dispatcher) dispatch(ctx context.Context, l *lane, it item) {
	log := d.cfg.Log.With().Str("delivery", it.delivery.ID).Logger()
	ctx = log.WithContext(ctx)
	var outcome inbox.Outcome
	err := durable.Persist(ctx, "handle the event", func() (err error) {
		if !l.enter(ctx) {
			return ctx.Err()
		}
		defer l.leave()
		return guarded(ctx, func() (err error) {
			outcome, err = d.decide(ctx, it)
			return err
		})
	})
	if ctx.Err() != nil || errors.Is(err, store.ErrLost) {
		return // it is dispatched at the next start, or by another replica
	}
	if err != nil {
		outcome = inbox.Outcome{State: inbox.StateFailed, Reason: err.Error()}
	}
	outcome.EventType, outcome.Subject = it.event.Type, it.event.Subject
	if outcome.IssueKey == "" {
		outcome.Project, outcome.IssueKey = it.event.Project, nameOf(it.event)
	}
	if d.finish(ctx, it.delivery, outcome) {
		d.tell(log, it, outcome)
	}
}

func (d *Dispatcher) normalize(ctx context.Context, delivery inbox.Delivery) (ev *event.Event, err error) {
	if delivery.Damage != nil {
		return nil, delivery.Damage
	}
	normalize, ok := d.cfg.Normalizers[delivery.Source]
	if !ok {
		return nil, fmt.Errorf("no normaliser for source %q", delivery.Source)
	}
	err = guarded(ctx, func() (err error) {
		ev, err = normalize(delivery)
		return err
	})
	if err != nil {
		return nil, err
	}
	ev.Secrets = d.cfg.Signed(delivery.Summary)
	ev.Raw = nil // what waits in a lane is the event
	return ev, nil
}

// finish records what became of a delivery and reports whether it could.
func (d *Dispatcher) finish(ctx context.Context, delivery inbox.Delivery, o inbox.Outcome) bool {
	o.Seq = delivery.Seq
	err := durable.Persist(ctx, "record what became of the event", func() error { return d.cfg.Inbox.Finish(ctx, []inbox.Outcome{o}) })
	if err != nil {
		return false
	}
	d.cfg.Observer.DeliveryEnded(delivery.Source, o.State)
	return true
}

func (d *Dispatcher) tell(log zerolog.Logger, it item, o inbox.Outcome) {
	line := log.Info().Str("source", it.event.Source).Str("event", it.event.Type).Str("issue", o.IssueKey).
		Str("state", string(o.State))
	switch o.State {
	case inbox.StateRouted:
		line.Msg("event routed")
	case inbox.StateIgnored:
		line.Str("reason", o.Reason).RawJSON("detail", orNull(o.Detail)).Msg("unhandled event")
	default:
		line.Str("reason", o.Reason).Msg("event not handled")
	}
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
