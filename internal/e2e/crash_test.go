package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// bug is an issue that the default triggers give to the triage agent.
func bug() jira.NewIssue {
	return jira.NewIssue{Project: "PROJ", Type: "Bug", Priority: "Medium", Summary: "Checkout fails with a 500 error",
		Description: "The checkout API answers with HTTP 500 for all users."}
}

// moments at which the daemon is killed, at one of its requests to Jira or to
// the model.
var moments = []string{
	"before", // the request never arrives
	"after",  // it is carried out, and nobody hears of it
	"late",   // it is carried out after the daemon is dead
	"behind", // it is answered, and the answer may or may not be on record
}

// TestAKilledRunContinuesAndRepeatsNothing kills the daemon with SIGKILL at each
// request that a run makes, at each moment of it, starts it again, and looks at
// what Jira has in the end.
func TestAKilledRunContinuesAndRepeatsNothing(t *testing.T) {
	plain := newWorld(t)
	plain.start()
	want := outcome(t, plain)
	requests := plain.proxy.requests()
	first := slices.IndexFunc(requests, func(r string) bool { return strings.Contains(r, "chat/completions") })
	if first < 0 || len(requests) < 5 {
		t.Fatalf("the run made only the requests %v", requests)
	}
	for n := first; n < len(requests); n++ {
		for _, moment := range moments {
			t.Run(fmt.Sprintf("%02d %s %s", n, requests[n], moment), func(t *testing.T) {
				w := newWorld(t)
				killAt(t, w, n, moment)
				w.start()
				got := outcome(t, w)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("in the end (-undisturbed +killed):\n%s", diff)
				}
				checkRepeats(t, requests, w.proxy.requests())
			})
		}
	}
}

// killAt lets Alice report a bug and kills the daemon at its nth request.
func killAt(t *testing.T, w *world, n int, moment string) {
	t.Helper()
	d := w.start()
	killed := make(chan struct{})
	kill := func() { d.kill(); close(killed) }
	w.proxy.set(func(i int, _ *http.Request, forward func()) bool {
		if i != n {
			return false
		}
		switch moment {
		case "before":
			kill()
		case "after":
			forward()
			kill()
		case "late":
			kill()
			forward()
		case "behind":
			forward()
			go kill()
		}
		return true
	})
	if _, err := w.box.Jira.As("alice").CreateIssue(bug()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-killed:
	case <-time.After(patience):
		t.Fatalf("the request never came; there were %v", w.proxy.requests())
	}
	w.proxy.set(nil)
}

// result is what is left of a triage.
type result struct {
	State    store.State
	Attempt  int
	Priority string
	Labels   []string
	Comments []string
	Steps    []string
}

// outcome creates the bug if there is none and waits for its triage.
func outcome(t *testing.T, w *world) result {
	t.Helper()
	if _, exists := w.box.Jira.Issue("PROJ-1"); !exists {
		if _, err := w.box.Jira.As("alice").CreateIssue(bug()); err != nil {
			t.Fatal(err)
		}
	}
	runs := w.ended("PROJ-1", 1)
	detail, err := w.client().Run(context.Background(), runs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	issue, _ := w.box.Jira.Issue("PROJ-1")
	out := result{State: detail.State, Attempt: detail.Attempt, Priority: issue.Priority, Labels: issue.Labels}
	for _, c := range issue.Comments {
		out.Comments = append(out.Comments, c.Body)
	}
	for _, e := range detail.StepList {
		text := string(e.Kind) + " " + e.Name
		if e.Kind == step.KindTool {
			text += " " + string(e.Output)
		}
		out.Steps = append(out.Steps, text)
	}
	if len(runs) != 1 {
		t.Errorf("%d runs, want 1: %s", len(runs), toJSON(t, runs))
	}
	return out
}

// checkRepeats allows one request of each kind more than an undisturbed run
// makes: the one at which the daemon was killed. A finished step that was
// repeated would show as a further one.
func checkRepeats(t *testing.T, undisturbed, got []string) {
	t.Helper()
	count := func(list []string, want string) int {
		n := 0
		for _, r := range list {
			if r == want {
				n++
			}
		}
		return n
	}
	extra := 0
	for _, r := range slices.Compact(slices.Sorted(slices.Values(undisturbed))) {
		if strings.HasPrefix(r, "GET ") {
			continue // looking again costs nothing, and is how a write is found
		}
		extra += max(0, count(got, r)-count(undisturbed, r))
	}
	if extra > 1 {
		t.Errorf("%d requests repeated, want at most the interrupted one\nundisturbed: %v\ngot: %v", extra, undisturbed, got)
	}
}
