package memory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// maxBook bounds the keys and values of all scopes of a book together, in bytes.
	maxBook = 16 << 20
	// maxRecent is how many changes are known by their ids: more than runs can have
	// under way at a time, each of which makes one after the other.
	maxRecent = 256
)

// book holds the entries of all scopes. It is not safe for concurrent use.
type book struct {
	scopes map[Scope]map[string]Entry
	// recent are the last changes, oldest first, with their outcomes.
	recent []applied
}

type applied struct {
	ID      string
	Outcome Outcome
}

func newBook() *book { return &book{scopes: map[Scope]map[string]Entry{}} }

func (b *book) get(scope Scope, key string, now time.Time) (Entry, error) {
	e, ok := b.scopes[scope][key]
	if !ok || e.expired(now) {
		return Entry{}, ErrNotFound
	}
	return e, nil
}

func (b *book) list(scope Scope, now time.Time) []Entry {
	var list []Entry
	for _, e := range b.scopes[scope] {
		if !e.expired(now) {
			list = append(list, e)
		}
	}
	newestFirst(list)
	return list
}

func newestFirst(list []Entry) {
	slices.SortFunc(list, func(a, b Entry) int {
		if d := b.Updated.Compare(a.Updated); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
}

// done returns the outcome of a change that was made before.
func (b *book) done(id string) (Outcome, bool) {
	i := slices.IndexFunc(b.recent, func(a applied) bool { return a.ID == id })
	if i < 0 || id == "" {
		return Outcome{}, false
	}
	return b.recent[i].Outcome, true
}

// change carries out what was not done before.
func (b *book) change(scope Scope, c Change, now time.Time) Outcome {
	b.expire(now)
	entries := b.scopes[scope]
	if entries == nil {
		entries = map[string]Entry{}
		b.scopes[scope] = entries
	}
	_, existed := entries[c.Key]
	if c.Delete {
		delete(entries, c.Key)
	} else {
		entries[c.Key] = Entry{Key: c.Key, Value: c.Value, Updated: now, Expires: c.Expires(now)}
	}
	drop, outcome := Settle(items(entries), c)
	for _, key := range drop {
		delete(entries, key)
	}
	b.shrink(scope, c.Key, &outcome)
	outcome.Existed, outcome.Entries = existed, len(entries)
	if len(entries) == 0 {
		delete(b.scopes, scope)
	}
	b.remember(applied{ID: c.ID, Outcome: outcome})
	return outcome
}

func (b *book) remember(a applied) {
	b.recent = append(b.recent, a)
	b.recent = slices.Delete(b.recent, 0, max(len(b.recent)-maxRecent, 0))
}

// has reports whether anything belongs to users of an installation.
func (b *book) has(installation string) bool {
	for s := range b.scopes {
		if s.Installation == installation && installation != "" {
			return true
		}
	}
	return false
}

// forgetUsers forgets what belongs to the users of an installation, and reports
// whether there was anything.
func (b *book) forgetUsers(installation string) bool {
	before := len(b.scopes)
	if installation != "" {
		maps.DeleteFunc(b.scopes, func(s Scope, _ map[string]Entry) bool { return s.Installation == installation })
	}
	return len(b.scopes) < before
}

// expire forgets what has expired, in all scopes.
func (b *book) expire(now time.Time) {
	for scope, entries := range b.scopes {
		for key, e := range entries {
			if e.expired(now) {
				delete(entries, key)
			}
		}
		if len(entries) == 0 {
			delete(b.scopes, scope)
		}
	}
}

// shrink keeps the book within its bounds at the cost of the scope that takes
// most. A scope is not told what another one lost.
func (b *book) shrink(scope Scope, keep string, outcome *Outcome) {
	total := 0
	for _, entries := range b.scopes {
		total += sizeOf(entries)
	}
	for total > maxBook {
		largest := b.largest()
		oldest := ""
		for key, e := range b.scopes[largest] {
			if largest == scope && key == keep {
				continue
			}
			if first, ok := b.scopes[largest][oldest]; !ok || e.Updated.Before(first.Updated) {
				oldest = key
			}
		}
		if oldest == "" {
			return
		}
		total -= b.scopes[largest][oldest].size()
		delete(b.scopes[largest], oldest)
		if largest == scope {
			outcome.drop(oldest)
		}
	}
}

func (b *book) largest() Scope {
	var found Scope
	most := -1
	for scope, entries := range b.scopes {
		if n := sizeOf(entries); n > most {
			found, most = scope, n
		}
	}
	return found
}

func sizeOf(entries map[string]Entry) int {
	n := 0
	for _, e := range entries {
		n += e.size()
	}
	return n
}

func items(entries map[string]Entry) []Item {
	list := make([]Item, 0, len(entries))
	for _, e := range entries {
		list = append(list, Item{Key: e.Key, Size: e.size(), Updated: e.Updated})
	}
	return list
}

// Volatile is a memory that lasts as long as the process.
type Volatile struct {
	now  func() time.Time
	mu   sync.Mutex
	book *book
}

// NewVolatile makes an empty one.
func NewVolatile(now func() time.Time) *Volatile { return &Volatile{now: now, book: newBook()} }

// Get implements Memory.
func (v *Volatile) Get(_ context.Context, scope Scope, key string) (Entry, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.book.get(scope, key, v.now())
}

// List implements Memory.
func (v *Volatile) List(_ context.Context, scope Scope) ([]Entry, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.book.list(scope, v.now()), nil
}

// Change implements Memory.
func (v *Volatile) Change(_ context.Context, scope Scope, c Change) (Outcome, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if outcome, ok := v.book.done(c.ID); ok {
		return outcome, nil
	}
	return v.book.change(scope, c, v.now()), nil
}

// ForgetUsers implements Memory.
func (v *Volatile) ForgetUsers(_ context.Context, installation string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.book.forgetUsers(installation)
	return nil
}
