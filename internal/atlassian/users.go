package atlassian

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// User is somebody on a Jira Cloud site where an app is installed.
type User struct {
	// Installation is the app's in that site, and so names the tenant.
	Installation string
	// Account is the user's Atlassian account.
	Account string
	// CloudID is the site's id.
	CloudID string
	// SiteURL is where people find the site.
	SiteURL string
}

// UsersConfig is what Users are made with.
type UsersConfig struct {
	// Config gives the settings of a user's transport, except BaseURL, CloudID,
	// AuthType, Bearer, Rejected, Shared and Guard, which are set here. Those of users of one
	// installation must not differ.
	Config func(User) Config
	// Token gives the newest token of a user.
	Token func(ctx context.Context, u User) (string, error)
	// Rejected is told a token of a user that Atlassian did not accept; nil for nobody.
	Rejected func(ctx context.Context, u User, token string)
	// Guard is asked before each request of a user's transport; nil for none.
	Guard func(ctx context.Context, u User) error
	// Most is how many users are kept at once; 0 for 500. Others are made again when
	// they come back.
	Most int
}

const defaultUsers = 500

// Users keeps for users what is made of their transports, such as a client with
// caches. What it keeps for one user nobody else gets. Those who were not asked for
// the longest time go first. It is safe for concurrent use.
type Users[T any] struct {
	cfg  UsersConfig
	made func(User, *Transport) (T, error)

	mu sync.Mutex
	// order has the elements of users, those asked for last in front.
	order   *list.List
	users   map[User]*list.Element
	tenants map[string]*tenancy
}

// tenancy is a tenant of whom users are kept.
type tenancy struct {
	shared *Shared
	users  int
}

// kept is the value of an element.
type kept[T any] struct {
	user  User
	value T
}

// NewUsers makes Users. made is called once for each user that is kept.
func NewUsers[T any](cfg UsersConfig, made func(User, *Transport) (T, error)) *Users[T] {
	if cfg.Most <= 0 {
		cfg.Most = defaultUsers
	}
	return &Users[T]{cfg: cfg, made: made, order: list.New(), users: map[User]*list.Element{}, tenants: map[string]*tenancy{}}
}

// Of returns what is kept for a user, and makes it if there is nothing. Nothing is
// sent by that.
func (u *Users[T]) Of(who User) (T, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if element, ok := u.users[who]; ok {
		u.order.MoveToFront(element)
		return element.Value.(kept[T]).value, nil //nolint:forcetypeassert // nothing else is put there
	}
	value, err := u.make(who)
	if err != nil {
		return value, err
	}
	u.users[who] = u.order.PushFront(kept[T]{who, value})
	u.tenants[who.tenant()].users++
	for u.order.Len() > u.cfg.Most {
		u.drop(u.order.Back())
	}
	return value, nil
}

// tenant is whose limits a user falls under. The cloud id is part of it: an
// installation that claims another site's must not share that one's limits.
func (u User) tenant() string { return u.Installation + "@" + u.CloudID }

// make builds what is kept for a user. It needs mu.
func (u *Users[T]) make(who User) (value T, err error) {
	if who.Installation == "" || who.Account == "" || who.CloudID == "" {
		return value, errors.New("act for a user: installation, account and cloud id are needed")
	}
	cfg := u.cfg.Config(who)
	cfg.BaseURL, cfg.CloudID, cfg.AuthType = who.SiteURL, who.CloudID, AuthUser
	if cfg.BaseURL == "" {
		cfg.BaseURL = gatewayOf(cfg)
	}
	cfg.Bearer = func(ctx context.Context) (string, error) { return u.cfg.Token(ctx, who) }
	if rejected := u.cfg.Rejected; rejected != nil {
		cfg.Rejected = func(ctx context.Context, token string) { rejected(ctx, who, token) }
	}
	if guard := u.cfg.Guard; guard != nil {
		cfg.Guard = func(ctx context.Context) error { return guard(ctx, who) }
	}
	t := u.tenants[who.tenant()]
	if t == nil {
		shared, err := NewShared(cfg)
		if err != nil {
			return value, err
		}
		t = &tenancy{shared: shared}
	}
	cfg.Shared = t.shared
	transport, err := NewTransport(cfg)
	if err != nil {
		return value, fmt.Errorf("act for a user of %s: %w", who.CloudID, err)
	}
	if value, err = u.made(who, transport); err != nil {
		return value, err
	}
	u.tenants[who.tenant()] = t
	return value, nil
}

// drop forgets a user. It needs mu. Requests under way go on.
func (u *Users[T]) drop(element *list.Element) {
	who := u.order.Remove(element).(kept[T]).user //nolint:forcetypeassert // nothing else is put there
	delete(u.users, who)
	t := u.tenants[who.tenant()]
	if t.users--; t.users == 0 {
		delete(u.tenants, who.tenant())
		t.shared.Close()
	}
}

// Forget drops what is kept for the users of an installation, as after it was
// removed from its site.
func (u *Users[T]) Forget(installation string) {
	u.forget(func(who User) bool { return strings.EqualFold(who.Installation, installation) })
}

// Close drops everything.
func (u *Users[T]) Close() { u.forget(func(User) bool { return true }) }

func (u *Users[T]) forget(which func(User) bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for who, element := range u.users {
		if which(who) {
			u.drop(element)
		}
	}
}
