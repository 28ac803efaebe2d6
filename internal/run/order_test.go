package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// issues are those that Jira has: of the project PROJ, up to number 9, on the site
// "main", which is also the one without a name.
type issues struct{}

func (issues) Issue(_ context.Context, _, key string) (run.Issue, bool, error) {
	id, found := strings.CutPrefix(key, "PROJ-")
	if !found || len(id) > 1 {
		return run.Issue{}, false, nil
	}
	return run.Issue{Site: "main", ID: id, Key: key, Project: "PROJ"}, true, nil
}

// takesOrders has the dispatcher take orders as the daemon's does.
func takesOrders(cfg *run.DispatcherConfig) {
	cfg.Issues = issues{}
	cfg.Normalizers = map[string]run.Normalizer{"jira": normalize, event.SourceOperator: func(inbox.Delivery) (*event.Event, error) {
		return &event.Event{Source: event.SourceOperator, Type: "operator_run", Actor: event.Actor{DisplayName: "olga"}, Vars: map[string]any{}}, nil
	}}
}

// pages are those that Confluence has: one.
type pages struct{}

func (pages) Page(_ context.Context, named string) (run.Page, bool, error) {
	return run.Page{ID: "7", Space: "DOC", Title: "Spec"}, named == "https://wiki/7", nil
}

func (h *house) order(o run.Order) string {
	h.t.Helper()
	body, err := json.Marshal(o)
	if err != nil {
		h.t.Fatal(err)
	}
	h.seq++
	receipt, err := h.inbox.Append(context.Background(), inbox.Delivery{
		Summary: inbox.Summary{Source: event.SourceOperator, Key: fmt.Sprint("order-", h.seq)}, Body: body})
	if err != nil {
		h.t.Fatal(err)
	}
	return receipt.ID
}

