package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/reconcile"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// world is a Jira, an inbox and a clock that both go by.
type world struct {
	t     *testing.T
	jira  *sandbox.Server
	inbox *inbox.Inbox
	marks marks
	clock *clock
	cfg   reconcile.Config
	found int
	told  int
	// asked are the searches.
	asked []string
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type marks map[string]time.Time

func (m marks) Mark(_ context.Context, name string, at time.Time) error {
	if m[name].Before(at) {
		m[name] = at
	}
	return nil
}

func (m marks) Marks(_ context.Context, prefix string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	for name, at := range m {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			out[rest] = at
		}
	}
	return out, nil
}

func (w *world) Reconciled(_ string, found, told int) { w.found, w.told = w.found+found, w.told+told }

func newWorld(t *testing.T, opts sandbox.Options) *world {
	t.Helper()
	w := &world{t: t, marks: marks{}, clock: &clock{now: time.Now().Truncate(time.Second)}}
	opts.Now = w.clock.Now
	opts.OnRequest = func(r *http.Request) {
		if strings.Contains(r.URL.Path, "/search") && !strings.Contains(r.URL.Path, "/project/") {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(strings.NewReader(string(body)))
			w.asked = append(w.asked, string(body))
		}
	}
	var err error
	if w.jira, err = sandbox.New(opts); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(w.jira)
	if w.inbox, err = inbox.Open(t.Context(), t.TempDir(), inbox.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.jira.Close(); web.Close(); _ = w.inbox.Close() })
	client := w.connect(web.URL, opts.Deployment)
	w.cfg = reconcile.Config{
		Site: "main", Title: "jira", Jira: client, Inbox: w.inbox, Marks: w.marks, Observer: w, Self: client.Me,
		Normalize: w.normalize, Now: w.clock.Now, Interval: 5 * time.Minute, Lookback: 24 * time.Hour,
		Events: func() []string {
			return []string{"issue_created", "issue_updated", "comment_created", "comment_updated"}
		},
	}
	return w
}

func (w *world) connect(url string, d sandbox.Deployment) *jira.Client {
	w.t.Helper()
	bot, _ := w.jira.User("bot")
	cfg := atlassian.Config{BaseURL: url, AuthType: atlassian.AuthAPIToken, Email: bot.Login(), Token: bot.Token, FirstBackoff: time.Millisecond}
	if d == sandbox.DataCenter {
		cfg.AuthType, cfg.Email = atlassian.AuthPAT, ""
	}
	transport, err := atlassian.NewTransport(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(transport.Close)
	client, err := jira.New(transport)
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

func (w *world) normalize(body []byte) (*event.Event, error) {
	return eventjira.Normalize(body, eventjira.Options{Site: "main"})
}

// begin lets the first sweep remember from when on to look.
func (w *world) begin() *reconcile.Reconciler {
	w.t.Helper()
	r := reconcile.New(w.cfg)
	w.sweep(r)
	w.clock.pass(time.Minute)
	return r
}

func (w *world) sweep(r *reconcile.Reconciler) {
	w.t.Helper()
	for more := true; more; {
		var err error
		if more, err = r.Sweep(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// keys are the content keys of what was stored, in order.
func (w *world) keys() []string {
	w.t.Helper()
	list, err := w.inbox.Pending(w.t.Context(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	keys := []string{}
	for _, d := range list {
		ev, err := w.normalize(d.Body)
		if err != nil {
			w.t.Fatal(err)
		}
		keys = append(keys, ev.ContentKey)
		if diff := cmp.Diff([]string{reconcile.SignedBy}, d.SignedBy); diff != "" || d.Site != "main" {
			w.t.Errorf("site %q, signed by %v", d.Site, d.SignedBy)
		}
	}
	return keys
}

// do lets a person change something and checks that it could.
func do[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// listen records the content keys of the webhooks that the site sends.
func (w *world) listen() func() []string {
	var mu sync.Mutex
	var keys []string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		ev, err := w.normalize(body)
		if err != nil {
			w.t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !slices.Contains(keys, ev.ContentKey) && slices.Contains(w.cfg.Events(), strings.Split(ev.ContentKey, ":")[0]) {
			keys = append(keys, ev.ContentKey)
		}
	}))
	w.t.Cleanup(srv.Close)
	w.jira.Register(sandbox.Webhook{Name: "n", URL: srv.URL})
	return func() []string {
		if err := w.jira.Wait(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(keys)
		return keys
	}
}

func kinds() map[string]sandbox.Options {
	return map[string]sandbox.Options{"Cloud": {}, "Data Center": {Deployment: sandbox.DataCenter}}
}

func TestWhatIsFoundHasTheContentKeysOfTheWebhooks(t *testing.T) {
	for name, opts := range kinds() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, opts)
			r, heard := w.begin(), w.listen()
			alice := w.jira.As("alice")
			key := do[string](t)(alice.CreateIssue(sandbox.NewIssue{Project: "PROJ", Type: "Bug", Summary: "Broken"}))
			w.clock.pass(1234 * time.Millisecond)
			first := do[string](t)(alice.Comment(key, "one", nil))
			w.clock.pass(time.Second)
			for _, err := range []error{
				alice.AddLabels(key, "x", "y"), alice.Transition(key, "In Progress"), alice.Assign(key, "bob"),
			} {
				if err != nil {
					t.Fatal(err)
				}
				w.clock.pass(time.Second)
			}
			if err := w.jira.As("bob").EditComment(key, first, "two"); err != nil {
				t.Fatal(err)
			}
			w.clock.pass(time.Minute)
			want := heard()
			if len(want) != 6 {
				t.Fatalf("heard %v", want)
			}
			w.sweep(r)
			got := w.keys()
			slices.Sort(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-webhooks +found):\n%s", diff)
			}
			if w.found != 6 || w.told != 0 {
				t.Errorf("found %d, told %d", w.found, w.told)
			}
		})
	}
}

func TestWhatWebhooksToldIsNotStoredAgain(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	r := w.begin()
	key := do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "S"}))
	do[string](t)(w.jira.As("alice").Comment(key, "told", nil))
	w.clock.pass(2 * time.Minute)
	w.sweep(r)
	stored, err := w.inbox.Pending(t.Context(), 0, 10)
	if err != nil || len(stored) != 2 {
		t.Fatalf("%v, %v", stored, err)
	}
	// Another replica takes over: what the first has stored is known by its identity,
	// what was worked on by its content.
	for _, claim := range []bool{false, true} {
		if claim {
			for _, d := range stored {
				ev, _ := w.normalize(d.Body)
				if _, _, err := w.inbox.ClaimContent(t.Context(), d.Seq, d.Source, d.Site, ev.ContentKey); err != nil {
					t.Fatal(err)
				}
			}
		}
		w.sweep(reconcile.New(w.cfg))
		if got := w.keys(); len(got) != 2 {
			t.Errorf("stored %v", got)
		}
	}
	if w.found != 2 || w.told != 4 {
		t.Errorf("found %d, told %d", w.found, w.told)
	}
}

