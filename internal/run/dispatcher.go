package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

const (
	// pageSize is how many deliveries are read at a time.
	pageSize = 256
	// shardDepth bounds how many deliveries wait in each shard.
	shardDepth = 64
	// shards is how many subjects are routed at once; one that waits for Jira
	// does not hold up the others.
	shards = 8
)

// Normalizer turns a platform's payload into an event.
type Normalizer func(body []byte, site string) (*event.Event, error)

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
	// Revision is the catalogue's.
	Revision string
}

// Accounts tells which account is our own on each site.
type Accounts interface {
	Input(ctx context.Context, source, site string) (route.Input, error)
}

// DispatcherConfig is what a Dispatcher is made of.
type DispatcherConfig struct {
	Inbox       *inbox.Inbox
	Store       *store.Store
	Normalizers map[string]Normalizer
	Router      Router
	Accounts    Accounts
	Enricher    Enricher
	// Admitted is called after runs were admitted.
	Admitted func()
	// MaxPerHour opens the breaker of a subject; 0 for never.
	MaxPerHour int
	// Kinds are the kinds of target that can run.
	Kinds map[string]bool
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

// Dispatcher turns deliveries into runs, in order for each subject.
type Dispatcher struct {
	cfg    DispatcherConfig
	queues []chan item
}

// item is a delivery on its way through a shard.
type item struct {
	delivery inbox.Delivery
	event    *event.Event
}

// NewDispatcher makes a Dispatcher.
func NewDispatcher(cfg DispatcherConfig) *Dispatcher {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &Dispatcher{cfg: cfg, queues: make([]chan item, shards)}
	for i := range d.queues {
		d.queues[i] = make(chan item, shardDepth)
	}
	return d
}

// Run dispatches until ctx ends. What it had not finished by then is dispatched
// at the next start.
func (d *Dispatcher) Run(ctx context.Context) {
	ctx = d.cfg.Log.WithContext(ctx)
	done := make(chan struct{})
	for _, queue := range d.queues {
		go func() {
			defer func() { done <- struct{}{} }()
			d.shard(ctx, queue)
		}()
	}
	d.read(ctx)
	for range d.queues {
		<-done
	}
}

// read hands out pending deliveries in the order of their acceptance.
func (d *Dispatcher) read(ctx context.Context) {
	var after int64
	for ctx.Err() == nil {
		wake := d.cfg.Inbox.Wake()
		page, err := d.cfg.Inbox.Pending(ctx, after, pageSize)
		if err != nil && ctx.Err() == nil {
			d.cfg.Log.Error().Err(err).Msg("could not read pending deliveries")
		}
		for _, delivery := range page {
			after = delivery.Seq
			if !d.hand(ctx, delivery) {
				return
			}
		}
		if len(page) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(lookInterval):
		}
	}
}

