// Package reconcile asks Jira for changes whose webhooks never came and stores
// them as deliveries of the same form. A change that was told already, or is told
// later, is known by its content key, so it is worked on once whichever comes
// first.
package reconcile

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// SignedBy stands where the name of the secret stands that signed a webhook.
const SignedBy = "reconcile"

// Jira is what is asked of a site; the methods are described at jira.Client.
type Jira interface {
	Contact(ctx context.Context) (jira.Contact, error)
	Search(ctx context.Context, s jira.Search) (jira.Found, error)
	ProjectKeys(ctx context.Context) ([]string, error)
	Read(ctx context.Context, path string, query url.Values) (json.RawMessage, error)
}

// Inbox takes what was found; the methods are described at inbox.Inbox.
type Inbox interface {
	Append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error)
	Told(ctx context.Context, source, site string, contentKeys []string) (map[string]bool, error)
}

// Marks remember how far it came; the methods are described at store.Store.
type Marks interface {
	Mark(ctx context.Context, name string, at time.Time) error
	Marks(ctx context.Context, prefix string) (map[string]time.Time, error)
}

// Observer is told how many changes were found, and how many webhooks had told.
type Observer interface {
	Reconciled(site string, found, told int)
}

// Config is what a Reconciler of one site is made of.
type Config struct {
	// Site is the name that deliveries of the site have; Title is for people.
	Site, Title string
	Jira        Jira
	Inbox       Inbox
	Marks       Marks
	Observer    Observer
	// Self is our own account, whose changes are left out.
	Self func(ctx context.Context) (jira.User, error)
	// Normalize reads a payload as the dispatcher does.
	Normalize func(body []byte) (*event.Event, error)
	// Events returns the names of the events that triggers ask for now, without
	// the "jira:" prefix.
	Events func() []string
	// Allowed reports whether the site allows a project; nil allows all.
	Allowed func(project string) bool
	// Interval is how often to ask, Lookback how far back at most.
	Interval, Lookback time.Duration
	Now                func() time.Time
}

const (
	// overlap is by how much a window goes back behind the one before: a change
	// may take a while to be found by searches, and clocks differ.
	overlap = 10 * time.Minute
	// longestGrace is how long webhooks have before a change counts as missed.
	longestGrace = 30 * time.Second
	// pageSize and maxPages bound a search, maxReads the issues that are read in
	// one sweep.
	pageSize = 100
	maxPages = 200
	maxReads = 500
)

// Reconciler looks after one site.
type Reconciler struct {
	cfg Config
	// seen are the issues that were read, with the time of their last change.
	seen   map[string]time.Time
	status status
}

// New makes a Reconciler.
func New(cfg Config) *Reconciler {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Allowed == nil {
		cfg.Allowed = func(string) bool { return true }
	}
	return &Reconciler{cfg: cfg, seen: map[string]time.Time{}}
}

// grace is how long webhooks have to come.
func (r *Reconciler) grace() time.Duration { return min(longestGrace, r.cfg.Interval) }

// The names of the marks of a site: everything before done has been looked at,
// and nothing before begun is.
const (
	donePrefix  = "reconcile:done:"
	begunPrefix = "reconcile:begun:"
)

// progress is how far a site has been looked at, by Jira's clock.
type progress struct{ begun, done time.Time }

func (r *Reconciler) load(ctx context.Context) (progress, error) {
	done, err := r.cfg.Marks.Marks(ctx, donePrefix)
	if err != nil {
		return progress{}, err
	}
	begun, err := r.cfg.Marks.Marks(ctx, begunPrefix)
	return progress{begun: begun[r.cfg.Site], done: done[r.cfg.Site]}, err
}

// begin starts from now: what was before nobody wanted to hear of.
func (r *Reconciler) begin(ctx context.Context, now time.Time) error {
	if err := r.cfg.Marks.Mark(ctx, begunPrefix+r.cfg.Site, now); err != nil {
		return err
	}
	return r.cfg.Marks.Mark(ctx, donePrefix+r.cfg.Site, now)
}

// window is the time in which a sweep looks for changes.
type window struct {
	from, until time.Time
	// lost is until when changes are too old to be looked for; zero for none.
	lost time.Time
}

func (r *Reconciler) window(p progress, now time.Time) window {
	w := window{from: p.done.Add(-overlap), until: now.Add(-r.grace())}
	if oldest := now.Add(-r.cfg.Lookback); w.from.Before(oldest) {
		if w.from = oldest; p.done.Before(oldest) {
			w.lost = oldest
		}
	}
	if w.from.Before(p.begun) {
		w.from = p.begun
	}
	return w
}