func TestAChangeIsLookedAtOnceAndNotBeforeItsWebhookHadTime(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	r := w.begin()
	do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "S"}))
	w.sweep(r)
	if got := w.keys(); len(got) != 0 {
		t.Errorf("found %v at once", got)
	}
	for range 4 {
		w.clock.pass(time.Minute)
		w.sweep(r)
	}
	if got := w.keys(); len(got) != 1 || w.found != 1 || w.told != 0 {
		t.Errorf("found %v (%d, %d)", got, w.found, w.told)
	}
}

func TestOurOwnChangesAndOthersBusinessAreLeftOut(t *testing.T) {
	for name, opts := range kinds() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, opts)
			w.cfg.Allowed = func(project string) bool { return project == "PROJ" }
			w.cfg.Events = func() []string { return []string{"issue_created", "comment_created"} }
			r := w.begin()
			alice, bot := w.jira.As("alice"), w.jira.As("bot")
			key := do[string](t)(alice.CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "asked for"}))
			do[string](t)(bot.CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "ours", Reporter: "alice"}))
			do[string](t)(bot.Comment(key, "ours", nil))
			do[string](t)(alice.CreateIssue(sandbox.NewIssue{Project: "FEAT", Summary: "not allowed"}))
			if err := errors.Join(alice.AddLabels(key, "not-asked-for"), bot.AddLabels(key, "ours")); err != nil {
				t.Fatal(err)
			}
			do[string](t)(alice.LogWork(key, "2h", "not a kind that is looked for"))
			w.clock.pass(2 * time.Minute)
			w.sweep(r)
			if got := w.keys(); len(got) != 1 || !strings.HasPrefix(got[0], "issue_created:") {
				t.Errorf("found %v", got)
			}
			if last := w.asked[len(w.asked)-1]; !strings.Contains(last, `project in (\"PROJ\")`) {
				t.Errorf("asked %s", last)
			}
		})
	}
}

func TestNothingIsLookedForThatWasBeforeTheFirstTime(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "old"}))
	w.clock.pass(time.Second)
	r := w.begin()
	do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "new"}))
	w.clock.pass(time.Minute)
	w.sweep(r)
	if got := w.keys(); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

