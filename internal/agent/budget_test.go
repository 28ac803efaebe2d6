package agent_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// worst are what calls of models may cost at most; others have no price.
type worst map[string]int64

func (w worst) Worst(refs []string, _ llm.Request) (llm.Usage, *int64) {
	var most int64
	for _, ref := range refs {
		cost, ok := w[ref]
		if !ok {
			return llm.Usage{In: 100}, nil
		}
		most = max(most, cost)
	}
	return llm.Usage{In: 100}, &most
}

// limited gives the bench's agent a budget of its own for the run, and tells what
// of it is spent and reserved.
func (b *bench) limited(t *testing.T, models agent.Models, prices worst, of manifest.Budget) func() store.Amount {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	registry, err := tool.NewRegistry(b.comment, b.read)
	if err != nil {
		t.Fatal(err)
	}
	b.job.Agent.Budget = of
	b.runner = agent.New(models, gate.New(policy.New(policy.Config{Tools: registry}), nil), registry).
		WithBudget(budget.New(s, prices, manifest.Policy{}, func() time.Time { return time.Unix(1_800_000_000, 0) }))
	return func() store.Amount {
		a, err := s.Spent(t.Context(), "agent helper in run run")
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

func TestWhatACallDidCostIsCountedAndNotWhatItCouldHave(t *testing.T) {
	b := newBench(t, calls("jira_get_issue", `{"issue_key":"PROJ-1"}`), says("All well."))
	spent := b.limited(t, b.model, worst{"p:m": 900_000}, manifest.Budget{Tokens: 124})
	b.run(t) // two calls of which each could cost nearly all
	if got := spent(); got.Tokens != 24 {
		t.Errorf("%+v is counted", got)
	}
}

// It is not known beforehand who answers.
func TestTheDearestOfAnAgentsModelsIsReserved(t *testing.T) {
	b := newBench(t, says("All well."))
	b.job.Agent.Fallbacks = []string{"q:n"}
	models := several{"p:m": b.model, "q:n": b.model}
	for name, c := range map[string]struct {
		prices worst
		want   string // "" for no failure
	}{
		"cheap ones":                   {worst{"p:m": 1, "q:n": 2}, ""},
		"a dear one that may stand in": {worst{"p:m": 1, "q:n": 2_000_000}, "the next call could cost $2.0000"},
		"one without a price":          {worst{"p:m": 1}, "the price of p:m or of q:n is not known"},
	} {
		b.limited(t, models, c.prices, manifest.Budget{USD: 1})
		b.model.asked = nil
		_, err := b.runner.Run(t.Context(), b.job, &tape{})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
		if n := len(b.model.asked); (n == 1) != (c.want == "") {
			t.Errorf("%s: the model was asked %d times", name, n)
		}
	}
}

func TestAFailedCallIsCountedByWhatIsKnownOfIt(t *testing.T) {
	cost := int64(42)
	for name, c := range map[string]struct {
		err  error
		want store.Amount
	}{
		"charged":      {&llm.Error{Kind: llm.KindContent, Usage: llm.Usage{In: 7, Out: 1}, CostMicroUSD: &cost}, store.Amount{MicroUSD: 42, Tokens: 8}},
		"no price":     {&llm.Error{Kind: llm.KindContent, Usage: llm.Usage{In: 7, Out: 1}}, store.Amount{MicroUSD: 900, Tokens: 8}},
		"nobody knows": {&llm.Error{Kind: llm.KindTimeout}, store.Amount{MicroUSD: 900, Tokens: 100}},
		"cut off":      {errors.New("connection reset"), store.Amount{MicroUSD: 900, Tokens: 100}},
	} {
		b := newBench(t)
		spent := b.limited(t, several{"p:m": &failing{err: c.err}}, worst{"p:m": 900}, manifest.Budget{USD: 1})
		if _, err := b.runner.Run(t.Context(), b.job, b.tape); err == nil {
			t.Errorf("%s: no error", name)
		}
		if got := spent(); got != c.want {
			t.Errorf("%s: %+v is counted, want %+v", name, got, c.want)
		}
	}
}

// What providers keep in their caches is the beginning of a request, which must not
// tell one run from another.
func TestRunsOfOneAgentBeginWithTheSameInstructions(t *testing.T) {
	other := map[string]any{"issue_key": "OPS-77", "issue_summary": "Disk full", "event_type": "issue_updated"}
	parts := map[string]agent.Part{
		"alone":    {},
		"a member": {Brief: "You work with triage and writer on {{ metadata.issue_key }}: {{ metadata.issue_summary }}", Label: "helper", Whole: "fleet f"},
		"a node":   {Brief: "Look at {{ found }} and {{ metadata.issue_summary }}.", Schema: []byte(`{"type":"object","properties":{"a":{"type":"string"}}}`)},
	}
	for name, part := range parts {
		var systems, users []string
		for i := range 2 {
			b := newBench(t, says(`{"a":"b"}`))
			b.job.Part, b.job.Agent.Output = part, manifest.OutputNone
			b.job.Vars = map[string]any{"found": []string{"the disk", "the login"}[i]}
			b.job.Material = []agent.Material{{Origin: "triage", Text: []string{"one", "two"}[i]}}
			b.job.Task = []string{"do this", "do that"}[i]
			if i == 1 {
				b.job.Event.Vars, b.job.Event.IssueKey, b.job.Origin.IssueKey = other, "OPS-77", "OPS-77"
				b.job.Seed, b.job.Now, b.job.Origin.Run, b.job.Args = "another seed", b.job.Now.Add(50*time.Hour), "run2", "quickly"
			}
			b.run(t)
			systems, users = append(systems, b.model.asked[0].System), append(users, b.model.asked[0].Messages[0].Text)
		}
		if systems[0] != systems[1] {
			t.Errorf("%s: the instructions differ:\n%s\n---\n%s", name, systems[0], systems[1])
		}
		if users[0] == users[1] || !strings.Contains(users[1], "OPS-77") {
			t.Errorf("%s: the runs are not told apart:\n%s", name, users[1])
		}
	}
}
