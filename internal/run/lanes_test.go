package run_test

import (
	"context"
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

// labelled is a trigger whose filter has to ask for the labels.
func labelled() *manifest.Trigger {
	return trigger("labelled", func(tr *manifest.Trigger) { tr.Filters.Labels = []string{"vip"} })
}

// admitted are the deliveries that became runs, in the order of the runs.
func (h *house) admitted() []string {
	h.t.Helper()
	runs, err := h.store.Runs(context.Background(), store.RunFilter{Limit: 10_000})
	if err != nil {
		h.t.Fatal(err)
	}
	var ids []string
	for _, r := range slices.Backward(runs) {
		ids = append(ids, r.Delivery)
	}
	return ids
}

// TestASiteThatIsAwayHoldsUpNoOther lets more deliveries wait for one site than
// its lane holds, and serves another meanwhile.
func TestASiteThatIsAwayHoldsUpNoOther(t *testing.T) {
	h := newHouse(t, settings{limit: 4})
	h.plat.set(func(p *platform) { p.away = "away" })
	var waiting []string
	for i := range 700 {
		waiting = append(waiting, h.sendTo("away", encode(t, created(fmt.Sprint(i%5)))))
	}
	for i := range 5 {
		h.settled(h.sendTo("there", encode(t, created(fmt.Sprint(i)))))
	}
	if d, err := h.inbox.Get(t.Context(), waiting[0]); err != nil || d.State != inbox.StateReceived {
		t.Fatalf("delivery %+v, %v; want it to wait", d.Summary, err)
	}
	h.plat.set(func(p *platform) { p.away = "" })
	for _, id := range waiting {
		h.settled(id)
	}
}

// TestALaneThatWasPassedOverKeepsItsOrder fills a lane while another is served,
// again and again, and looks at the order of the runs.
func TestALaneThatWasPassedOverKeepsItsOrder(t *testing.T) {
	// A target that is gone makes runs that are over at once: the order is seen all the same.
	gone := trigger("any", func(tr *manifest.Trigger) { tr.Default.Name = "gone" })
	h := newHouse(t, settings{triggers: []*manifest.Trigger{gone}})
	h.plat.set(func(p *platform) { p.away = "slow" })
	want := map[string][]string{}
	for i := range 1400 {
		site := []string{"slow", "fast"}[i%2]
		issue := fmt.Sprint(i % 7)
		id := h.sendTo(site, encode(t, created(issue)))
		want[site+issue] = append(want[site+issue], id)
		if i == 1200 { // more than its lane holds
			h.plat.set(func(p *platform) { p.away = "" })
		}
	}
	h.await("all deliveries", func() bool {
		counts, err := h.inbox.Counts(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return counts[inbox.StateReceived] == 0
	})
	runs, err := h.store.Runs(t.Context(), store.RunFilter{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, r := range slices.Backward(runs) {
		key := r.Site + strings.TrimPrefix(r.Subject, "issue:")
		got[key] = append(got[key], r.Delivery)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order of the runs by site and issue (-accepted +admitted):\n%s", diff)
	}
}

func TestAnIssueThatCannotBeReadHoldsUpItselfAlone(t *testing.T) {
	h := newHouse(t, settings{limit: 4, triggers: []*manifest.Trigger{labelled()}})
	h.plat.set(func(p *platform) { p.busy, p.vars = "sick", map[string]any{"issue_labels": []string{"vip"}} })
	sick := []string{h.send(created("sick")), h.send(created("sick"))}
	for i := range 30 {
		h.over(h.send(created(fmt.Sprint(i))), 1)
	}
	h.plat.set(func(p *platform) { p.busy = "" })
	h.over(sick[1], 1)
	got := slices.DeleteFunc(h.admitted(), func(id string) bool { return !slices.Contains(sick, id) })
	if diff := cmp.Diff(sick, got); diff != "" {
		t.Errorf("order (-accepted +admitted):\n%s", diff)
	}
}

// TestADeliveryThatIsInterruptedIsNotOvertaken stops while the first delivery of
// an issue waits for Jira and others stand behind it.
func TestADeliveryThatIsInterruptedIsNotOvertaken(t *testing.T) {
	s := settings{limit: 4, triggers: []*manifest.Trigger{labelled()}}
	h := newHouse(t, s)
	for round := range 10 {
		issue := fmt.Sprint("issue", round)
		h.plat.set(func(p *platform) { p.busy, p.vars, p.asked = issue, map[string]any{"issue_labels": []string{"vip"}}, 0 })
		var sent []string
		for range 5 {
			sent = append(sent, h.send(created(issue)))
		}
		h.await("Jira to be asked", func() bool {
			h.plat.mu.Lock()
			defer h.plat.mu.Unlock()
			return h.plat.asked > 0
		})
		h.plat.set(func(p *platform) { p.busy = "" }) // whoever asks next gets an answer
		h.again(s)
		h.over(sent[4], 1)
		got := slices.DeleteFunc(h.admitted(), func(id string) bool { return !slices.Contains(sent, id) })
		if diff := cmp.Diff(sent, got); diff != "" {
			t.Fatalf("order (-accepted +admitted):\n%s", diff)
		}
	}
	h.stop()
}

func TestAPayloadThatMakesSomethingPanicFailsAlone(t *testing.T) {
	h := newHouse(t, settings{})
	h.stop()
	h.normalize = func(d inbox.Delivery) (*event.Event, error) {
		if strings.Contains(string(d.Body), "bomb") {
			panic("boom")
		}
		return normalize(d)
	}
	h.start(settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
	t.Cleanup(h.stop)
	bomb := h.sendRaw([]byte(`{"type":"bomb"}`))
	fine := h.send(created("1"))
	if d := h.settled(bomb); d.State != inbox.StateFailed || !strings.Contains(d.Reason, "panic: boom") {
		t.Errorf("delivery %+v", d.Summary)
	}
	if d := h.settled(fine); d.State != inbox.StateRouted {
		t.Errorf("delivery behind it %+v", d.Summary)
	}
}

// TestOneSiteByTwoPathsIsOneStory sends an issue's events by the plain path and
// by the path of the site's name.
func TestOneSiteByTwoPathsIsOneStory(t *testing.T) {
	h := newHouse(t, settings{})
	h.stop()
	h.normalize = func(d inbox.Delivery) (*event.Event, error) {
		d.Site = "main"
		return normalize(d)
	}
	h.start(settings{limit: 8, triggers: []*manifest.Trigger{trigger("any", nil)}})
	t.Cleanup(h.stop)
	h.exec.do = func(context.Context, run.Task, step.Journal) (run.Result, error) { return run.Result{}, nil }
	var want []string
	for i := range 60 {
		want = append(want, h.sendTo([]string{"", "main"}[i%2], encode(t, created("1"))))
	}
	h.over(want[59], 1)
	if diff := cmp.Diff(want, h.exec.done()); diff != "" {
		t.Errorf("order (-accepted +ran):\n%s", diff)
	}
	if h.exec.most > 1 {
		t.Errorf("%d runs of one issue at a time", h.exec.most)
	}
}

// TestADeliveryThatMadeRunsIsNotDecidedAgain takes a delivery back as a crash
// between the two stores does, under a catalogue that would decide otherwise.
func TestADeliveryThatMadeRunsIsNotDecidedAgain(t *testing.T) {
	for name, s := range map[string]settings{
		"the same catalogue":    {maxPerHour: 1, triggers: []*manifest.Trigger{trigger("any", nil)}},
		"another catalogue":     {triggers: nil},
		"one with more to say":  {triggers: []*manifest.Trigger{trigger("other", nil)}},
		"a target that is gone": {triggers: []*manifest.Trigger{trigger("any", func(tr *manifest.Trigger) { tr.Default.Name = "gone" })}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, settings{triggers: []*manifest.Trigger{trigger("any", nil)}})
			id := h.send(created("1"))
			h.over(id, 1)
			d := h.settled(id)
			h.stop()
			if err := h.inbox.Finish(t.Context(), []inbox.Outcome{{Seq: d.Seq, State: inbox.StateReceived}}); err != nil {
				t.Fatal(err)
			}
			h.start(s)
			t.Cleanup(h.stop)
			if d := h.settled(id); d.State != inbox.StateRouted || d.Reason != "trigger any" {
				t.Errorf("handed over again it is %+v", d.Summary)
			}
			if ran := h.exec.done(); len(ran) != 1 {
				t.Errorf("ran %d times", len(ran))
			}
		})
	}
}
