package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/store"
)

// TestStoppingUnderLoadLosesAndRepeatsNothing sends SIGTERM while runs are at
// work and others wait, looks at the daemon while it drains, and starts it again.
func TestStoppingUnderLoadLosesAndRepeatsNothing(t *testing.T) {
	w := newWorld(t)
	w.configure("{}", "{settle: 100ms, max_concurrent_tasks: 3}")
	d := w.start()
	const issues = 9
	hold := newTurnstile(5) // lets five model requests through and holds the others
	w.proxy.set(hold.at)
	t.Cleanup(hold.open)
	var keys []string
	for range issues {
		keys = append(keys, w.create(bug()))
	}
	if err := w.box.Jira.Wait(context.Background()); err != nil {
		t.Fatal(err)
	}
	hold.wait(w, 3)
	ended := make(chan int)
	go func() { ended <- d.stop() }()
	w.await("readiness to end", func() bool { return w.get("/readyz").status == http.StatusServiceUnavailable })
	draining(t, w, keys[0])
	select {
	case <-ended:
		t.Fatal("the daemon did not wait for the steps at work")
	default:
	}
	hold.open()
	if code := <-ended; code != 0 {
		t.Fatalf("exit code %d", code)
	}
	w.start()
	for _, key := range keys {
		runs := w.ended(key, 1)
		succeeded(t, runs)
		if len(runs) != 1 || len(w.replies(key)) != 1 {
			t.Errorf("%s: %d runs, %d replies", key, len(runs), len(w.replies(key)))
		}
	}
	// Steps at work were finished, so not even those were repeated.
	for _, request := range []string{"POST /llm/v1/chat/completions", "PUT /rest/api/2/issue", "POST /rest/api/2/issue"} {
		n := 0
		for _, r := range w.proxy.requests() {
			if strings.HasPrefix(r, request) {
				n++
			}
		}
		if want := map[string]int{"POST /llm/v1/chat/completions": 3, "PUT /rest/api/2/issue": 2, "POST /rest/api/2/issue": 1}[request] * issues; n != want {
			t.Errorf("%d times %s, want %d", n, request, want)
		}
	}
}

// draining checks what the world sees of a daemon that stops.
func draining(t *testing.T, w *world, key string) {
	t.Helper()
	a := w.send(w.commentPayload(key, "78001", "/estimate", nil), nil)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("a webhook is answered with %d %v %s", a.status, a.header, a.body)
	}
	if a := w.get("/readyz?verbose"); !strings.Contains(a.body, "the daemon is stopping") {
		t.Errorf("readyz says %s", a.body)
	}
	if a := w.get("/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz says %d", a.status)
	}
	if out := w.cli(t, "get", "runs"); !strings.Contains(out, "running") {
		t.Errorf("the operator sees\n%s", out)
	}
}

// TestAStepThatDoesNotEndIsCutOff stops a daemon whose model does not answer.
func TestAStepThatDoesNotEndIsCutOff(t *testing.T) {
	w := newWorld(t)
	w.configure("{}", "{settle: 100ms, shutdown_grace: 100ms}")
	d := w.start()
	hold := newTurnstile(0)
	w.proxy.set(hold.at)
	t.Cleanup(hold.open)
	key := w.create(bug())
	hold.wait(w, 1)
	follows, logs := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		logs <- w.client().Events(context.Background(), url.Values{"after": {"0"}}, func(store.Event) error {
			once.Do(func() { close(follows) })
			return nil
		})
	}()
	<-follows
	if code := d.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	select {
	case err := <-logs: // a follower neither holds the daemon up nor is cut off
		if err != nil {
			t.Errorf("the follower is told %v", err)
		}
	case <-time.After(patience):
		t.Error("the stream did not end")
	}
	w.proxy.set(nil)
	hold.open()
	w.start()
	succeeded(t, w.ended(key, 1))
	if n := len(w.replies(key)); n != 1 {
		t.Errorf("%d replies", n)
	}
}

// TestASecondProcessIsRefused starts two daemons on one directory.
func TestASecondProcessIsRefused(t *testing.T) {
	w := newWorld(t)
	first := w.start()
	second := w.launch()
	select {
	case <-second.done:
	case <-time.After(patience):
		t.Fatal("the second daemon runs")
	}
	if code := second.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	want := fmt.Sprintf("is in use by another process (pid %d)", first.cmd.Process.Pid)
	if !strings.Contains(second.log.String(), want) {
		t.Errorf("%q is missing in %s", want, second.log)
	}
	key := w.create(bug()) // the first is none the worse
	succeeded(t, w.ended(key, 1))
	first.kill()
	w.start() // a lock does not outlive its process
	if got := w.ended(key, 1); len(got) != 1 {
		t.Errorf("%d runs", len(got))
	}
}
