package push_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/keeper"
	"github.com/aofctl/aofctl/internal/a2a/push"
	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/leak"
	"github.com/aofctl/aofctl/internal/store"
)

func TestMain(m *testing.M) { leak.Main(m) }

// receiver is a caller's server that remembers what it was told.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	told   []string
	header http.Header
	// fails is how many requests are answered with status.
	fails, status int
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: http.StatusServiceUnavailable}
	r.Server = httptest.NewTLSServer(http.HandlerFunc(r.take))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails > 0 {
		r.fails--
		w.Header().Set("Location", r.URL+"/elsewhere")
		w.WriteHeader(r.status)
		return
	}
	r.header = req.Header.Clone()
	r.told = append(r.told, brief(body))
}

// brief is what a notification says, in short.
func brief(body []byte) string {
	var n struct {
		Kind         string
		Status       struct{ State string }
		Artifacts    []any
		StatusUpdate *struct {
			Status struct{ State string }
		}
		ArtifactUpdate *struct{ Artifact struct{ ArtifactID string } }
		Task           *struct{ Status struct{ State string } }
	}
	if err := json.Unmarshal(body, &n); err != nil {
		return err.Error()
	}
	switch {
	case n.StatusUpdate != nil:
		return n.StatusUpdate.Status.State
	case n.ArtifactUpdate != nil:
		return "artifact " + n.ArtifactUpdate.Artifact.ArtifactID
	case n.Task != nil:
		return "task " + n.Task.Status.State
	}
	return fmt.Sprintf("%s %s, artifacts %d", n.Kind, n.Status.State, len(n.Artifacts))
}

func (r *receiver) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.told...)
}

// bench is a task whose caller is to be told, on a store with a clock of its own.
type bench struct {
	*testing.T
	store  *store.Store
	keeper *keeper.Keeper
	sender *push.Sender
	call   a2a.Call
	task   a2a.Task
	now    time.Time
	mu     sync.Mutex
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) later(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func newBench(t *testing.T, version string, to *receiver) *bench {
	t.Helper()
	b := &bench{T: t, now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), call: a2a.Call{Caller: a2a.Caller{Installation: "token:me"}, Version: version}}
	var err error
	if b.store, err = store.Open(t.Context(), t.TempDir(), b.clock); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.store.Close() })
	b.keeper = keeper.New(keeper.Config{Store: b.store, Now: b.clock, Log: zerolog.Nop(),
		Prepare: func(_ context.Context, _ a2a.Call, _ a2a.Message, taskID, contextID string) (keeper.Work, error) {
			return keeper.Work{Run: store.Run{ID: "run-" + taskID, Source: store.TaskSource, Subject: "context:" + contextID, State: store.StateQueued,
				TargetKind: "agent", Target: "a"}}, nil
		}})
	var list hosts.List
	if to != nil {
		u, _ := url.Parse(to.URL)
		list = hosts.List{{Scheme: "https", Name: u.Hostname(), Port: u.Port(), Private: true}}
		b.sender = push.New(push.Config{Tasks: b.store, Hosts: list, Now: b.clock, Trust: to.Client().Transport.(*http.Transport).TLSClientConfig})
	}
	reply, err := b.keeper.Send(t.Context(), b.call, a2a.SendRequest{Message: a2a.Message{ID: "m", Role: a2a.User, Parts: []a2a.Part{a2a.TextOf("hi")}}})
	if err != nil {
		t.Fatal(err)
	}
	b.task = *reply.Task
	if to != nil {
		b.set(a2a.PushConfig{URL: to.URL + "/hook", Token: "t0ken", Schemes: []string{"Bearer"}, Credentials: "cr3d"})
	}
	return b
}

func (b *bench) set(c a2a.PushConfig) {
	b.Helper()
	c.TaskID, c.Version = b.task.ID, b.call.Version
	if _, err := b.keeper.SetPush(b.Context(), b.call, c); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) say(key, text string) {
	b.Helper()
	if err := b.store.Narrate(b.Context(), b.task.ID, key, status(a2a.Working, text)); err != nil {
		b.Fatal(err)
	}
}

func status(state a2a.State, text string) a2a.Status {
	return a2a.Status{State: state, Message: &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}}
}

func (b *bench) finish() {
	b.Helper()
	if _, done, err := b.store.ConcludeTask(b.Context(), b.task.ID, "end", 1, status(a2a.Completed, "done")); err != nil || !done {
		b.Fatalf("conclude: %v, %v", done, err)
	}
}

func (b *bench) round() {
	b.Helper()
	if err := b.sender.Round(b.Context()); err != nil {
		b.Fatal(err)
	}
}

