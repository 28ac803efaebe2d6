// Package memorytest holds what every form of memory does, as tests.
package memorytest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/memory"
)

// Make makes an empty memory by the given clock.
type Make func(t *testing.T, now func() time.Time) memory.Memory

// Clock is set by hand.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns the time, and lets a second pass.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second)
	return c.at
}

// Add sets the clock forward.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// NewClock returns a clock.
func NewClock() *Clock { return &Clock{at: time.UnixMilli(1_800_000_000_000).UTC()} }

// Run runs all tests, each on a memory of its own.
func Run(t *testing.T, make Make) {
	t.Helper()
	for name, test := range map[string]func(t *testing.T, m memory.Memory, c *Clock){
		"keeps, replaces and deletes":         keeps,
		"keeps scopes apart":                  apart,
		"keeps users apart":                   users,
		"forgets the users of a tenant":       forgetsUsers,
		"drops what was written first":        drops,
		"is bounded in bytes":                 bounded,
		"forgets what has expired":            forgets,
		"makes a change once":                 once,
		"does not repeat an old change late":  late,
		"takes concurrent changes":            concurrent,
		"keeps any text":                      anyText,
		"tells of many drops in few words":    manyDrops,
		"deletes what is not there in peace":  deletesNothing,
		"keeps the last of several writers":   overwrites,
		"does not confuse keys by their case": exactKeys,
	} {
		t.Run(name, func(t *testing.T) {
			clock := NewClock()
			test(t, make(t, clock.Now), clock)
		})
	}
}