// hand normalises a delivery and gives it to the shard of its subject.
func (d *Dispatcher) hand(ctx context.Context, delivery inbox.Delivery) bool {
	ev, err := d.normalize(delivery)
	if err != nil {
		d.finish(ctx, delivery, inbox.Outcome{State: inbox.StateFailed, Reason: err.Error()})
		return ctx.Err() == nil
	}
	subject := ev.Subject
	if subject == "" {
		subject = delivery.ID
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(ev.Source + "\x00" + ev.Site + "\x00" + subject))
	select {
	case d.queues[hash.Sum32()%shards] <- item{delivery: delivery, event: ev}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *Dispatcher) normalize(delivery inbox.Delivery) (*event.Event, error) {
	normalize, ok := d.cfg.Normalizers[delivery.Source]
	if !ok {
		return nil, fmt.Errorf("no normaliser for source %q", delivery.Source)
	}
	ev, err := normalize(delivery.Body, delivery.Site)
	if err != nil {
		return nil, err
	}
	ev.Secrets = delivery.SignedBy
	return ev, nil
}

func (d *Dispatcher) shard(ctx context.Context, queue <-chan item) {
	for {
		select {
		case it := <-queue:
			d.dispatch(ctx, it)
		case <-ctx.Done():
			return
		}
	}
}

// dispatch takes one delivery to its end. It gives up only if ctx ends.
func (d *Dispatcher) dispatch(ctx context.Context, it item) {
	log := d.cfg.Log.With().Str("delivery", it.delivery.ID).Logger()
	ctx = log.WithContext(ctx)
	var outcome inbox.Outcome
	err := persist(ctx, func() (err error) {
		outcome, err = d.decide(ctx, it)
		return err
	})
	if err != nil && ctx.Err() != nil {
		return
	}
	if err != nil {
		outcome = inbox.Outcome{State: inbox.StateFailed, Reason: err.Error()}
	}
	outcome.EventType, outcome.Subject = it.event.Type, it.event.Subject
	outcome.Project, outcome.IssueKey = it.event.Project, it.event.IssueKey
	d.finish(ctx, it.delivery, outcome)
	d.tell(log, it, outcome)
}

func (d *Dispatcher) decide(ctx context.Context, it item) (inbox.Outcome, error) {
	ev := it.event
	if ev.ContentKey != "" {
		first, claimed, err := d.cfg.Inbox.ClaimContent(ctx, it.delivery.Seq, ev.Source, ev.Site, ev.ContentKey)
		if err != nil {
			return inbox.Outcome{}, fmt.Errorf("claim content: %w", err)
		}
		if !claimed {
			return inbox.Outcome{State: inbox.StateDuplicate, Reason: "the same event as delivery " + first}, nil
		}
	}
	if err := d.markOwnComment(ctx, ev); err != nil {
		return inbox.Outcome{}, err
	}
	routes := d.cfg.Router.Current()
	decision, err := d.route(ctx, routes.Table, ev)
	if err != nil {
		return inbox.Outcome{}, err
	}
	return d.admit(ctx, it, routes, decision)
}

// markOwnComment recognises our own comment by the ledger of writes, even if
// the platform does not say who wrote it.
func (d *Dispatcher) markOwnComment(ctx context.Context, ev *event.Event) error {
	if ev.CommentID == "" || ev.CommentMarked {
		return nil
	}
	own, err := d.cfg.Store.HasEffect(ctx, "comment", ev.CommentID)
	ev.CommentMarked = own
	return err
}

// route decides, after asking the platform for what the filters need. A
// platform that cannot be asked makes such filters say no.
func (d *Dispatcher) route(ctx context.Context, table *route.Table, ev *event.Event) (route.Decision, error) {
	in, err := d.cfg.Accounts.Input(ctx, ev.Source, ev.Site)
	if err != nil {
		return route.Decision{}, fmt.Errorf("tell our own account: %w", err)
	}
	decision := table.Decide(ev, in)
	if len(decision.Needs) == 0 {
		return decision, nil
	}
	in.Final = true
	ask := d.cfg.Enricher.Askable(ev, decision.Needs)
	if len(ask) == 0 {
		return table.Decide(ev, in), nil
	}
	vars, err := d.cfg.Enricher.Enrich(ctx, ev, ask)
	if temporary(err) {
		return route.Decision{}, fmt.Errorf("ask for what filters need: %w", err)
	}
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Strs("variables", ask).Msg("could not ask for what filters need")
	}
	for name, value := range vars {
		ev.Vars[name] = value
	}
	adopt(ev)
	return table.Decide(ev, in), nil
}

// adopt takes over what an enrichment told of the event's identity.
func adopt(ev *event.Event) {
	if ev.IssueKey == "" {
		ev.IssueKey = ev.String("issue_key")
	}
	if ev.Project == "" {
		ev.Project = ev.String("project_key")
	}
}

func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func (d *Dispatcher) finish(ctx context.Context, delivery inbox.Delivery, o inbox.Outcome) {
	o.Seq = delivery.Seq
	err := persist(ctx, func() error { return d.cfg.Inbox.Finish(ctx, []inbox.Outcome{o}) })
	if err == nil {
		d.cfg.Observer.DeliveryEnded(delivery.Source, o.State)
	}
}

func (d *Dispatcher) tell(log zerolog.Logger, it item, o inbox.Outcome) {
	line := log.Info().Str("source", it.event.Source).Str("event", it.event.Type).Str("issue", it.event.IssueKey).
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
