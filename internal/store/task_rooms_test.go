package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

// TestPlacesForTasksAreCountedRightWhileTasksBeginAndEnd lets tasks begin and end in turns, so that
// what is remembered of the places that are left is right all the time.
func TestPlacesForTasksAreCountedRightWhileTasksBeginAndEnd(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		const own, all = 3, 5
		bob := TaskOwner{Installation: ann.Installation, Account: "bob"}
		n, active := 0, map[TaskOwner][]string{}
		begin := func(o TaskOwner) bool {
			n++
			id := fmt.Sprint("t", n)
			_, err := s.Deliver(t.Context(), Incoming{Owner: o, Message: says("m-"+id, "x"), New: newTask(id, "c-"+id), Limits: TaskLimits{PerOwner: own, PerInstallation: all}})
			var refusal *a2a.Refusal
			if err != nil && !errors.As(err, &refusal) {
				t.Fatal(err)
			}
			if err == nil {
				active[o] = append(active[o], id)
			}
			return err == nil
		}
		end := func(o TaskOwner) {
			must(t, s.CancelTask(t.Context(), o, active[o][0], a2a.Status{State: a2a.Canceled}))
			active[o] = active[o][1:]
		}
		for round := range 40 {
			for i, o := range []TaskOwner{ann, bob, ann, ann, bob, bob, ann} {
				want := len(active[o]) < own && len(active[ann])+len(active[bob]) < all
				if got := begin(o); got != want {
					t.Fatalf("round %d, task %d of %s with %d of %d active: begun is %v", round, i, o.Account, len(active[o]), len(active[ann])+len(active[bob]), got)
				}
			}
			for range min(1+round%3, len(active[ann])) {
				end(ann)
			}
			if round%2 == 0 && len(active[bob]) > 0 {
				end(bob)
			}
		}
	})
}