// Scope is a scope of a test.
func Scope(tb testing.TB, site, project, agent string) memory.Scope {
	tb.Helper()
	s, err := memory.NewScope(site, project, agent)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Set writes an entry.
func Set(tb testing.TB, m memory.Memory, s memory.Scope, c memory.Change) memory.Outcome {
	tb.Helper()
	outcome, err := m.Change(tb.Context(), s, c)
	if err != nil {
		tb.Fatalf("change %s of %+v: %v", c.Key, s, err)
	}
	return outcome
}

// Keys are the keys of a scope, written last first.
func Keys(tb testing.TB, m memory.Memory, s memory.Scope) []string {
	tb.Helper()
	list, err := m.List(tb.Context(), s)
	if err != nil {
		tb.Fatal(err)
	}
	keys := []string{}
	for _, e := range list {
		keys = append(keys, e.Key)
	}
	return keys
}

// Value is what is kept under a key; "" for nothing.
func Value(tb testing.TB, m memory.Memory, s memory.Scope, key string) string {
	tb.Helper()
	e, err := m.Get(tb.Context(), s, key)
	if err != nil && !errors.Is(err, memory.ErrNotFound) {
		tb.Fatal(err)
	}
	return e.Value
}

func same(tb testing.TB, what string, got, want any) {
	tb.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func keeps(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "PROJ", "a")
	same(t, "first", Set(t, m, s, memory.Change{ID: "r:1", Key: "k", Value: "v1"}), memory.Outcome{Entries: 1})
	same(t, "second", Set(t, m, s, memory.Change{ID: "r:2", Key: "k", Value: "v2"}), memory.Outcome{Existed: true, Entries: 1})
	Set(t, m, s, memory.Change{ID: "r:3", Key: "other", Value: "x"})
	same(t, "keys", Keys(t, m, s), []string{"other", "k"})
	same(t, "value", Value(t, m, s, "k"), "v2")
	same(t, "deleted", Set(t, m, s, memory.Change{ID: "r:4", Key: "k", Delete: true}), memory.Outcome{Existed: true, Entries: 1})
	same(t, "value after", Value(t, m, s, "k"), "")
	e, err := m.Get(t.Context(), s, "other")
	if err != nil || e.Updated.IsZero() || !e.Expires.IsZero() {
		t.Errorf("entry %+v, %v", e, err)
	}
}

func apart(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	scopes := []memory.Scope{
		Scope(t, "", "PROJ", "a"), Scope(t, "", "PROJ", "b"), Scope(t, "", "OTHER", "a"), Scope(t, "", "", "a"), Scope(t, "s", "PROJ", "a"),
		Scope(t, "", "PRO", "Ja"), Scope(t, "PROJ", "", "a"), Scope(t, "", "PROJ,a", ""), Scope(t, "", "PR%", "a"), Scope(t, "", "PRO_", "a"), Scope(t, "", "PROJ ", "a"),
	}
	for i, s := range scopes {
		Set(t, m, s, memory.Change{ID: fmt.Sprint("r:", i), Key: "k", Value: fmt.Sprint("v", i)})
	}
	for i, s := range scopes {
		same(t, fmt.Sprintf("value of %+v", s), Value(t, m, s, "k"), fmt.Sprint("v", i))
		same(t, fmt.Sprintf("keys of %+v", s), Keys(t, m, s), []string{"k"})
	}
	Set(t, m, scopes[0], memory.Change{ID: "x:1", Key: "k", Delete: true})
	same(t, "value of another", Value(t, m, scopes[1], "k"), "v1")
	same(t, "case of the project", Value(t, m, Scope(t, "", "other", "a"), "k"), "v2")
}

func drops(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s, other := Scope(t, "", "P", "a"), Scope(t, "", "Q", "a")
	Set(t, m, other, memory.Change{ID: "o:1", Key: "old", Value: "v"})
	for i := range 3 {
		Set(t, m, s, memory.Change{ID: fmt.Sprint("r:", i), Key: fmt.Sprint("k", i), Value: "v", Limit: 3})
	}
	Set(t, m, s, memory.Change{ID: "r:10", Key: "k0", Value: "again", Limit: 3})
	got := Set(t, m, s, memory.Change{ID: "r:11", Key: "k3", Value: "v", Limit: 3})
	same(t, "outcome", got, memory.Outcome{Entries: 3, Dropped: []string{"k1"}, Gone: 1})
	same(t, "keys", Keys(t, m, s), []string{"k3", "k0", "k2"})
	same(t, "keys of another scope", Keys(t, m, other), []string{"old"})
}

func bounded(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	big := strings.Repeat("x", memory.MaxValue)
	for i := range memory.MaxScope/memory.MaxValue + 1 {
		Set(t, m, s, memory.Change{ID: fmt.Sprint("r:", i), Key: fmt.Sprintf("k%03d", i), Value: big})
	}
	list, err := m.List(t.Context(), s)
	size := 0
	for _, e := range list {
		size += len(e.Key) + len(e.Value)
	}
	if err != nil || size > memory.MaxScope || size < memory.MaxScope-2*memory.MaxValue {
		t.Errorf("%d entries have %d bytes, %v", len(list), size, err)
	}
}

func forgets(t *testing.T, m memory.Memory, c *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	Set(t, m, s, memory.Change{ID: "r:1", Key: "short", Value: "v", TTL: time.Hour})
	Set(t, m, s, memory.Change{ID: "r:2", Key: "long", Value: "v", TTL: 48 * time.Hour})
	Set(t, m, s, memory.Change{ID: "r:3", Key: "ever", Value: "v"})
	same(t, "at first", Keys(t, m, s), []string{"ever", "long", "short"})
	c.Add(2 * time.Hour)
	same(t, "later", Keys(t, m, s), []string{"ever", "long"})
	same(t, "value", Value(t, m, s, "short"), "")
	same(t, "outcome", Set(t, m, s, memory.Change{ID: "r:4", Key: "short", Value: "w"}), memory.Outcome{Entries: 3})
	c.Add(1000 * time.Hour)
	same(t, "a month later", Keys(t, m, s), []string{"short", "ever"})
}

func once(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	Set(t, m, s, memory.Change{ID: "r:1", Key: "k", Value: "v", Limit: 1})
	change := memory.Change{ID: "r:2", Key: "l", Value: "v", Limit: 1}
	first := Set(t, m, s, change)
	before, err := m.Get(t.Context(), s, "l")
	if err != nil {
		t.Fatal(err)
	}
	same(t, "outcome", Set(t, m, s, change), first)
	same(t, "first", first, memory.Outcome{Entries: 1, Dropped: []string{"k"}, Gone: 1})
	after, err := m.Get(t.Context(), s, "l")
	if err != nil || !after.Updated.Equal(before.Updated) {
		t.Errorf("the entry is of %v, was of %v: %v", after.Updated, before.Updated, err)
	}
}

func late(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	change := memory.Change{ID: "r:1", Key: "k", Value: "mine"}
	Set(t, m, s, change)
	Set(t, m, s, memory.Change{ID: "other:1", Key: "k", Value: "newer"})
	Set(t, m, s, change)
	same(t, "value", Value(t, m, s, "k"), "newer")
	gone := memory.Change{ID: "r:2", Key: "k", Delete: true}
	Set(t, m, s, gone)
	Set(t, m, s, memory.Change{ID: "other:2", Key: "k", Value: "newest"})
	Set(t, m, s, gone)
	same(t, "value", Value(t, m, s, "k"), "newest")
}

func concurrent(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	const writers, each = 8, 6
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("r%d:%d", w, i)
				if _, err := m.Change(t.Context(), s, memory.Change{ID: id, Key: id, Value: "v"}); err != nil {
					t.Error(err)
				}
				if _, err := m.Get(t.Context(), s, id); err != nil {
					t.Errorf("read own write %s: %v", id, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(Keys(t, m, s)); n != writers*each {
		t.Errorf("%d entries, want %d", n, writers*each)
	}
}

func anyText(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "siteß", "ÄÖ", "agent/1")
	for i, text := range []string{"ä\"\\\n\t</script>&", "🙂 \u2028", `{"scopes":[]}`, "' OR 1=1 --", strings.Repeat("ü", memory.MaxKey/2)} {
		Set(t, m, s, memory.Change{ID: fmt.Sprint("r:", i), Key: text, Value: "v" + text})
		same(t, "value", Value(t, m, s, text), "v"+text)
	}
}

func manyDrops(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	for i := range 40 {
		key := fmt.Sprintf("k%02d%s", i, strings.Repeat("x", memory.MaxKey-3))
		Set(t, m, s, memory.Change{ID: fmt.Sprint("r:", i), Key: key, Value: "v"})
	}
	change := memory.Change{ID: "r:99", Key: "last", Value: "v", Limit: 1}
	got := Set(t, m, s, change)
	if got.Gone != 40 || len(got.Dropped) == 0 || len(got.Dropped) > 30 || got.Entries != 1 {
		t.Errorf("outcome %+v", got)
	}
	if again := Set(t, m, s, change); again.Gone != 40 || again.Entries != 1 {
		t.Errorf("again %+v", again)
	}
	same(t, "keys", Keys(t, m, s), []string{"last"})
}

func deletesNothing(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	same(t, "outcome", Set(t, m, s, memory.Change{ID: "r:1", Key: "k", Delete: true}), memory.Outcome{})
	same(t, "keys", Keys(t, m, s), []string{})
}

func overwrites(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	Set(t, m, s, memory.Change{ID: "r:1", Key: "k", Value: "v", TTL: time.Hour})
	Set(t, m, s, memory.Change{ID: "r:2", Key: "k", Value: "w"})
	e, err := m.Get(t.Context(), s, "k")
	if err != nil || e.Value != "w" || !e.Expires.IsZero() {
		t.Errorf("entry %+v, %v", e, err)
	}
}

func exactKeys(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	s := Scope(t, "", "P", "a")
	keys := []string{"k", "K", "k ", "k%", "%"}
	for i, k := range keys {
		Set(t, m, s, memory.Change{ID: fmt.Sprint("r:", i), Key: k, Value: k})
	}
	slices.Reverse(keys)
	same(t, "keys", Keys(t, m, s), keys)
}

// OfUser is a scope of a user's.
func OfUser(tb testing.TB, s memory.Scope, installation, account string) memory.Scope {
	tb.Helper()
	s, err := s.Of(installation, account)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// persons are scopes that differ in whose they are alone, with names that could be
// taken for each other.
func persons(t *testing.T) map[string]memory.Scope {
	t.Helper()
	plain := Scope(t, "s", "P", "a")
	return map[string]memory.Scope{
		"the daemon":                plain,
		"ann at one":                OfUser(t, plain, "one", "ann"),
		"ben at one":                OfUser(t, plain, "one", "ben"),
		"ann at two":                OfUser(t, plain, "two", "ann"),
		"one at ann":                OfUser(t, plain, "ann", "one"),
		"ann at o_e":                OfUser(t, plain, "o_e", "ann"),
		"ann at %":                  OfUser(t, plain, "%", "ann"),
		"a site like a user":        Scope(t, "s one ann", "P", "a"),
		"another agent's ann":       OfUser(t, Scope(t, "s", "P", "b"), "one", "ann"),
		"ann in no project":         OfUser(t, Scope(t, "s", "", "a"), "one", "ann"),
		"ann of the site elsewhere": OfUser(t, Scope(t, "elsewhere", "P", "a"), "one", "ann"),
	}
}

func users(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	all := persons(t)
	for name, scope := range all {
		Set(t, m, scope, memory.Change{ID: "id-" + name, Key: "secret", Value: "known to " + name})
	}
	for name, scope := range all {
		list, err := m.List(t.Context(), scope)
		if err != nil || len(list) != 1 || list[0].Value != "known to "+name {
			t.Errorf("%s sees %v, %v", name, list, err)
		}
		if e, err := m.Get(t.Context(), scope, "secret"); err != nil || e.Value != "known to "+name {
			t.Errorf("%s reads %v, %v", name, e, err)
		}
	}
	if _, err := m.Change(t.Context(), all["ben at one"], memory.Change{ID: "gone", Key: "secret", Delete: true}); err != nil {
		t.Fatal(err)
	}
	for name, scope := range all {
		if list, err := m.List(t.Context(), scope); err != nil || (len(list) == 0) != (name == "ben at one") {
			t.Errorf("after ben deleted: %s sees %v, %v", name, list, err)
		}
	}
}

func forgetsUsers(t *testing.T, m memory.Memory, _ *Clock) {
	t.Helper()
	all := persons(t)
	for name, scope := range all {
		Set(t, m, scope, memory.Change{ID: "id-" + name, Key: "secret", Value: "known to " + name})
	}
	for range 2 {
		for _, installation := range []string{"one", "%", "", "nobody"} {
			if err := m.ForgetUsers(t.Context(), installation); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, scope := range all {
		list, err := m.List(t.Context(), scope)
		if err != nil {
			t.Fatal(err)
		}
		if gone := len(list) == 0; gone != (scope.Installation == "one" || scope.Installation == "%") {
			t.Errorf("%s: %v", name, list)
		}
	}
}
