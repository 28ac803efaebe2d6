package fit

import (
	"context"
	"crypto/rsa"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// askEvery is how often keys that we do not know may make us ask for keys, and
	// how soon a failed request for them is repeated.
	askEvery = 10 * time.Second
	// retryMost is how long we wait at most for the next try after failures.
	retryMost = 5 * time.Minute
	// oldest is the age at which keys that cannot be renewed are not used any more.
	oldest = 24 * time.Hour
	// maxWaiting bounds the requests that wait for the next time to ask for keys.
	maxWaiting = 128
)

// keyring keeps the keys of Forge by their names. Nobody who reads a key that is
// there and young waits for anybody.
type keyring struct {
	source   source
	observer Observer
	current  atomic.Pointer[keyset]

	mu sync.Mutex
	// flight is the request for keys under way, which all who want keys share.
	flight *flight
	// tried is when the last request began, failures how many failed since the last
	// that did not, and failure why.
	tried    time.Time
	failures int
	failure  error
	// asked is when a key that we did not know last made us ask.
	asked time.Time
	// waiting are those who wait for the next time that this may happen.
	waiting int
	absent  absent
}

// keyset is one answer of Atlassian's.
type keyset struct {
	keys map[string]*rsa.PublicKey
	// at is when it was asked for, ttl how long it is young.
	at  time.Time
	ttl time.Duration
}

func (s *keyset) usable(now time.Time) bool { return s != nil && now.Sub(s.at) < oldest }
func (s *keyset) young(now time.Time) bool  { return s != nil && now.Sub(s.at) < s.ttl }

// flight is one request for keys.
type flight struct{ done chan struct{} }

func newKeyring(url string, carrier http.RoundTripper, observer Observer) *keyring {
	return &keyring{source: newSource(url, carrier), observer: observer}
}

// find gives the key with the name. Its error is a *Error if there is no such key,
// a *KeysError if that is not known, or ctx's.
func (k *keyring) find(ctx context.Context, kid string) (*rsa.PublicKey, error) {
	arrived := time.Now()
	if set := k.current.Load(); set.young(arrived) && set.keys[kid] != nil {
		return set.keys[kid], nil
	}
	for {
		v := k.decide(kid, arrived)
		if v.key != nil || v.err != nil {
			return v.key, v.err
		}
		if err := k.wait(ctx, v); err != nil {
			return nil, err
		}
	}
}

// verdict is what to do about a key: one of its parts is set.
type verdict struct {
	key *rsa.PublicKey
	err error
	// join is a request to wait for.
	join *flight
	// hold is how long to wait before deciding anew.
	hold time.Duration
}

func (k *keyring) wait(ctx context.Context, v verdict) error {
	if v.join != nil {
		select {
		case <-v.join.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	defer k.release()
	timer := time.NewTimer(v.hold)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (k *keyring) release() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiting--
}

func (k *keyring) decide(kid string, arrived time.Time) verdict {
	k.mu.Lock()
	defer k.mu.Unlock()
	now, set := time.Now(), k.current.Load()
	switch {
	case !set.usable(now):
		return k.withoutKeys(now)
	case set.keys[kid] == nil:
		return k.unknown(kid, arrived, now, set)
	case set.young(now):
		return verdict{key: set.keys[kid]}
	case k.failures == 0:
		return verdict{join: k.begin(now)}
	}
	// Atlassian is away: what it said last counts, and one asks on behind it.
	if now.Sub(k.tried) >= askEvery {
		k.begin(now)
	}
	return verdict{key: set.keys[kid]}
}

func (k *keyring) withoutKeys(now time.Time) verdict {
	if left := askEvery - now.Sub(k.tried); k.flight == nil && k.failures > 0 && left > 0 {
		return verdict{err: &KeysError{RetryAfter: left, Cause: k.failure}}
	}
	return verdict{join: k.begin(now)}
}

// unknown decides about a key that the newest answer does not have. It may be a new
// one, so Atlassian is asked, but seldom, whoever sends however many names; those
// who come in between wait for the next time, because among a flood of names that
// do not exist there may be one that does.
func (k *keyring) unknown(kid string, arrived, now time.Time, set *keyset) verdict {
	left := askEvery - now.Sub(k.asked)
	switch {
	case !set.at.Before(arrived):
		k.absent.add(kid, now)
		return verdict{err: unknownKey()}
	case k.absent.has(kid, now):
		return verdict{err: unknownKey()}
	case k.failures > 0 && !k.tried.Before(arrived) && k.flight == nil:
		return verdict{err: &KeysError{RetryAfter: max(left, 0), Cause: k.failure}}
	case k.flight != nil:
		return verdict{join: k.flight}
	case left <= 0:
		k.asked = now
		return verdict{join: k.begin(now)}
	case k.waiting >= maxWaiting:
		return verdict{err: &KeysError{RetryAfter: left, Cause: errors.New("too many tokens with unknown keys")}}
	}
	k.waiting++
	return verdict{hold: left}
}

func unknownKey() error { return bad(UnknownKey, "is signed with a key that Forge does not have") }

// begin joins the request under way, or begins one, which no caller's leaving ends.
func (k *keyring) begin(now time.Time) *flight {
	if k.flight == nil {
		k.flight, k.tried = &flight{done: make(chan struct{})}, now
		go k.fly(k.flight, now)
	}
	return k.flight
}

func (k *keyring) fly(f *flight, now time.Time) {
	set, err := k.source.fetch(now)
	k.observer.Keys(err == nil)
	k.mu.Lock()
	defer k.mu.Unlock()
	defer close(f.done)
	k.flight = nil
	if err != nil {
		k.failures++
		k.failure = err
		return
	}
	k.failures, k.failure = 0, nil
	k.current.Store(set)
}

// run renews the keys before they are old.
func (k *keyring) run(ctx context.Context) {
	for ctx.Err() == nil {
		if !sleep(ctx, k.due(time.Now())) {
			return
		}
		k.mu.Lock()
		f := k.begin(time.Now())
		k.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
		}
	}
}

// due is how long to wait for the next request: four fifths of the keys' youth, and
// after failures ever longer, unless nothing works without new keys.
func (k *keyring) due(now time.Time) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	set := k.current.Load()
	switch {
	case k.failures > 0 && !set.usable(now):
		return k.tried.Add(askEvery).Sub(now)
	case k.failures > 0:
		return k.tried.Add(min(askEvery<<min(k.failures-1, 10), retryMost)).Sub(now)
	case set == nil:
		return 0
	default:
		return set.at.Add(set.ttl / 5 * 4).Sub(now)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (k *keyring) ready() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case k.current.Load().usable(time.Now()):
		return nil
	case k.failure != nil:
		return &KeysError{RetryAfter: askEvery, Cause: k.failure}
	default:
		return &KeysError{RetryAfter: time.Second, Cause: errors.New("they have not come yet")}
	}
}
