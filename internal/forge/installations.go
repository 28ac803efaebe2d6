package forge

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/store"
)

// ErrOtherSite is returned for a token that names another site or app than the
// one that its installation belongs to.
var ErrOtherSite = errors.New("the installation belongs to another site or app")

// Options say what installations are kept with.
type Options struct {
	// Keys seal tokens. They have to be the same on all replicas.
	Keys atlassian.Keys
	// RequireMapping demands of all users that they confirm who they are, whatever
	// their administrators set.
	RequireMapping bool
	// Agents lists the agents that are offered, by name.
	Agents func() []string
	// Scopes lists what the offered agents have to be allowed, as in the app's
	// manifest; nil asks for none.
	Scopes func() []string
	// Purge deletes what others keep of an installation: its tasks, contexts and
	// memory. It is called again until it returns nil; nil for nothing to delete.
	Purge func(ctx context.Context, installation string) error
	// HTTP asks sites for their addresses; nil does not ask.
	HTTP *http.Client
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
}

// Installations is the service for all sites. Its methods may be called at the
// same time, and on several replicas that share a database.
type Installations struct {
	store *store.Store
	opts  Options
	// kick wakes Run for an installation whose site's address is not known.
	kick    chan struct{}
	changed *signal
}

// New makes the service. Run does what has to be done in the background.
func New(s *store.Store, o Options) *Installations {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Agents == nil {
		o.Agents = func() []string { return nil }
	}
	if o.Scopes == nil {
		o.Scopes = func() []string { return nil }
	}
	if o.Purge == nil {
		o.Purge = func(context.Context, string) error { return nil }
	}
	return &Installations{store: s, opts: o, kick: make(chan struct{}, 1), changed: newSignal()}
}

// Get reads an installation; store.ErrNotFound if there is none.
func (i *Installations) Get(ctx context.Context, installation string) (store.Installation, error) {
	return i.store.Installation(ctx, installation)
}

// List lists all installations, the oldest first.
func (i *Installations) List(ctx context.Context) ([]store.Installation, error) {
	return i.store.Installations(ctx)
}

// Observe keeps what a verified token says of its installation. It costs a read by
// the primary key if all of it is known. The error is store.ErrGone for an
// installation that was deleted, ErrOtherSite for one of another site.
func (i *Installations) Observe(ctx context.Context, c fit.Claims) (store.Installation, error) {
	in, err := i.store.Installation(ctx, c.Installation)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Installation{}, err
	}
	if err == nil && in.Leaving {
		return store.Installation{}, store.ErrGone
	}
	if err == nil && known(in, c) {
		return in, belongs(in, c)
	}
	return i.observe(ctx, c, func(*store.Installation) bool { return false })
}

// Installed keeps what an event says, besides what its token says. Events may come
// twice and in any order: that of the newest version holds.
func (i *Installations) Installed(ctx context.Context, c fit.Claims, e LifecycleEvent) (store.Installation, error) {
	return i.observe(ctx, c, func(in *store.Installation) bool { return in.InstalledBy == "" && setInstaller(in, e) || learn(in, e) })
}

// Upgraded is Installed for a new version.
func (i *Installations) Upgraded(ctx context.Context, c fit.Claims, e LifecycleEvent) (store.Installation, error) {
	return i.observe(ctx, c, func(in *store.Installation) bool { return learn(in, e) })
}

// setInstaller is nothing that anybody waits for.
func setInstaller(in *store.Installation, e LifecycleEvent) bool {
	in.InstalledBy = e.By
	return false
}

func (i *Installations) observe(ctx context.Context, c fit.Claims, more func(*store.Installation) bool) (store.Installation, error) {
	other := false
	in, err := i.store.ObserveInstallation(ctx, c.Installation, func(in *store.Installation) bool {
		if other = belongs(*in, c) != nil; other {
			return false
		}
		seen := see(in, c)
		return more(in) || seen
	})
	switch {
	case err != nil:
		return store.Installation{}, err
	case other:
		return store.Installation{}, ErrOtherSite
	case in.SiteURL == "":
		i.wake()
	}
	return in, nil
}

func (i *Installations) wake() {
	select {
	case i.kick <- struct{}{}:
	default:
	}
}

func belongs(in store.Installation, c fit.Claims) error {
	if in.Cloud != "" && in.Cloud != c.CloudID || in.App != "" && in.App != c.AppID {
		return ErrOtherSite
	}
	return nil
}

// known reports whether a token tells nothing new.
func known(in store.Installation, c fit.Claims) bool {
	changed := in
	see(&changed, c)
	return changed.App == in.App && changed.Cloud == in.Cloud && changed.Environment == in.Environment && changed.Version == in.Version &&
		changed.EnvironmentType == in.EnvironmentType && changed.APIBase == in.APIBase && changed.SiteURL == in.SiteURL
}

// see takes over what a token says, and reports whether work may go on by it. The
// version is learned from tokens because Forge tells nobody of minor ones.
func see(in *store.Installation, c fit.Claims) (matters bool) {
	in.App, in.Cloud = c.AppID, c.CloudID
	in.Environment, in.EnvironmentType = c.Environment.ID, c.Environment.Type
	in.APIBase = c.APIBase
	if site := cleanSite(c.SiteURL); site != "" {
		in.SiteURL = site
	}
	return newer(in, c.AppVersion)
}

// newer sets the version if it is a newer one.
func newer(in *store.Installation, version string) bool {
	if version == "" || in.Version != "" && compareVersions(version, in.Version) <= 0 {
		return false
	}
	in.Version = version
	return true
}

// learn takes over the version and the scopes of an event.
func learn(in *store.Installation, e LifecycleEvent) bool {
	matters := newer(in, e.Version)
	if e.Scopes == nil || in.Scopes != nil && compareVersions(e.Version, in.ScopesVersion) < 0 {
		return matters
	}
	if slices.Equal(in.Scopes, e.Scopes) && in.Scopes != nil && in.ScopesVersion == e.Version {
		return matters
	}
	in.Scopes, in.ScopesVersion = e.Scopes, e.Version
	return true
}
