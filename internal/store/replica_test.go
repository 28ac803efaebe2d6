package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func beat(t testing.TB, s *Store, id string) {
	t.Helper()
	heartbeat(t, s, Replica{ID: id, Host: "host-" + id, Version: "1", Started: time.UnixMilli(1_800_000_000_000).UTC()})
}

// silence makes a replica one that was last heard of long ago.
func silence(t testing.TB, s *Store, id string, since time.Duration) {
	t.Helper()
	must(t, s.writer.do(t.Context(), func(tx tx) error {
		_, err := tx.exec(`UPDATE replicas SET beat_at = beat_at - ? WHERE id = ?`, since.Milliseconds(), id)
		return err
	}))
}

func revive(t testing.TB, s *Store, want int) {
	t.Helper()
	n, err := s.Revive(t.Context(), 10*time.Second)
	must(t, err)
	if n != want {
		t.Fatalf("revived %d runs, want %d", n, want)
	}
}

func TestReplicasAreListedWithWhatTheyHave(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beat(t, s, "b")
		beat(t, s, "a")
		first := Replica{ID: "z", Host: "h", Version: "2", Started: time.UnixMilli(1).UTC()}
		if heartbeat(t, s, first) {
			t.Error("a new replica is known")
		}
		admitRuns(t, s, crowd(3)...)
		_, err := s.Claim(t.Context(), "a", 2, Limits{})
		must(t, err)
		silence(t, s, "z", time.Hour)
		list, err := s.Replicas(t.Context())
		must(t, err)
		got := []string{}
		for _, r := range list {
			if long := r.Silent > 30*time.Minute; long != (r.ID == "z") || r.Silent > 2*time.Hour {
				t.Errorf("%s was silent for %v", r.ID, r.Silent)
			}
			got = append(got, fmt.Sprint(r.ID, " ", r.Host, " ", r.Version, " ", r.Running))
		}
		if diff := cmp.Diff([]string{"z h 2 0", "a host-a 1 2", "b host-b 1 0"}, got); diff != "" {
			t.Errorf("replicas (-want +got):\n%s", diff)
		}
		if !heartbeat(t, s, first) {
			t.Error("a replica that is listed is not known")
		}
		if list, err = s.Replicas(t.Context()); err != nil || list[0].Silent > time.Minute || list[0].Version != "2" {
			t.Errorf("after its beat it is %+v, %v", list[0], err)
		}
	})
}

func TestRunsOfASilentReplicaGoOnElsewhere(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beat(t, s, "alive")
		beat(t, s, "silent")
		admit(t, s, "issue:1", "a", "a2")
		admit(t, s, "issue:2", "b")
		admit(t, s, "issue:3", "c")
		old := map[string]Claim{}
		for _, owner := range []string{"alive", "silent", "never seen"} {
			got, err := s.Claim(t.Context(), owner, 1, Limits{})
			must(t, err)
			old[owner] = got[0]
		}
		silence(t, s, "silent", 11*time.Second)
		silence(t, s, "alive", 5*time.Second)
		changed := s.Changed()
		revive(t, s, 2)
		within(t, "the runs that can be claimed", changed)
		revive(t, s, 0)
		if list, err := s.Replicas(t.Context()); err != nil || len(list) != 1 || list[0].ID != "alive" {
			t.Errorf("replicas are %+v, %v; want the one that is alive", list, err)
		}
		again := claims(t, s, "b", "c")
		for _, c := range again {
			if r := get(t, s, c.Run); c.Epoch != 2 || r.Owner != me || r.Deaths != 1 || r.Attempt != 1 {
				t.Errorf("claim %v is of %+v", c, r)
			}
		}
		is(t, "Record of the silent one", put(s, old["silent"], Record{Entry: toolStep(0)}), ErrLost)
		must(t, put(s, old["alive"], Record{Entry: toolStep(0)}))
	})
}

func TestAReplicaThatStopsGivesItsRunsBack(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		beat(t, s, me)
		beat(t, s, "other")
		admit(t, s, "issue:1", "a", "a2")
		admit(t, s, "issue:2", "b")
		claims(t, s, "a", "b")
		changed := s.Changed()
		n, err := s.Release(t.Context(), me)
		if err != nil || n != 2 {
			t.Fatalf("Release = %d, %v; want 2 runs", n, err)
		}
		within(t, "the runs that can be claimed", changed)
		if list, err := s.Replicas(t.Context()); err != nil || len(list) != 1 || list[0].ID != "other" {
			t.Errorf("replicas are %+v, %v", list, err)
		}
		for _, c := range claims(t, s, "a", "b") {
			if r := get(t, s, c.Run); r.Deaths != 0 {
				t.Errorf("giving a run back counts as %d deaths", r.Deaths)
			}
		}
	})
}

// TestARunWhoseHoldersDieAgainAndAgainFails takes up a run that takes its process
// down each time; one that gets on between has its count anew.
func TestARunWhoseHoldersDieAgainAndAgainFails(t *testing.T) {
	tests := map[string]struct {
		records bool
		want    State
	}{
		"on the same step":     {false, StateFailed},
		"but a step at a time": {true, StateQueued},
	}
	onEachStore(t, func(t *testing.T, s *Store) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				reset(t, s)
				admit(t, s, "issue:1", "r", "next")
				for i := range maxDeaths {
					c := claims(t, s, "r")[0]
					if tt.records && i%10 == 5 {
						record(t, s, c, toolStep(get(t, s, "r").Steps))
					}
					revive(t, s, 1)
				}
				isState(t, s, "r", tt.want)
				if tt.want == StateFailed {
					claims(t, s, "next")
					must(t, s.Retry(t.Context(), "r", "ann"))
					if r := get(t, s, "r"); r.Deaths != 0 {
						t.Errorf("tried again it starts with %d deaths", r.Deaths)
					}
					return
				}
				claims(t, s, "r")
			})
		}
	})
}

func TestATakenRunKeepsItsTurnBeforeOneThatYielded(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		admit(t, s, "issue:1", "a", "b", "c")
		suspend(t, s, claimOf(t, s, "a"), Wait{Signal: "go", Yield: true})
		claims(t, s, "b")
		signal(t, s, "go", true)
		revive(t, s, 1)
		finish(t, s, claims(t, s, "b")[0])
		finish(t, s, claims(t, s, "a")[0])
		claims(t, s, "c")
	})
}
