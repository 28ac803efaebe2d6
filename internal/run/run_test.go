package run_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/postgres"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

const (
	patience = 2 * time.Minute
	me       = "account-of-the-bot"
)

// house is everything between the inbox and the targets, with targets that do
// as they are told.
type house struct {
	t         testing.TB
	dir       string
	dsn       string
	inbox     *inbox.Inbox
	store     *store.Store
	exec      *executor
	replies   replies
	plat      *platform
	normalize run.Normalizer
	observer  observer
	cfg       run.DispatcherConfig
	stop      func()
	seq       int
}

type settings struct {
	limit      int
	limits     store.Limits
	maxPerHour int
	triggers   []*manifest.Trigger
	// dsn names a PostgreSQL database for the runs; "" for SQLite.
	dsn string
	// grace is how long steps may take to finish when it stops.
	grace time.Duration
	// dispatch changes how deliveries are dispatched; nil for nothing.
	dispatch func(cfg *run.DispatcherConfig)
}

func newHouse(t testing.TB, s settings) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), dsn: s.dsn, exec: &executor{}, plat: &platform{}, normalize: normalize, observer: nobody{}}
	var err error
	if h.inbox, err = inbox.Open(t.Context(), h.dir, inbox.Options{}); err != nil {
		t.Fatal(err)
	}
	if s.dsn == "" {
		h.store, err = store.Open(t.Context(), h.dir, nil)
	} else {
		h.store, err = store.OpenPostgres(t.Context(), s.dsn, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.start(s)
	t.Cleanup(func() {
		h.stop()
		if err := errors.Join(h.store.Close(), h.inbox.Close()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// start brings everything up in the order in which the daemon does.
func (h *house) start(s settings) {
	h.t.Helper()
	log := zerolog.Nop()
	worker := run.NewWorker(h.store, map[string]run.Executor{"agent": h.exec, "reply": &h.replies}, h.plat, h.observer, log)
	var scheduler *run.Scheduler
	engine := durable.New(h.store, worker.Work, durable.Options{Log: log, Retry: durable.Retry{Tries: 2, Base: time.Millisecond, Max: time.Millisecond},
		Recorded: h.observer.StepEnded, Ended: worker.Ended, Left: func(string) { scheduler.Wake() }})
	replica := store.Replica{ID: fmt.Sprint("replica-", time.Now().UnixNano()), Started: time.Now()}
	supervisor := run.NewSupervisor(run.SupervisorConfig{Store: h.store, Engine: engine, Replica: replica, Wake: func() { scheduler.Wake() }, Log: log})
	scheduler = run.NewScheduler(h.store, engine, run.SchedulerConfig{Owner: replica.ID, Limit: max(s.limit, 1), Limits: s.limits, May: supervisor.Alive, Log: log})
	if err := supervisor.Begin(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	cat := &manifest.Catalog{Triggers: s.triggers, Revision: "cat-1"}
	h.cfg = run.DispatcherConfig{
		Inbox: h.inbox, Store: h.store, Normalizers: map[string]run.Normalizer{"jira": h.normalize},
		Router: router{cat}, Accounts: h.plat, Asker: h.plat, Admitted: scheduler.Wake, MaxPerHour: s.maxPerHour,
		Kinds: map[string]bool{"agent": true, "reply": true}, Observer: h.observer, Seed: func() string { return "seed" }, Log: log,
	}
	if s.dispatch != nil {
		s.dispatch(&h.cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { run.Dispatch(ctx, supervisor, h.cfg) })
	wg.Go(func() { supervisor.Run(ctx) })
	wg.Go(func() { scheduler.Run(ctx) })
	h.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		grace, done := context.WithTimeout(context.Background(), s.grace)
		defer done()
		_ = engine.Shutdown(grace)
	})
}

// again restarts everything but the stores.
func (h *house) again(s settings) {
	h.t.Helper()
	h.stop()
	h.start(s)
}

// sql changes the store's tables behind its back.
func (h *house) sql(statement string) {
	h.t.Helper()
	db, err := h.database()
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) database() (*sql.DB, error) {
	if h.dsn != "" {
		return postgres.Open(context.Background(), h.dsn, postgres.Options{Schema: store.Schema, MaxConns: 1})
	}
	return sqlite.Open(filepath.Join(h.dir, store.FileName), sqlite.Options{MaxConns: 1})
}

// normalize reads the test's own payloads: an event as JSON.
func normalize(d inbox.Delivery) (*event.Event, error) {
	ev := &event.Event{}
	if err := json.Unmarshal(d.Body, ev); err != nil {
		return nil, fmt.Errorf("not an event: %w", err)
	}
	ev.Source, ev.Site = "jira", d.Site
	if ev.Vars == nil {
		ev.Vars = map[string]any{}
	}
	return ev, nil
}

// send puts a delivery into the inbox and returns its id.
func (h *house) send(ev event.Event) string {
	h.t.Helper()
	body, err := json.Marshal(ev)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.sendRaw(body)
}

func (h *house) sendRaw(body []byte) string { return h.sendTo("", body) }

func (h *house) sendTo(site string, body []byte) string {
	h.t.Helper()
	h.seq++
	receipt, err := h.inbox.Append(context.Background(), inbox.Delivery{
		Summary: inbox.Summary{Source: "jira", Site: site, Key: fmt.Sprint("key-", h.seq)}, Body: body})
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt.ID
}

func (h *house) await(what string, ok func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); {
		if time.Now().After(deadline) {
			h.t.Fatalf("timed out waiting for %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// settled waits until the delivery has been dealt with.
func (h *house) settled(id string) inbox.Delivery {
	h.t.Helper()
	var d inbox.Delivery
	h.await("delivery "+id, func() bool {
		var err error
		if d, err = h.inbox.Get(context.Background(), id); err != nil {
			h.t.Fatal(err)
		}
		return d.State != inbox.StateReceived
	})
	return d
}

// over waits until the nth run of a delivery has ended.
func (h *house) over(delivery string, n int) store.Run {
	h.t.Helper()
	var r store.Run
	h.await(fmt.Sprintf("run %d of %s", n, delivery), func() bool {
		var err error
		r, err = h.store.Run(context.Background(), fmt.Sprintf("%s-%d", delivery, n))
		return err == nil && r.State.Terminal()
	})
	return r
}

// executor is a target that does as it is told.
type executor struct {
	mu        sync.Mutex
	needs     []string
	do        func(ctx context.Context, task run.Task, j step.Journal) (run.Result, error)
	order     []string
	explained []string
	running   int
	most      int
	panics    string // the method that panics
	mute      error  // why it cannot explain
}

func (e *executor) set(change func(*executor)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

func (e *executor) bomb(method string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.panics == method {
		panic("boom")
	}
}

func (e *executor) Needs(run.Task) ([]string, error) {
	e.bomb("needs")
	return e.needs, nil
}

func (e *executor) Execute(ctx context.Context, task run.Task, j step.Journal) (run.Result, error) {
	e.bomb("execute")
	e.mu.Lock()
	do := e.do
	e.order = append(e.order, task.Run.Delivery)
	e.running++
	e.most = max(e.most, e.running)
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.running--
		e.mu.Unlock()
	}()
	if do == nil {
		return run.Result{Text: "done"}, nil
	}
	return do(ctx, task, j)
}

func (e *executor) Explain(_ context.Context, task run.Task, _ step.Journal, cause string) error {
	e.bomb("explain")
	e.mu.Lock()
	defer e.mu.Unlock()
	e.explained = append(e.explained, task.Work.Command.Name+": "+cause)
	return e.mute
}

func (e *executor) done() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.order)
}

// platform is Jira as far as routing asks it.
type platform struct {
	mu      sync.Mutex
	vars    map[string]any
	err     error
	asked   int
	unknown int // how often it cannot tell who we are
	// answers are those to conditions in JQL, marks the depths of our comments.
	answers map[string]route.Answer
	marks   map[string]int
	// away names the site that does not answer, busy the issue that cannot be
	// read for now, "" for none.
	away, busy string
}

func (p *platform) set(change func(*platform)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// busyError is what a Jira says that may answer later.
type busyError struct{}

func (busyError) Error() string   { return "503" }
func (busyError) Temporary() bool { return true }

func (p *platform) Input(_ context.Context, _, site string) (route.Input, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unknown > 0 {
		p.unknown--
		return route.Input{}, errors.New("Jira is away")
	}
	if site != "" && site == p.away {
		return route.Input{}, errors.New("Jira is away")
	}
	return route.Input{Self: route.Identity{AccountIDs: []string{me}}, BotName: "aofbot"}, nil
}

func (p *platform) Askable(_ *event.Event, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		return !strings.HasPrefix(n, "issue_") && !strings.HasPrefix(n, "project_")
	})
}

func (p *platform) Enrich(_ context.Context, ev *event.Event, names []string) (map[string]any, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if ev.IssueID != "" && ev.IssueID == p.busy {
		return nil, busyError{}
	}
	out := map[string]any{}
	for _, n := range names {
		if v, ok := p.vars[n]; ok {
			out[n] = v
		}
	}
	return out, p.err
}

type router struct{ cat *manifest.Catalog }

func (r router) Current() run.Routes {
	return run.Routes{Table: route.New(r.cat), Revision: r.cat.Revision, Manifest: func(kind, name string) (store.Revision, bool) {
		return store.Revision{Revision: "rev-" + name, Kind: kind, Name: name, Text: "text of " + name}, name != "gone"
	}}
}

type observer interface {
	run.Observer
	run.DeliveryObserver
}

type nobody struct{}

func (nobody) RunEnded(string, string, store.State, time.Duration) {}
func (nobody) StepEnded(step.Entry)                                {}
func (nobody) DeliveryEnded(string, inbox.State)                   {}

func trigger(name string, change func(*manifest.Trigger)) *manifest.Trigger {
	t := &manifest.Trigger{Meta: manifest.Meta{Name: name}, Type: "jira", IgnoreBots: true,
		Default: manifest.Target{Kind: manifest.TargetAgent, Name: "helper"}}
	if change != nil {
		change(t)
	}
	return t
}

func created(issue string) event.Event {
	return event.Event{Type: "issue_created", Subject: "issue:" + issue, IssueID: issue, IssueKey: "PROJ-" + issue, Project: "PROJ",
		Actor: event.Actor{AccountID: "alice"}, Vars: map[string]any{"issue_key": "PROJ-" + issue, "sprint_id": 42}}
}

func comment(issue, id, text string) event.Event {
	ev := created(issue)
	ev.Type, ev.CommentID, ev.CommandText = "comment_created", id, text
	return ev
}

func TestADeliveryBecomesARunWithItsManifestAndItsOutcome(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	tasks := make(chan run.Task, 1)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		tasks <- task
		return run.Result{Text: "all well"}, nil
	}
	id := h.send(created("1"))
	r := h.over(id, 1)
	if r.State != store.StateSucceeded || r.Result != "all well" || r.Trigger != "any" || r.Target != "helper" || r.Actor != "alice" || r.Revision != "rev-helper" || r.Catalog != "cat-1" {
		t.Errorf("run %+v", r)
	}
	task := <-tasks
	if task.Manifest != "text of helper" || task.Work.Seed != "seed" {
		t.Errorf("task %+v", task)
	}
	if got := task.Work.Event.Vars["sprint_id"]; got != int64(42) {
		t.Errorf("sprint_id is %T %v, want the number 42", got, got)
	}
	if d := h.settled(id); d.State != inbox.StateRouted || d.Reason != "trigger any" || d.IssueKey != "PROJ-1" {
		t.Errorf("delivery %+v", d.Summary)
	}
}

func TestWhatBecomesOfDeliveriesThatStartNothing(t *testing.T) {
	onlyBugs := trigger("bugs", func(tr *manifest.Trigger) { tr.Filters.IssueTypes = []string{"Bug"} })
	own := created("2")
	own.Actor.AccountID = me
	marked := comment("3", "c1", "hello")
	marked.CommentMarked = true
	story := created("4")
	story.Vars["issue_type"] = "Story"
	tests := map[string]struct {
		body   []byte
		state  inbox.State
		reason string
		detail string
	}{
		"not JSON":              {[]byte("hello"), inbox.StateFailed, "not an event", ""},
		"our own account":       {encode(t, own), inbox.StateIgnored, route.ReasonOwnAccount, ""},
		"our own comment":       {encode(t, marked), inbox.StateIgnored, route.ReasonOwnComment, ""},
		"a filter that says no": {encode(t, story), inbox.StateIgnored, route.ReasonFiltered, `"clause":"issue_types"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, settings{triggers: []*manifest.Trigger{onlyBugs}})
			d := h.settled(h.sendRaw(tt.body))
			if d.State != tt.state || !strings.Contains(d.Reason, tt.reason) || !strings.Contains(string(d.Detail), tt.detail) {
				t.Errorf("delivery is %s because %q, detail %s; want %s because %q", d.State, d.Reason, d.Detail, tt.state, tt.reason)
			}
			if ran := h.exec.done(); len(ran) != 0 {
				t.Errorf("ran %v", ran)
			}
		})
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestOneEventThatCameTwiceStartsOneRun(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	ev := created("1")
	ev.ContentKey = "issue_created:1"
	first, second := h.send(ev), h.send(ev)
	h.over(first, 1)
	if d := h.settled(second); d.State != inbox.StateDuplicate || !strings.Contains(d.Reason, first) {
		t.Errorf("second delivery %+v, want a duplicate of %s", d.Summary, first)
	}
	if ran := h.exec.done(); len(ran) != 1 {
		t.Errorf("ran %v, want once", ran)
	}
}

func TestACommentOfTheLedgerIsOursWhoeverWroteIt(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	if _, err := h.store.Begin(t.Context(), "r:1", "comment", "PROJ-1"); err != nil {
		t.Fatal(err)
	}
	if err := h.store.Done(t.Context(), "r:1", "10500"); err != nil {
		t.Fatal(err)
	}
	if d := h.settled(h.send(comment("1", "10500", "hi"))); d.Reason != route.ReasonOwnComment {
		t.Errorf("delivery %+v, want it recognised as ours", d.Summary)
	}
}

func TestRunsOfASubjectGoInOrderAndOthersBesideThem(t *testing.T) {
	h := newHouse(t, settings{limit: 4, triggers: []*manifest.Trigger{trigger("any", nil)}})
	release := make(chan struct{})
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		if task.Work.Event.IssueID == "1" {
			<-release
		}
		return run.Result{}, nil
	}
	var want []string
	for range 5 {
		want = append(want, h.send(created("1")))
	}
	others := []string{h.send(created("2")), h.send(created("3"))}
	for _, id := range others {
		h.over(id, 1) // they do not wait for issue 1
	}
	close(release)
	h.over(want[4], 1)
	got := slices.DeleteFunc(h.exec.done(), func(id string) bool { return slices.Contains(others, id) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order on issue 1 (-accepted +ran):\n%s", diff)
	}
}

func TestNoMoreRunsAtATimeThanAllowed(t *testing.T) {
	h := newHouse(t, settings{limit: 2, triggers: []*manifest.Trigger{trigger("any", nil)}})
	var ids []string
	for i := range 12 {
		ids = append(ids, h.send(created(fmt.Sprint(i))))
	}
	for _, id := range ids {
		h.over(id, 1)
	}
	if h.exec.most > 2 {
		t.Errorf("%d at a time, want at most 2", h.exec.most)
	}
}

func TestSeveralCommandsOfOneCommentRunInOrder(t *testing.T) {
	tr := trigger("commands", func(tr *manifest.Trigger) {
		tr.Default = manifest.Target{}
		for _, name := range []string{"triage", "estimate"} {
			tr.Commands = append(tr.Commands, manifest.Command{Name: name, Target: manifest.Target{Kind: manifest.TargetAgent, Name: name},
				Params: map[string]any{"depth": 2}, Response: "on it"})
		}
	})
	h := newHouse(t, settings{triggers: []*manifest.Trigger{tr}})
	works := make(chan run.Work, 2)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		works <- task.Work
		return run.Result{}, nil
	}
	id := h.send(comment("1", "c1", "/estimate roughly\nbecause\n/triage now"))
	if first, second := h.over(id, 1), h.over(id, 2); first.Target != "estimate" || second.Target != "triage" {
		t.Errorf("ran %s, then %s", first.Target, second.Target)
	}
	w := <-works
	if w.Command == nil || w.Command.Name != "estimate" || w.Command.Args != "roughly" || w.Command.Body != "because" || w.Response != "on it" || fmt.Sprint(w.Params["depth"]) != "2" {
		t.Errorf("work %+v, command %+v", w, w.Command)
	}
}

func TestAFailedRunKeepsItsReasonAndTellsThePersonWhoAsked(t *testing.T) {
	tr := trigger("commands", func(tr *manifest.Trigger) {
		tr.Commands = []manifest.Command{{Name: "triage", Target: tr.Default}}
	})
	h := newHouse(t, settings{triggers: []*manifest.Trigger{tr}})
	h.exec.do = func(ctx context.Context, _ run.Task, j step.Journal) (run.Result, error) {
		_, err := j.Do(ctx, step.KindModel, "m", func(context.Context, string) (step.Entry, error) {
			return step.Entry{}, errors.New("the model is gone")
		})
		return run.Result{}, err
	}
	byCommand, byEvent := h.send(comment("1", "c1", "/triage")), h.send(created("1"))
	r := h.over(byCommand, 1)
	h.over(byEvent, 1)
	if r.State != store.StateFailed || !strings.Contains(r.Error, "the model is gone") || r.Steps != 1 {
		t.Errorf("run %+v", r)
	}
	if diff := cmp.Diff([]string{"triage: m: the model is gone"}, h.exec.explained); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestTargetsThatCannotRunAreRejectedByName(t *testing.T) {
	tests := map[string]struct {
		target manifest.Target
		want   string
	}{
		"a fleet":       {manifest.Target{Kind: manifest.TargetFleet, Name: "f"}, "kind fleet"},
		"a lost target": {manifest.Target{Kind: manifest.TargetAgent, Name: "gone"}, "no agent named gone"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) { tr.Default = tt.target })}})
			if r := h.over(h.send(created("1")), 1); r.State != store.StateRejected || !strings.Contains(r.Error, tt.want) {
				t.Errorf("run is %s: %s", r.State, r.Error)
			}
		})
	}
}

func TestTheBreakerOpensAfterSoManyRunsOfASubject(t *testing.T) {
	h := newHouse(t, settings{maxPerHour: 2, triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.over(h.send(created("1")), 1)
	h.over(h.send(created("1")), 1)
	if d := h.settled(h.send(created("1"))); d.State != inbox.StateIgnored || !strings.Contains(d.Reason, "breaker") {
		t.Errorf("third delivery %+v", d.Summary)
	}
	h.over(h.send(created("2")), 1) // other subjects go on
}

func TestWhatAFilterNeedsIsAskedForOnce(t *testing.T) {
	labelled := trigger("labelled", func(tr *manifest.Trigger) { tr.Filters.Labels = []string{"vip"} })
	h := newHouse(t, settings{triggers: []*manifest.Trigger{labelled}})
	h.plat.vars = map[string]any{"issue_labels": []string{"vip"}}
	h.over(h.send(created("1")), 1)
	if h.plat.asked != 1 {
		t.Errorf("asked %d times", h.plat.asked)
	}
	h.plat.mu.Lock()
	h.plat.vars, h.plat.err = nil, errors.New("403")
	h.plat.mu.Unlock()
	if d := h.settled(h.send(created("2"))); d.State != inbox.StateIgnored {
		t.Errorf("with Jira refusing, the filter says %+v, want no", d.Summary)
	}
}

func TestWhatATargetReadsAndTheEventLacksIsAskedForAsAStep(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.exec.needs = []string{"issue_key", "issue_description", "comment_body"}
	h.plat.vars = map[string]any{"issue_description": "long story"}
	got := make(chan map[string]any, 1)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		got <- task.Work.Event.Vars
		return run.Result{}, nil
	}
	r := h.over(h.send(created("1")), 1)
	if vars := <-got; vars["issue_description"] != "long story" {
		t.Errorf("variables %v", vars)
	}
	steps, err := h.store.Steps(t.Context(), r.ID)
	if err != nil || len(steps) != 1 || steps[0].Kind != step.KindEnrich || string(steps[0].Input) != `["issue_description"]` {
		t.Errorf("steps %+v, %v", steps, err)
	}
}

func TestEventsWaitUntilJiraTellsWhoWeAre(t *testing.T) {
	h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	h.plat.set(func(p *platform) { p.unknown = 2 })
	if r := h.over(h.send(created("1")), 1); r.State != store.StateSucceeded {
		t.Errorf("run %+v", r)
	}
}