func TestACallerOfA2A10IsToldOfEachChangeInOrder(t *testing.T) {
	to := newReceiver(t)
	b := newBench(t, "1.0", to)
	b.round()
	if got := to.heard(); len(got) != 0 {
		t.Fatalf("told %q before anything happened", got)
	}
	b.say("1", "reading")
	if err := b.store.AddArtifact(t.Context(), b.task.ID, "2", a2a.ArtifactUpdate{Artifact: a2a.Artifact{ID: "answer", Parts: []a2a.Part{a2a.TextOf("x")}}}); err != nil {
		t.Fatal(err)
	}
	b.round()
	b.finish()
	b.round()
	b.round()
	want := []string{"TASK_STATE_WORKING", "artifact answer", "TASK_STATE_COMPLETED"}
	if diff := cmp.Diff(want, to.heard()); diff != "" {
		t.Error(diff)
	}
	if got := to.header; got.Get("Content-Type") != "application/a2a+json" || got.Get("X-A2A-Notification-Token") != "t0ken" || got.Get("Authorization") != "Bearer cr3d" {
		t.Errorf("the headers are %v", got)
	}
}

func TestACallerOfA2A03IsToldTheTaskAsItIs(t *testing.T) {
	to := newReceiver(t)
	b := newBench(t, "0.3", to)
	b.say("1", "reading")
	b.say("2", "thinking")
	b.round()
	b.finish()
	b.round()
	b.round()
	if diff := cmp.Diff([]string{"task working, artifacts 0", "task completed, artifacts 0"}, to.heard()); diff != "" {
		t.Error(diff)
	}
}

func TestAReceiverThatIsAwayIsToldLater(t *testing.T) {
	to := newReceiver(t)
	to.fails = 2
	b := newBench(t, "1.0", to)
	b.say("1", "reading")
	b.round()
	b.round() // it is not asked again before its pause is over
	if to.fails != 1 {
		t.Fatalf("%d failures are left, want 1", to.fails)
	}
	b.later(time.Minute)
	b.round()
	b.later(time.Minute)
	b.round()
	if diff := cmp.Diff([]string{"TASK_STATE_WORKING"}, to.heard()); diff != "" {
		t.Error(diff)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	to := newReceiver(t)
	to.fails, to.status = 1, http.StatusTemporaryRedirect
	b := newBench(t, "1.0", to)
	b.say("1", "reading")
	b.round()
	if got := to.heard(); len(got) != 0 {
		t.Errorf("it was told %q elsewhere", got)
	}
}

func TestOneReceiverDoesNotHoldUpAnother(t *testing.T) {
	to := newReceiver(t)
	b := newBench(t, "1.0", to)
	b.set(a2a.PushConfig{ID: "nowhere", URL: "https://127.0.0.1:1/hook"})
	b.say("1", "reading")
	b.round()
	if diff := cmp.Diff([]string{"TASK_STATE_WORKING"}, to.heard()); diff != "" {
		t.Error(diff)
	}
}

func TestAddressesThatAreNotTold(t *testing.T) {
	cases := map[string]struct{ url, want string }{
		"without TLS":               {"http://hooks.example.com/", "https"},
		"another scheme":            {"file:///etc/passwd", "https"},
		"no address":                {"hook", "https"},
		"this machine":              {"https://127.0.0.1/hook", "internal address"},
		"this machine, IPv6":        {"https://[::1]/hook", "internal address"},
		"a private network":         {"https://10.1.2.3/hook", "internal address"},
		"metadata of a cloud":       {"https://169.254.169.254/latest/meta-data", "no request may be made to"},
		"a number":                  {"https://2130706433/hook", "neither a name nor an IP address"},
		"octal":                     {"https://0177.0.0.1/hook", "neither a name nor an IP address"},
		"hexadecimal":               {"https://0x7f.1/hook", "neither a name nor an IP address"},
		"IPv4 within IPv6":          {"https://[::ffff:10.0.0.1]/hook", "not taken"},
		"a user":                    {"https://user:pw@hooks.example.com/", "user"},
		"an address that is a mess": {"https://a b/", "cannot"},
	}
	sender := push.New(push.Config{})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := sender.Check(a2a.PushConfig{URL: c.url})
			if err == nil || (!strings.Contains(err.Error(), c.want) && c.want != "cannot") {
				t.Errorf("the error is %v, want one with %q", err, c.want)
			}
		})
	}
	if err := sender.Check(a2a.PushConfig{URL: "https://hooks.example.com/a?b=c"}); err != nil {
		t.Errorf("a public host is refused: %v", err)
	}
}

func TestANameThatLeadsInsideIsNotReached(t *testing.T) {
	to := newReceiver(t)
	u, _ := url.Parse(to.URL)
	inside := "https://localhost:" + u.Port() + "/hook"
	b := newBench(t, "1.0", nil)
	b.sender = push.New(push.Config{Tasks: b.store, Now: b.clock, Trust: to.Client().Transport.(*http.Transport).TLSClientConfig})
	b.set(a2a.PushConfig{URL: inside})
	b.say("1", "reading")
	b.round()
	if got := to.heard(); len(got) != 0 {
		t.Errorf("it was told %q", got)
	}
}
