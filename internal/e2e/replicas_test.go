package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/sandbox/port"
	"github.com/aofctl/aofctl/internal/store"
)

// onPostgres makes a world whose daemons share a database.
func onPostgres(t *testing.T, dsn string) *world {
	t.Helper()
	w := newWorld(t)
	w.environ["AOF_DSN"], w.storage = dsn, "{dsn_env: AOF_DSN}"
	w.configure("{}", "{settle: 100ms}")
	return w
}

// replica is another place for a daemon in the same world: the same Jira behind
// the same proxy, the same database, other ports.
func (w *world) replica() *world {
	w.t.Helper()
	other := &world{t: w.t, box: w.box, proxy: w.proxy, dir: w.t.TempDir(), port: port.For(w.t), admin: port.For(w.t),
		environ: w.environ, storage: w.storage}
	other.writeDefaults()
	return other
}

// holdOnce holds the first request whose path has the part, and lets all others
// through.
type holdOnce struct {
	part    string
	once    sync.Once
	reached chan struct{}
	release chan struct{}
}

func newHoldOnce(part string) *holdOnce {
	return &holdOnce{part: part, reached: make(chan struct{}), release: make(chan struct{})}
}

func (h *holdOnce) at(_ int, r *http.Request, forward func()) bool {
	if !strings.Contains(r.URL.Path, h.part) {
		return false
	}
	first := false
	h.once.Do(func() { first = true })
	if !first {
		return false
	}
	close(h.reached)
	<-h.release
	forward()
	return true
}

