package fit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// newRing makes a keyring whose CDN has our key, within a bubble.
func newRing() (*keyring, *cdn) {
	server := newCDN(keyJSON(kid, &ourKey().PublicKey))
	return newKeyring(ProductionKeys, server, silent{}), server
}

func mustFind(t *testing.T, k *keyring, name string) {
	t.Helper()
	if key, err := k.find(t.Context(), name); err != nil || key == nil {
		t.Errorf("find %s: %v", name, err)
	}
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	if err == nil || reasonOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// bubble makes the keys of tests before time stands still, and runs the test.
func bubble(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	ourKey()
	theirKey()
	synctest.Test(t, test)
}

// apart fails if two requests for keys were closer than ten seconds.
func apart(t *testing.T, asked []time.Time) {
	t.Helper()
	for i := 1; i < len(asked); i++ {
		if gap := asked[i].Sub(asked[i-1]); gap < askEvery {
			t.Errorf("asked for keys twice within %s", gap)
		}
	}
}

func TestManyWhoWantTheFirstKeyShareOneRequest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		server.takes = time.Second
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { mustFind(t, k, kid) })
		}
		all.Wait()
		if n := len(server.requests()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestAFloodOfUnknownKeysCausesARequestInTenSecondsAtMost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		mustFind(t, k, kid)
		time.Sleep(time.Minute)
		server.set(func(c *cdn) { c.asked = nil })
		var all sync.WaitGroup
		for second := range 120 {
			for i := range 50 {
				all.Go(func() {
					_, err := k.find(t.Context(), fmt.Sprintf("%s%d-%d", keyPrefix, second, i%40))
					if r := reasonOf(err); err == nil || r != UnknownKey && r != NoKeys {
						t.Errorf("got %v", err)
					}
				})
			}
			all.Go(func() { mustFind(t, k, kid) }) // nobody else suffers
			time.Sleep(time.Second)
		}
		all.Wait()
		asked := server.requests()
		apart(t, asked)
		if len(asked) < 12 || len(asked) > 14 {
			t.Errorf("%d requests in two minutes", len(asked))
		}
		if k.waiting != 0 || len(k.absent.until) > maxAbsent || len(k.absent.ring) > maxAbsent {
			t.Errorf("%d wait, %d names are kept", k.waiting, len(k.absent.until))
		}
	})
}

func TestOnlySoManyWaitDuringAFlood(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, _ := newRing()
		mustFind(t, k, kid)
		time.Sleep(time.Second)
		_, err := k.find(t.Context(), keyPrefix+"first")
		wantReason(t, err, UnknownKey)
		time.Sleep(time.Second)
		var all sync.WaitGroup
		var later atomic.Int64
		for i := range 2 * maxWaiting {
			all.Go(func() {
				_, err := k.find(t.Context(), fmt.Sprint(keyPrefix, i))
				if reasonOf(err) == NoKeys {
					later.Add(1)
				}
			})
		}
		all.Wait()
		if later.Load() != maxWaiting {
			t.Errorf("%d were told to come later", later.Load())
		}
	})
}

func TestOneNameThatDoesNotExistIsNotAskedForAgainSoon(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		mustFind(t, k, kid)
		time.Sleep(time.Second)
		begin := time.Now()
		for range 20 {
			_, err := k.find(t.Context(), otherKid)
			wantReason(t, err, UnknownKey)
			time.Sleep(time.Second)
		}
		if took := time.Since(begin); took != 20*time.Second {
			t.Errorf("somebody waited: %s", took)
		}
		if n := len(server.requests()); n != 2 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestANewKeyIsFoundDuringAFlood(t *testing.T) {
	for perSecond, patient := range map[int]bool{5: true, 100: false} {
		bubble(t, func(t *testing.T) {
			k, server := newRing()
			mustFind(t, k, kid)
			var all sync.WaitGroup
			rotated := make(chan struct{})
			for second := range 60 {
				if second == 33 {
					server.set(func(c *cdn) { c.body = keysJSON(keyJSON(otherKid, &theirKey().PublicKey)) })
					close(rotated)
				}
				for i := range perSecond {
					all.Go(func() { _, _ = k.find(t.Context(), fmt.Sprintf("%sflood-%d-%d", keyPrefix, second, i)) })
				}
				if second == 34 {
					all.Go(func() { findNew(t, k, patient) })
				}
				time.Sleep(time.Second)
			}
			<-rotated
			all.Wait()
			apart(t, server.requests()[1:])
			_, err := k.find(t.Context(), kid)
			wantReason(t, err, UnknownKey) // the old one has gone
		})
	}
}

// findNew is a genuine request with a key that Atlassian has just begun to use. It
// waits until keys may be asked for again, or is told when to come back.
func findNew(t *testing.T, k *keyring, patient bool) {
	t.Helper()
	begin := time.Now()
	_, err := k.find(t.Context(), otherKid)
	var later *KeysError
	if !patient && errors.As(err, &later) {
		time.Sleep(later.RetryAfter)
		_, err = k.find(t.Context(), otherKid)
	}
	if took := time.Since(begin); err != nil || took > askEvery {
		t.Errorf("a genuine key: %v after %s", err, took)
	}
}

func TestKeysThatCannotBeRenewedAreGoodForADay(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		mustFind(t, k, kid)
		server.set(func(c *cdn) { c.status = http.StatusBadGateway })
		for range 23 {
			time.Sleep(time.Hour)
			mustFind(t, k, kid)
			if err := k.ready(); err != nil {
				t.Error(err)
			}
			// Those who are sent no new key are told to come again, not that theirs is bad.
			_, err := k.find(t.Context(), otherKid)
			wantReason(t, err, NoKeys)
		}
		synctest.Wait()
		time.Sleep(time.Hour)
		_, err := k.find(t.Context(), kid)
		wantReason(t, err, NoKeys)
		if k.ready() == nil {
			t.Error("ready without keys")
		}
		server.set(func(c *cdn) { c.status = 0 })
		var later *KeysError
		if errors.As(err, &later) {
			time.Sleep(later.RetryAfter)
		}
		mustFind(t, k, kid)
	})
}

func TestOnlyTheFirstWaitsForAServerThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		mustFind(t, k, kid)
		server.set(func(c *cdn) { c.takes = time.Hour })
		time.Sleep(2 * time.Hour)
		for i, want := range []time.Duration{fetchTimeout, 0, 0} {
			begin := time.Now()
			mustFind(t, k, kid)
			if took := time.Since(begin); took != want {
				t.Errorf("%d waited %s", i, took)
			}
			time.Sleep(askEvery)
		}
		time.Sleep(fetchTimeout)
	})
}

func TestWithoutKeysAtlassianIsAskedEveryTenSeconds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		server.status = http.StatusServiceUnavailable
		if k.ready() == nil {
			t.Error("ready before the first request")
		}
		for range 100 {
			_, err := k.find(t.Context(), kid)
			wantReason(t, err, NoKeys)
			if r := Refuse(err); r.Status != http.StatusServiceUnavailable || r.RetryAfter < time.Second || r.RetryAfter > askEvery {
				t.Errorf("answered %d, again in %s", r.Status, r.RetryAfter)
			}
			time.Sleep(time.Second)
		}
		apart(t, server.requests())
		if n := len(server.requests()); n != 10 {
			t.Errorf("%d requests in 100 s", n)
		}
	})
}

func TestKeysAreRenewedBeforeTheyAreOld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		server.header.Set("Cache-Control", "public, max-age=600")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { k.run(ctx) })
		time.Sleep(time.Hour)
		cancel()
		running.Wait()
		asked := server.requests()
		if len(asked) != 8 { // at 0 s, 480 s, ... 3360 s
			t.Errorf("%d requests", len(asked))
		}
		for i := 1; i < len(asked); i++ {
			if gap := asked[i].Sub(asked[i-1]); gap != 480*time.Second {
				t.Errorf("renewed after %s", gap)
			}
		}
	})
}

func TestRenewingBacksOffAndComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { k.run(ctx) })
		time.Sleep(time.Minute)
		server.set(func(c *cdn) { c.status, c.asked = http.StatusInternalServerError, nil })
		time.Sleep(6 * time.Hour)
		if n := len(server.requests()); n < 60 || n > 75 {
			t.Errorf("%d requests in six hours of failures", n)
		}
		server.set(func(c *cdn) { c.status, c.asked = 0, nil })
		time.Sleep(retryMost)
		if n := len(server.requests()); n != 1 {
			t.Errorf("%d requests when it was back", n)
		}
		cancel()
		running.Wait()
	})
}

func TestWhoeverLeavesTakesNothingFromTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		k, server := newRing()
		server.takes = 2 * time.Second
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := k.find(ctx, kid); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		all.Go(func() { mustFind(t, k, kid) })
		synctest.Wait()
		leave()
		all.Wait()
		_, err := k.find(t.Context(), otherKid)
		wantReason(t, err, UnknownKey)
		impatient, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if _, err := k.find(impatient, keyPrefix+"third"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if k.waiting != 0 {
			t.Errorf("%d still wait", k.waiting)
		}
	})
}

func TestNamesThatDoNotExistAreKeptInBounds(t *testing.T) {
	var a absent
	now := time.Now()
	for i := range 3 * maxAbsent {
		a.add(fmt.Sprint(i), now)
		a.add(fmt.Sprint(i), now)
	}
	if len(a.until) != maxAbsent || len(a.ring) != maxAbsent {
		t.Errorf("%d and %d", len(a.until), len(a.ring))
	}
	newest, old := fmt.Sprint(3*maxAbsent-1), fmt.Sprint(2*maxAbsent-1)
	if !a.has(newest, now) || a.has(old, now) || a.has(newest, now.Add(absentFor)) {
		t.Error("the wrong ones are kept")
	}
}