func TestAnAbsenceIsCaughtUpWithWithinTheLookback(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.cfg.Lookback = 6 * time.Hour
	r := w.begin()
	create := func(summary string) {
		do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: summary}))
	}
	create("during the absence")
	w.clock.pass(2 * time.Hour)
	fault := do[sandbox.Fault](t)(w.jira.AddFault(sandbox.Fault{Path: "search", Effect: sandbox.Answer, Status: 503}))
	if _, err := r.Sweep(t.Context()); err == nil {
		t.Fatal("Jira was away and nothing was said")
	}
	w.jira.RemoveFault(fault.ID)
	w.sweep(r)
	if got := w.keys(); len(got) != 1 {
		t.Errorf("after two hours: found %v", got)
	}
	create("too long ago")
	w.clock.pass(7 * time.Hour)
	create("in time")
	w.clock.pass(5 * time.Hour)
	w.sweep(reconcile.New(w.cfg))
	if got := w.keys(); len(got) != 2 {
		t.Errorf("after half a day: found %v", got)
	}
}

func TestManyChangesAreFoundInPages(t *testing.T) {
	for name, opts := range kinds() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, opts)
			r := w.begin()
			const n = 730
			for i := range n {
				do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: fmt.Sprint(i)}))
				w.clock.pass(20 * time.Millisecond)
			}
			w.clock.pass(time.Minute)
			w.sweep(r)
			if got := w.keys(); len(got) != n {
				t.Errorf("found %d of %d", len(got), n)
			}
		})
	}
}

func TestAllCommentsOfAnIssueAreLookedAt(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	key := do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "S"}))
	w.clock.pass(time.Second)
	r := w.begin()
	for i := range 130 {
		do[string](t)(w.jira.As("alice").Comment(key, fmt.Sprint(i), nil))
	}
	w.clock.pass(time.Minute)
	w.sweep(r)
	if got := w.keys(); len(got) != 130 {
		t.Errorf("found %d", len(got))
	}
}

func TestAnIssueThatIsGoneHoldsNothingUp(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	r := w.begin()
	first := do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "S"}))
	do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "S"}))
	issue, _ := w.jira.Issue(first)
	do[sandbox.Fault](t)(w.jira.AddFault(sandbox.Fault{Path: "/issue/" + issue.ID + "$", Effect: sandbox.Answer, Status: 404}))
	w.clock.pass(time.Minute)
	w.sweep(r)
	if got := w.keys(); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}

func TestNoProjectIsNoQuestion(t *testing.T) {
	w := newWorld(t, sandbox.Options{})
	w.cfg.Allowed = func(string) bool { return false }
	r := w.begin()
	do[string](t)(w.jira.As("alice").CreateIssue(sandbox.NewIssue{Project: "PROJ", Summary: "S"}))
	w.clock.pass(time.Minute)
	w.sweep(r)
	if len(w.asked) != 0 || len(w.keys()) != 0 {
		t.Errorf("asked %v", w.asked)
	}
}

// TestAMissedCommentThatSomebodyElseEditedIsNotItsAuthorsWord has Bob put words into
// Alice's mouth while no webhook comes.
func TestAMissedCommentThatSomebodyElseEditedIsNotItsAuthorsWord(t *testing.T) {
	for name, opts := range kinds() {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, opts)
			r := w.begin()
			alice := w.jira.As("alice")
			key := do[string](t)(alice.CreateIssue(sandbox.NewIssue{Project: "PROJ", Type: "Bug", Summary: "Broken"}))
			first := do[string](t)(alice.Comment(key, "Not before Monday.", nil))
			w.clock.pass(time.Second)
			do[string](t)(alice.Comment(key, "her own", nil))
			if err := w.jira.As("bob").EditComment(key, first, "/approve K7QX2M"); err != nil {
				t.Fatal(err)
			}
			w.clock.pass(time.Minute)
			w.sweep(r)
			list, err := w.inbox.Pending(t.Context(), 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			reworded := map[string]bool{}
			for _, d := range list {
				ev, err := w.normalize(d.Body)
				if err != nil {
					t.Fatal(err)
				}
				if ev.Type == "comment_created" {
					reworded[ev.CommandText] = ev.Reworded
				}
			}
			if diff := cmp.Diff(map[string]bool{"/approve K7QX2M": true, "her own": false}, reworded); diff != "" {
				t.Errorf("comments that are not their authors' (-want +got):\n%s", diff)
			}
		})
	}
}
