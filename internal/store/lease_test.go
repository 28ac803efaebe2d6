package store

import (
	"fmt"
	"testing"
	"time"
)

func lead(t testing.TB, s *Store, owner string, lasts time.Duration, want bool) Lease {
	t.Helper()
	l, ours, err := s.Lead(t.Context(), "intake", owner, lasts)
	must(t, err)
	if ours != want {
		t.Fatalf("%s has the lease: %v, want %v", owner, ours, want)
	}
	return l
}

func TestALeaseIsOneOwnersAtATime(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		a := lead(t, s, "a", time.Hour, true)
		lead(t, s, "b", time.Hour, false)
		if again := lead(t, s, "a", time.Hour, true); again != a {
			t.Errorf("renewed it is %+v, want %+v", again, a)
		}
		if _, ours, err := s.Lead(t.Context(), "another", "b", time.Hour); err != nil || !ours {
			t.Errorf("another lease is free: %v, %v", ours, err)
		}
		must(t, s.Resign(t.Context(), a))
		b := lead(t, s, "b", time.Hour, true)
		if b.Epoch <= a.Epoch {
			t.Errorf("epoch %d came after %d", b.Epoch, a.Epoch)
		}
		must(t, s.Resign(t.Context(), a)) // too late: it is b's
		lead(t, s, "a", time.Hour, false)
	})
}

func TestALeaseThatIsNotRenewedGoesToAnother(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		a := lead(t, s, "a", time.Millisecond, true)
		var b Lease
		eventually(t, func() error {
			l, ours, err := s.Lead(t.Context(), "intake", "b", time.Hour)
			if b = l; err == nil && !ours {
				err = fmt.Errorf("it is still a's")
			}
			return err
		})
		if b.Epoch != a.Epoch+1 {
			t.Errorf("epoch is %d after %d", b.Epoch, a.Epoch)
		}
		lead(t, s, "a", time.Hour, false)
	})
}

func TestOnlyWhoHasTheLeaseAdmits(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		admitAs := func(l Lease, id string) error {
			rev := Revision{Revision: "rev-" + id}
			return s.Admit(t.Context(), l, []Run{queuedRun(id, "issue:"+id)}, []Revision{rev})
		}
		is(t, "Admit before anybody leads", admitAs(Lease{Name: "intake", Owner: "a", Epoch: 1}, "r0"), ErrLost)
		a := lead(t, s, "a", time.Hour, true)
		must(t, admitAs(a, "r1"))
		must(t, s.Resign(t.Context(), a))
		b := lead(t, s, "b", time.Hour, true)
		is(t, "Admit under the lease of before", admitAs(a, "r2"), ErrLost)
		must(t, s.Resign(t.Context(), b))
		back := lead(t, s, "a", time.Hour, true)
		is(t, "Admit under the lease of before last", admitAs(a, "r2"), ErrLost)
		is(t, "Admit of nothing", s.Admit(t.Context(), a, nil, nil), nil)
		_, err := s.Run(t.Context(), "r2")
		is(t, "Run", err, ErrNotFound)
		_, err = s.RevisionText(t.Context(), "rev-r2")
		is(t, "RevisionText", err, ErrNotFound)
		must(t, admitAs(back, "r2"))
	})
}
