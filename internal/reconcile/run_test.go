package reconcile_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/reconcile"
)

// away is a Jira that answers once it is let.
type away struct {
	reconcile.Jira
	here  atomic.Bool
	asked atomic.Int64
}

func (a *away) Contact(context.Context) (jira.Contact, error) {
	a.asked.Add(1)
	if !a.here.Load() {
		return jira.Contact{}, errors.New("nobody answers")
	}
	return jira.Contact{}, nil
}

func (a *away) ProjectKeys(context.Context) ([]string, error) { return nil, nil }

func TestOnlyTheLeaderLooksAndOncePerInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := &away{}
		site.here.Store(true)
		r := reconcile.New(reconcile.Config{Site: "a", Jira: site, Marks: marks{}, Interval: 5 * time.Minute, Lookback: time.Hour})
		var leads atomic.Bool
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, leads.Load) }()
		time.Sleep(20 * time.Minute)
		if n := site.asked.Load(); n != 0 || r.Status().Leads {
			t.Errorf("asked %d times without leading", n)
		}
		leads.Store(true)
		time.Sleep(15*time.Minute + 2*time.Second)
		if n := site.asked.Load(); n != 4 { // at once, and then every five minutes
			t.Errorf("asked %d times in a quarter of an hour", n)
		}
		leads.Store(false)
		time.Sleep(20 * time.Minute)
		if n := site.asked.Load(); n != 4 {
			t.Errorf("asked %d times in all", n)
		}
		stop()
		<-done
	})
}

func TestTheStatusTellsHowItGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		site := &away{}
		r := reconcile.New(reconcile.Config{Site: "a", Jira: site, Marks: marks{}, Interval: 5 * time.Minute, Lookback: time.Hour})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx, func() bool { return true }) }()
		time.Sleep(time.Minute)
		if s := r.Status(); s.Err == nil || !s.Success.IsZero() || !s.Leads {
			t.Errorf("while Jira is away: %+v", s)
		}
		site.here.Store(true)
		time.Sleep(5 * time.Minute)
		if s := r.Status(); s.Err != nil || s.Success.IsZero() {
			t.Errorf("when it is back: %+v", s)
		}
		stop()
		<-done
	})
}
