package doctor

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// one is a check that finds one thing.
func one(subject string, r Result) Check {
	return Check{Subject: subject, Name: r.Check, Run: func(context.Context) []Result { return []Result{r} }}
}

func TestChecksRunAtOnceAndAreToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int64
		slow := func(name string, takes time.Duration) Check {
			return Check{Subject: name, Name: "c", Run: func(context.Context) []Result {
				running.Add(1)
				time.Sleep(takes)
				return []Result{good("c", "")}
			}}
		}
		begun := time.Now()
		list := Run(t.Context(), []Check{slow("a", 3*time.Second), slow("b", time.Second), slow("c", 2*time.Second)}, time.Minute, nil)
		if took := time.Since(begun); took != 3*time.Second || running.Load() != 3 {
			t.Errorf("%d checks took %s", running.Load(), took)
		}
		var order []string
		for _, r := range list {
			order = append(order, r.Subject)
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, order); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNoCheckHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		hang := Check{Subject: "a", Name: "deaf", Run: func(context.Context) []Result { <-stop; return nil }}
		list := Run(t.Context(), []Check{hang, one("b", good("c", "well"))}, 5*time.Second, nil)
		close(stop)
		want := []Result{
			{"a", "deaf", Failed, "no answer within 5s", "see whether the other side hangs or a firewall swallows the packets"},
			{"b", "c", OK, "well", ""},
		}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Error(diff)
		}
	})
}

func TestACheckThatBreaksFailsAlone(t *testing.T) {
	list := Run(t.Context(), []Check{{Subject: "a", Name: "x", Run: func(context.Context) []Result { panic("oh") }}, one("b", good("c", ""))}, time.Minute, nil)
	if len(list) != 2 || list[0].State != Failed || !strings.Contains(list[0].Detail, "oh") || list[1].State != OK {
		t.Errorf("%+v", list)
	}
}

func TestSecretsAreNotTold(t *testing.T) {
	list := Run(t.Context(), []Check{one("a", fail("c", "the token very-secret-1 is\nwrong", "unset very-secret-1"))}, time.Minute, []string{"very-secret-1", "is"})
	want := []Result{{"a", "c", Failed, "the token [redacted] is wrong", "unset [redacted]"}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyFailuresAreBad(t *testing.T) {
	if Bad([]Result{good("a", ""), warn("b", "", ""), skip("c", "")}) || !Bad([]Result{good("a", ""), fail("b", "", "")}) {
		t.Error("warnings count, or failures do not")
	}
}
