package inboxtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// mustClaim returns which of the claims are the delivery's, in order.
func mustClaim(t testing.TB, in Inbox, seq int64, site string, claims ...string) []string {
	t.Helper()
	taken, err := in.Claim(t.Context(), seq, "jira", site, claims)
	if err != nil {
		t.Fatal(err)
	}
	ours := []string{}
	for claim, is := range taken {
		if is {
			ours = append(ours, claim)
		}
	}
	slices.Sort(ours)
	return ours
}

func claimsAreTakenByTheFirstForGood(t *testing.T, p Place) {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := newClock(start)
	settings := Settings{Now: clock.now, KeepIdentities: 24 * time.Hour}
	in := open(t, p, settings)
	r := appendSome(t, in, 3)
	expect := func(i int, site string, claims, want []string) {
		t.Helper()
		if diff := cmp.Diff(want, mustClaim(t, in, r[i].Seq, site, claims...)); diff != "" {
			t.Errorf("delivery %d, site %q: (-want +got)\n%s", i, site, diff)
		}
	}
	strange, long := "a\x00\xff'; --", strings.Repeat("long", 10_000)
	expect(0, "", []string{"a", "b", strange, long}, []string{"a", strange, "b", long})
	expect(0, "", []string{"a"}, []string{"a"}) // asked again after a crash
	expect(1, "", []string{"b", "c", strange, long, "c"}, []string{"c"})
	expect(1, "other", []string{"a"}, []string{"a"})
	expect(2, "", nil, []string{})
	if _, claimed, err := in.ClaimContent(t.Context(), r[2].Seq, "jira", "", "a"); err != nil || !claimed {
		t.Errorf("content of the same name: %v, %v", claimed, err)
	}
	if d := mustGet(t, in, r[0].ID); d.ContentKey != "" {
		t.Errorf("a claim is shown as the content %q", d.ContentKey)
	}

	for i := range r {
		mustFinish(t, in, inbox.Outcome{Seq: r[i].Seq, State: inbox.StateRouted})
	}
	clock.set(start.AddDate(1, 0, 0))
	last := mustAppend(t, in, Incoming("", "last", "{}"))
	if pruned, err := in.Prune(t.Context(), clock.now(), 10); err != nil || pruned.Records != 3 {
		t.Fatalf("pruned %+v, %v", pruned, err)
	}
	closeInbox(t, in)
	in = open(t, p, settings)
	if got := mustClaim(t, in, last.Seq, "", "a", "b", "c", "d"); !slices.Equal(got, []string{"d"}) {
		t.Errorf("after the deliveries are forgotten %q can be claimed", got)
	}
}

func claimsAreTakenOnceByManyAtOnce(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	receipts := appendSome(t, in, 12)
	claims := []string{"a", "b", "c", "d", "e"}
	for round := range 4 {
		var wg sync.WaitGroup
		var mu sync.Mutex
		takers := map[string]int{}
		for i, r := range receipts {
			wg.Go(func() {
				var asked []string
				for n := range claims { // each in another order
					asked = append(asked, fmt.Sprint(round, claims[(n+i)%len(claims)]))
				}
				taken, err := in.Claim(t.Context(), r.Seq, "jira", "", asked)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				for claim, ours := range taken {
					if ours {
						takers[claim]++
					}
				}
			})
		}
		wg.Wait()
		for _, claim := range claims {
			if n := takers[fmt.Sprint(round, claim)]; n != 1 {
				t.Errorf("round %d: %s was taken %d times", round, claim, n)
			}
		}
	}
}

// claimsOfOneDeliveryAreItsOwnWhoeverAsks: two replicas may be at one delivery for
// a moment, when the lease changes hands.
func claimsOfOneDeliveryAreItsOwnWhoeverAsks(t *testing.T, p Place) {
	in := open(t, p, Settings{})
	r := appendSome(t, in, 1)[0]
	for round := range 10 {
		claims := []string{fmt.Sprint("a", round), fmt.Sprint("b", round)}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				taken, err := in.Claim(t.Context(), r.Seq, "jira", "", claims)
				if err != nil || !taken[claims[0]] || !taken[claims[1]] {
					t.Errorf("round %d: %v, %v", round, taken, err)
				}
			})
		}
		wg.Wait()
	}
	closeInbox(t, in)
	if _, err := in.Claim(t.Context(), r.Seq, "jira", "", []string{"z"}); !errors.Is(err, inbox.ErrClosed) {
		t.Errorf("a closed inbox: %v", err)
	}
}