// TestAnotherReplicaGoesOnWithTheRunsOfOneThatIsGone kills or freezes the replica
// that is in the middle of a step, and looks at what the other makes of the run.
func TestAnotherReplicaGoesOnWithTheRunsOfOneThatIsGone(t *testing.T) {
	for _, part := range []string{"chat/completions", "/comment"} {
		for name, signal := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "frozen and thawed": syscall.SIGSTOP} {
			t.Run(name+" at "+part, func(t *testing.T) {
				t.Parallel()
				w := onPostgres(t, pgtest.Database(t))
				first := w.start()
				other := w.replica()
				hold := newHoldOnce(part)
				w.proxy.set(hold.at)
				t.Cleanup(sync.OnceFunc(func() { close(hold.release) }))
				key := w.create(bug())
				<-hold.reached
				other.start()
				if n := owners(t, other, key); n != 1 {
					t.Fatalf("the run is on %d replicas", n)
				}
				if err := first.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
				runs := other.ended(key, 1)
				if signal == syscall.SIGSTOP {
					if err := first.cmd.Process.Signal(syscall.SIGCONT); err != nil {
						t.Fatal(err)
					}
					w.await("the thawed replica to notice", func() bool {
						return strings.Contains(first.log.String(), "could not reach the database in time")
					})
				}
				succeeded(t, runs)
				if len(runs) != 1 || len(w.replies(key)) != 1 {
					t.Errorf("%d runs, %d replies: %s", len(runs), len(w.replies(key)), toJSON(t, runs))
				}
				issue, _ := w.box.Jira.Issue(key)
				if diff := cmp.Diff([]string{"Highest"}, []string{issue.Priority}); diff != "" {
					t.Errorf("priority (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// owners counts the replicas that have a run of the issue.
func owners(t *testing.T, w *world, key string) int {
	t.Helper()
	runs, err := w.client().Runs(context.Background(), url.Values{"issue": {key}, "state": {"running"}})
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]bool{}
	for _, r := range runs {
		list[r.Owner] = true
	}
	return len(list)
}

// TestReplicasShareWhatThereIsToDo sends the webhooks of many issues to one
// replica, cancels through the one that does not have the run, and follows the
// story on both.
func TestReplicasShareWhatThereIsToDo(t *testing.T) {
	t.Parallel()
	w := onPostgres(t, pgtest.Database(t))
	w.configure("{}", "{settle: 100ms, max_concurrent_tasks: 2, max_concurrent_total: 3}")
	first := w.start()
	other := w.replica()
	other.configure("{}", "{settle: 100ms, max_concurrent_tasks: 2, max_concurrent_total: 3}")
	second := other.start()
	hold := newTurnstile(0)
	w.proxy.set(hold.at)
	t.Cleanup(hold.open)
	var keys []string
	for range 6 {
		keys = append(keys, w.create(bug()))
	}
	hold.wait(w, 3)
	var running []store.Run
	w.await("the limit of all replicas", func() bool {
		var err error
		running, err = other.client().Runs(context.Background(), url.Values{"state": {"running"}})
		return err == nil && len(running) == 3
	})
	places := map[string]int{}
	for _, r := range running {
		places[r.Owner]++
	}
	if len(places) != 2 {
		t.Errorf("the runs are on %v, want some on each replica", places)
	}
	canceled := running[0].ID
	for _, place := range []*world{w, other} { // one of them does not have it
		if _, err := place.client().Cancel(context.Background(), canceled); err != nil && !strings.Contains(err.Error(), "is over") {
			t.Fatal(err)
		}
	}
	w.await("the run to be canceled", func() bool {
		r, err := w.client().Run(context.Background(), canceled)
		return err == nil && r.State == store.StateCanceled
	})
	hold.open()
	for _, key := range keys {
		for _, r := range w.ended(key, 1) {
			if r.ID != canceled && r.State != store.StateSucceeded {
				t.Errorf("run %s is %s: %s", r.ID, r.State, r.Error)
			}
		}
	}
	if hold.most() > 3+1 { // the canceled one may still be held by the proxy
		t.Errorf("%d runs at a time", hold.most())
	}
	a, b := story(t, w), story(t, other)
	if diff := cmp.Diff(a, b); diff != "" || len(a) < 6*3 {
		t.Errorf("%d events; the replicas tell (-one +other):\n%s", len(a), diff)
	}
	if code := first.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if code := second.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// story is all that a replica tells of the past.
func story(t *testing.T, w *world) []string {
	t.Helper()
	var list []string
	err := w.client().Events(context.Background(), url.Values{"after": {"0"}, "follow": {"false"}}, func(e store.Event) error {
		list = append(list, fmt.Sprint(e.Seq, " ", e.Run, " ", e.Kind))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestAReplicaThatStopsHandsItsRunsOver sends SIGTERM while a step is at work.
func TestAReplicaThatStopsHandsItsRunsOver(t *testing.T) {
	t.Parallel()
	w := onPostgres(t, pgtest.Database(t))
	first := w.start()
	hold := newHoldOnce("chat/completions")
	w.proxy.set(hold.at)
	key := w.create(bug())
	<-hold.reached
	other := w.replica()
	other.start()
	ended := make(chan int)
	go func() { ended <- first.stop() }()
	w.await("the first to drain", func() bool { return strings.Contains(first.log.String(), "stopping: no new webhooks") })
	close(hold.release)
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	given := time.Now()
	runs := other.ended(key, 1)
	succeeded(t, runs)
	t.Logf("the other replica ended the run %s after the first had stopped", time.Since(given).Round(time.Millisecond))
	models := slices.DeleteFunc(w.proxy.requests(), func(r string) bool { return !strings.Contains(r, "chat/completions") })
	if len(models) != 3 || len(w.replies(key)) != 1 {
		t.Errorf("%d questions to the model and %d replies: a step was repeated", len(models), len(w.replies(key)))
	}
	status, err := other.client().Status(context.Background())
	if err != nil || len(status.Replicas) != 1 {
		t.Errorf("replicas %+v, %v; want the one that is left", status.Replicas, err)
	}
}

// TestTheDatabaseRestartsInTheMiddleOfWork crashes the server while runs are at
// work and webhooks come in.
func TestTheDatabaseRestartsInTheMiddleOfWork(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, pgserver.Options{})
	dsn, err := server.CreateDatabase(context.Background(), "aof")
	if err != nil {
		t.Fatal(err)
	}
	w := onPostgres(t, dsn)
	w.start()
	hold := newTurnstile(0)
	w.proxy.set(hold.at)
	t.Cleanup(hold.open)
	keys := []string{w.create(bug()), w.create(bug())}
	hold.wait(w, 2)
	if err := server.Crash(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.await("readiness to end", func() bool { return w.get("/readyz").status == http.StatusServiceUnavailable })
	refused := w.send(w.commentPayload(keys[0], "79001", "/estimate", nil), nil)
	if refused.status != http.StatusServiceUnavailable || refused.header.Get("Retry-After") == "" {
		t.Errorf("a webhook is answered with %d %v %s", refused.status, refused.header, refused.body)
	}
	hold.open()
	if err := server.StartAgain(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.await("readiness", func() bool { return w.get("/readyz").status == http.StatusOK })
	for _, key := range keys {
		runs := w.ended(key, 1)
		succeeded(t, runs)
		if len(w.replies(key)) != 1 {
			t.Errorf("%s: %d replies", key, len(w.replies(key)))
		}
	}
	accepted := w.send(w.commentPayload(keys[0], "79001", "/estimate", nil), nil)
	if accepted.status != http.StatusOK {
		t.Errorf("the webhook is answered with %d %s when it comes again", accepted.status, accepted.body)
	}
	w.ended(keys[0], 2)
}
