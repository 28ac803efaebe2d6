// Package memory keeps what agents write down for their later runs: small texts
// under keys, bounded in number and size, in one of three forms — for as long as
// the process lives, in a file that people can read and edit, or in the daemon's
// database. What one project's events led to is never seen in another's: every
// entry belongs to a site, a project and an agent, and what was learned with the
// rights of a user to that user besides.
package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of every memory, whatever its form.
const (
	// MaxKey and MaxValue bound one entry, in bytes.
	MaxKey   = 200
	MaxValue = 16 << 10
	// MaxScope bounds the keys and values of one scope together, in bytes.
	MaxScope = 1 << 20
	// maxName bounds each part of a scope, in bytes.
	maxName = 255
	// maxTold bounds how many keys of dropped entries are told of.
	maxTold = 20
)

// ErrNotFound is returned for a key under which nothing is kept.
var ErrNotFound = errors.New("nothing is kept under this key")

// Memory is where entries are kept. It is safe for concurrent use.
type Memory interface {
	// Get returns an entry. The error is ErrNotFound if there is none, also for
	// one that has expired.
	Get(ctx context.Context, scope Scope, key string) (Entry, error)
	// List returns the entries of a scope, those written last first.
	List(ctx context.Context, scope Scope) ([]Entry, error)
	// Change writes or deletes an entry. A change that was made before, by its ID,
	// is not made again; it has the same outcome.
	Change(ctx context.Context, scope Scope, change Change) (Outcome, error)
	// ForgetUsers deletes what belongs to the users of an installation, all sites,
	// projects and agents.
	ForgetUsers(ctx context.Context, installation string) error
}

// Scope is whose an entry is. Make it with NewScope.
type Scope struct {
	Site    string
	Project string
	Agent   string
	// Installation and Account are the user with whose rights the agent works, as
	// Of sets them; "" if it works with the daemon's.
	Installation string
	Account      string
}

// NewScope returns the scope of an agent at work on an event. An event without a
// project has a scope of its own. Names that are too long, or that two databases
// would not keep alike, are refused: they could be taken for another's.
func NewScope(site, project, agent string) (Scope, error) {
	for what, name := range map[string]string{"site": site, "project": project, "agent": agent} {
		if !plainName(name) {
			return Scope{}, fmt.Errorf("the name of the %s is not one that a memory can be kept for", what)
		}
	}
	return Scope{Site: site, Project: upper(project), Agent: agent}, nil
}

// Of returns the scope of what the agent learns with the rights of a user, which
// no run for anybody else sees, nor one for nobody in particular.
func (s Scope) Of(installation, account string) (Scope, error) {
	if installation == "" || account == "" || !plainName(installation) || !plainName(account) {
		return Scope{}, errors.New("the account is not one that a memory can be kept for")
	}
	s.Installation, s.Account = installation, account
	return s, nil
}

func plainName(s string) bool {
	odd := func(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }
	return len(s) <= maxName && utf8.ValidString(s) && !strings.ContainsFunc(s, odd)
}

// upper is for keys of projects, in which Jira does not tell cases apart. Other
// letters than ASCII's stay: some of their capitals are the same.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

// Entry is one thing that is remembered.
type Entry struct {
	Key     string
	Value   string
	Updated time.Time
	// Expires is when it is forgotten; zero for never.
	Expires time.Time
}

func (e Entry) size() int { return len(e.Key) + len(e.Value) }

func (e Entry) expired(now time.Time) bool { return !e.Expires.IsZero() && !now.Before(e.Expires) }

// Change is one writing or deleting.
type Change struct {
	// ID is the call's, the same if it is tried again.
	ID  string
	Key string
	// Value is what to keep, for TTL or, if that is 0, until it is dropped.
	Value string
	TTL   time.Duration
	// Delete takes the entry away instead.
	Delete bool
	// Limit is how many entries the scope may have; 0 for DefaultEntries.
	Limit int
}

// Check reports what is wrong with a change, in words for a model.
func (c Change) Check() error {
	switch {
	case c.Key == "":
		return errors.New("the key is empty")
	case len(c.Key) > MaxKey:
		return fmt.Errorf("the key has %d bytes, at most %d are kept: use a shorter one", len(c.Key), MaxKey)
	case c.Delete:
		return nil
	case c.Value == "":
		return errors.New("the value is empty; to forget the key, delete it")
	case len(c.Value) > MaxValue:
		return fmt.Errorf("the value has %d bytes, at most %d are kept: nothing was stored; shorten it or split it over several keys", len(c.Value), MaxValue)
	case c.TTL < 0:
		return errors.New("the time to live is negative")
	}
	return nil
}

// Expires is when the entry is forgotten that is written now; zero for never.
func (c Change) Expires(now time.Time) time.Time {
	if c.TTL <= 0 {
		return time.Time{}
	}
	return now.Add(c.TTL)
}

// Outcome is what a change led to.
type Outcome struct {
	// Existed is true if there was an entry of that key before.
	Existed bool `json:"existed,omitempty"`
	// Entries is how many the scope has now.
	Entries int `json:"entries"`
	// Dropped are keys that had to go to make room, oldest first, of which the
	// first ones are named; Gone counts all.
	Dropped []string `json:"dropped,omitempty"`
	Gone    int      `json:"gone,omitempty"`
}

func (o *Outcome) drop(key string) {
	o.Gone++
	if len(o.Dropped) < maxTold {
		o.Dropped = append(o.Dropped, key)
	}
}

// Item is an entry as far as making room needs to know it.
type Item struct {
	Key string
	// Size is of key and value, in bytes.
	Size    int
	Updated time.Time
}

// Settle makes room in a scope after a change: it returns the keys to drop, those
// written least recently first, and what is to be told. The entry that was just
// written stays.
func Settle(items []Item, change Change) (drop []string, outcome Outcome) {
	limit := change.Limit
	if limit <= 0 {
		limit = DefaultEntries
	}
	slices.SortFunc(items, func(a, b Item) int {
		if d := a.Updated.Compare(b.Updated); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
	left, size := len(items), 0
	for _, i := range items {
		size += i.Size
	}
	for _, i := range items {
		if left <= limit && size <= MaxScope {
			break
		}
		if i.Key == change.Key {
			continue
		}
		drop = append(drop, i.Key)
		outcome.drop(i.Key)
		left, size = left-1, size-i.Size
	}
	outcome.Entries = left
	return drop, outcome
}