func TestOrdersThatMakeNoSenseAreRefused(t *testing.T) {
	cases := map[string]struct {
		order run.Order
		want  string
	}{
		"nothing":               {run.Order{}, "name a target, a run or a delivery"},
		"half a target":         {run.Order{Kind: "agent"}, "a target has a kind and a name"},
		"no key":                {run.Order{Kind: "agent", Name: "a", Issue: "7"}, `"7" is not the key of an issue`},
		"a manifest, for real":  {run.Order{Kind: "agent", Name: "a", Manifest: "x"}, "can only be run dry"},
		"a manifest of nothing": {run.Order{Delivery: "d", Manifest: "x", DryRun: true}, "a manifest needs the target"},
		"a run and an issue":    {run.Order{Run: "r-1", Issue: "PROJ-1"}, "says itself"},
		"a page and an issue":   {run.Order{Kind: "agent", Name: "a", Page: "7", Issue: "PROJ-1"}, "name a page alone"},
		"a run and a page":      {run.Order{Run: "r-1", Page: "7"}, "says itself"},
		"a run and a target":    {run.Order{Run: "r-1", Kind: "agent", Name: "a"}, "says itself"},
		"a target":              {run.Order{Kind: "agent", Name: "a"}, ""},
		"a run, another text":   {run.Order{Run: "r-1", DryRun: true, Manifest: "x"}, ""},
	}
	for name, c := range cases {
		err := c.order.Check()
		if got := fmt.Sprint(err); (err == nil) != (c.want == "") || err != nil && !strings.Contains(got, c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestAnOrderIsARunInTheLineOfItsIssue(t *testing.T) {
	h := newHouse(t, settings{dispatch: takesOrders})
	tasks := make(chan run.Task, 2)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		tasks <- task
		return run.Result{}, nil
	}
	r := h.over(h.order(run.Order{Kind: "agent", Name: "helper", Issue: "PROJ-1", Args: "now please", Params: map[string]string{"a": "b"}}), 1)
	if r.Source != "jira" || r.Site != "main" || r.Subject != "issue:1" || r.IssueKey != "PROJ-1" || r.Trigger != "operator" || r.Actor != "olga" {
		t.Errorf("run %+v", r)
	}
	if task := <-tasks; task.Work.Command == nil || task.Work.Command.Args != "now please" || task.Work.Command.Params["a"] != "b" || task.Work.DryRun {
		t.Errorf("work %+v", task.Work)
	}
	r = h.over(h.order(run.Order{Kind: "agent", Name: "helper", Issue: "PROJ-1", DryRun: true}), 1)
	if r.Subject != r.ID || !(<-tasks).Work.DryRun || r.Trigger != "operator (dry run)" {
		t.Errorf("dry run %+v", r)
	}
	if r = h.over(h.order(run.Order{Kind: "agent", Name: "gone", Issue: "PROJ-1"}), 1); r.State != store.StateRejected || r.Error != "there is no agent named gone" {
		t.Errorf("without a manifest: %+v", r)
	}
	if d := h.settled(h.order(run.Order{Kind: "agent", Name: "helper", Issue: "PROJ-77"})); d.State != inbox.StateFailed || !strings.Contains(d.Reason, "there is no issue PROJ-77") {
		t.Errorf("%s: %s", d.State, d.Reason)
	}
}

func TestAnOrderOnAPageIsARunInTheLineOfThePage(t *testing.T) {
	h := newHouse(t, settings{dispatch: func(cfg *run.DispatcherConfig) {
		takesOrders(cfg)
		cfg.Pages = pages{}
	}})
	tasks := make(chan run.Task, 1)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		tasks <- task
		return run.Result{}, nil
	}
	r := h.over(h.order(run.Order{Kind: "agent", Name: "helper", Page: "https://wiki/7"}), 1)
	if r.Source != "confluence" || r.Subject != "page:7" || r.Trigger != "operator" {
		t.Errorf("run %+v", r)
	}
	vars := (<-tasks).Work.Event.Vars
	if vars["page_id"] != "7" || vars["space_key"] != "DOC" || vars["page_title"] != "Spec" {
		t.Errorf("variables %v", vars)
	}
	if d := h.settled(h.order(run.Order{Kind: "agent", Name: "helper", Page: "8"})); d.State != inbox.StateFailed || !strings.Contains(d.Reason, "there is no page 8") {
		t.Errorf("%s: %s", d.State, d.Reason)
	}
}

// TestARunIsRepeatedWithAllThatItWasGiven repeats one that a command started, after
// the payload of its delivery was deleted.
func TestARunIsRepeatedWithAllThatItWasGiven(t *testing.T) {
	commands := trigger("commands", func(tr *manifest.Trigger) {
		tr.Commands = []manifest.Command{{Name: "triage", Target: tr.Default, Params: map[string]any{"depth": 3}, Response: "On it."}}
	})
	h := newHouse(t, settings{dispatch: takesOrders, triggers: []*manifest.Trigger{commands}})
	tasks := make(chan run.Task, 5)
	h.exec.do = func(_ context.Context, task run.Task, _ step.Journal) (run.Result, error) {
		tasks <- task
		return run.Result{}, nil
	}
	first := h.over(h.send(comment("1", "c1", "/triage fast size=3\nand well")), 1)
	then := (<-tasks).Work
	for _, dry := range []bool{false, true} {
		r := h.over(h.order(run.Order{Run: first.ID, DryRun: dry}), 1)
		now := (<-tasks).Work
		if now.DryRun != dry || (now.Response == "") != dry || r.State != store.StateSucceeded || r.Revision != first.Revision || r.EventType != first.EventType {
			t.Errorf("dry %v: run %+v, work %+v", dry, r, now)
		}
		now.DryRun, now.Response = then.DryRun, then.Response
		if diff := cmp.Diff(then, now); diff != "" {
			t.Errorf("dry %v: work (-then +now):\n%s", dry, diff)
		}
		if sameLine := r.Subject == first.Subject; sameLine == dry {
			t.Errorf("dry %v: stands in the line %s", dry, r.Subject)
		}
	}
	dry := h.over(h.order(run.Order{Run: first.ID, DryRun: true}), 1)
	<-tasks
	if r := h.over(h.order(run.Order{Run: dry.ID}), 1); r.Source != first.Source || r.Subject != first.Subject || (<-tasks).Work.DryRun {
		t.Errorf("for real after a dry run: %+v", r)
	}
	with := h.over(h.order(run.Order{Run: first.ID, DryRun: true, Manifest: "another text", Source: "./changed"}), 1)
	if task := <-tasks; task.Manifest != "another text" || task.Source != "./changed" || with.Target != first.Target {
		t.Errorf("task %+v", task)
	}
	for want, id := range map[string]string{"not found": "nosuch-1"} {
		if d := h.settled(h.order(run.Order{Run: id})); d.State != inbox.StateFailed || !strings.Contains(d.Reason, want) {
			t.Errorf("%s: %s %s", id, d.State, d.Reason)
		}
	}
	h.sql(`DELETE FROM run_work`)
	if d := h.settled(h.order(run.Order{Run: first.ID})); d.State != inbox.StateFailed || !strings.Contains(d.Reason, "what it was to do is deleted") {
		t.Errorf("deleted: %s %s", d.State, d.Reason)
	}
	reply := store.Run{ID: "x", TargetKind: "reply", Work: json.RawMessage(`{}`)}
	if err := run.Repeatable(reply); err == nil {
		t.Error("a reply can be repeated")
	}
}

// TestAnOrderThatWasCutOffIsCarriedOutOnce stops the dispatcher between the admission
// of the run and the record of that.
func TestAnOrderThatWasCutOffIsCarriedOutOnce(t *testing.T) {
	h := newHouse(t, settings{dispatch: func(cfg *run.DispatcherConfig) {
		takesOrders(cfg)
		cfg.Inbox = forgetful{cfg.Inbox}
	}})
	id := h.order(run.Order{Kind: "agent", Name: "helper", Issue: "PROJ-1"})
	h.over(id, 1)
	h.again(settings{dispatch: takesOrders})
	if d := h.settled(id); d.State != inbox.StateRouted || d.Reason != "trigger operator" {
		t.Errorf("%s: %s", d.State, d.Reason)
	}
	runs, err := h.store.Runs(t.Context(), store.RunFilter{Delivery: id})
	if err != nil || len(runs) != 1 || !slices.Equal(h.exec.done(), []string{id}) {
		t.Errorf("runs %+v, %v; done %v", runs, err, h.exec.done())
	}
}

func TestAnOperatorIsNotToldInACommentThatAnOrderFailed(t *testing.T) {
	h := newHouse(t, settings{dispatch: takesOrders})
	h.exec.do = func(context.Context, run.Task, step.Journal) (run.Result, error) {
		return run.Result{}, fmt.Errorf("no luck")
	}
	if r := h.over(h.order(run.Order{Kind: "agent", Name: "helper", Issue: "PROJ-1", Args: "x"}), 1); r.State != store.StateFailed {
		t.Errorf("run %+v", r)
	}
	h.stop()
	if len(h.exec.explained) != 0 {
		t.Errorf("explained %q", h.exec.explained)
	}
}
