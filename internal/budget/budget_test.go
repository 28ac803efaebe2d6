package budget_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
)

// prices are a table of one dear model; other models have no price.
type prices struct{ worst int64 }

func (p prices) Worst(refs []string, _ llm.Request) (llm.Usage, *int64) {
	usage := llm.Usage{In: 80, Out: 20}
	if refs[0] != "p:dear" {
		return usage, nil
	}
	return usage, &p.worst
}

func micro(n int64) *int64 { return &n }

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestACallThatCouldPassABudgetIsNotMade(t *testing.T) {
	cases := map[string]struct {
		policy  manifest.Policy
		spender budget.Spender
		model   string
		want    string
	}{
		"no budget":           {manifest.Policy{}, budget.Spender{}, "p:unknown", ""},
		"room":                {manifest.Policy{Budget: manifest.Budget{USD: 0.11}}, budget.Spender{}, "p:dear", ""},
		"the run":             {manifest.Policy{Budget: manifest.Budget{USD: 0.09}}, budget.Spender{Run: "r1"}, "p:dear", "the budget of all agents in run r1 is $0.0900"},
		"the day":             {manifest.Policy{Budget: manifest.Budget{USDPerDay: 0.09}}, budget.Spender{}, "p:dear", "all agents on 2026-05-04"},
		"the issue":           {manifest.Policy{BudgetPerIssue: 0.09}, budget.Spender{Site: "s", Issue: "PROJ-1"}, "p:dear", "issue s PROJ-1 on 2026-05-04"},
		"no issue":            {manifest.Policy{BudgetPerIssue: 0.09}, budget.Spender{}, "p:dear", ""},
		"the agent's run":     {manifest.Policy{}, budget.Spender{Agent: "a", Run: "r1", Budget: manifest.Budget{USD: 0.09}}, "p:dear", "agent a in run r1"},
		"the agent's day":     {manifest.Policy{}, budget.Spender{Agent: "a", Budget: manifest.Budget{USDPerDay: 0.09}}, "p:dear", "agent a on 2026-05-04"},
		"the agent's tokens":  {manifest.Policy{}, budget.Spender{Agent: "a", Budget: manifest.Budget{Tokens: 99}}, "p:dear", "99 tokens"},
		"the fleet":           {manifest.Policy{}, budget.Spender{Run: "r1", Target: "fleet f", Whole: manifest.Budget{USD: 0.09}}, "p:dear", "fleet f in run r1"},
		"a flow around it":    {manifest.Policy{}, budget.Spender{Run: "r1", Around: []budget.Share{{Target: "flow g", Budget: manifest.Budget{USD: 0.09}}}}, "p:dear", "flow g in run r1"},
		"an unknown price":    {manifest.Policy{Budget: manifest.Budget{USD: 100}}, budget.Spender{}, "p:unknown", "the price of p:unknown is not known"},
		"tokens, price aside": {manifest.Policy{}, budget.Spender{Agent: "a", Budget: manifest.Budget{Tokens: 100}}, "p:unknown", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			k := budget.New(openStore(t), prices{100_000}, c.policy, func() time.Time { return noon })
			call, err := k.Reserve(t.Context(), "r1:0", c.spender, []string{c.model}, llm.Request{})
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := call.Settle(t.Context(), llm.Usage{}, nil); err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, budget.ErrOver) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestWhatACallDidCostTakesThePlaceOfWhatItCouldHave(t *testing.T) {
	s := openStore(t)
	now := noon
	k := budget.New(s, prices{100_000}, manifest.Policy{Budget: manifest.Budget{USDPerDay: 0.25}}, func() time.Time { return now })
	spent := func() int64 {
		a, err := s.Spent(t.Context(), "all agents on "+now.Format("2006-01-02"))
		if err != nil {
			t.Fatal(err)
		}
		return a.MicroUSD
	}
	reserve := func(id string) *budget.Call {
		t.Helper()
		call, err := k.Reserve(t.Context(), id, budget.Spender{}, []string{"p:dear"}, llm.Request{})
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	if err := reserve("r:0").Settle(t.Context(), llm.Usage{In: 1, Out: 1}, micro(7_000)); err != nil || spent() != 7_000 {
		t.Errorf("settled: %d, %v", spent(), err)
	}
	if err := reserve("r:1").Refund(t.Context()); err != nil || spent() != 7_000 {
		t.Errorf("refunded: %d, %v", spent(), err)
	}
	if err := reserve("r:2").Settle(t.Context(), llm.Usage{}, nil); err != nil || spent() != 107_000 {
		t.Errorf("without usage: %d, %v", spent(), err)
	}
	reserve("r:3") // is under way
	if _, err := k.Reserve(t.Context(), "r:4", budget.Spender{}, []string{"p:dear"}, llm.Request{}); !errors.Is(err, budget.ErrOver) {
		t.Errorf("beside a call that is under way: %v", err)
	}
	now = now.Add(24 * time.Hour)
	reserve("r:5")
	if spent() != 100_000 {
		t.Errorf("the next day begins with %d", spent())
	}
}

// A provider that tells nothing of what a call took makes no budget endless.
func TestACallOfUnknownUsageCostsWhatWasSetAside(t *testing.T) {
	s := openStore(t)
	k := budget.New(s, prices{100_000}, manifest.Policy{}, func() time.Time { return noon })
	spender := budget.Spender{Agent: "a", Run: "r", Budget: manifest.Budget{Tokens: 350, USD: 1}}
	for i, usage := range []llm.Usage{{}, {In: 5, Out: 2}, {}} {
		call, err := k.Reserve(t.Context(), "r:"+strconv.Itoa(i), spender, []string{"p:dear"}, llm.Request{})
		if err != nil {
			t.Fatal(err)
		}
		if err := call.Settle(t.Context(), usage, nil); err != nil {
			t.Fatal(err)
		}
	}
	spent, err := s.Spent(t.Context(), "agent a in run r")
	if want := (store.Amount{MicroUSD: 300_000, Tokens: 207}); err != nil || spent != want {
		t.Errorf("spent %+v, want %+v: %v", spent, want, err)
	}
}

// What a call set aside that a crash cut off stays so: it is the same call when the
// run goes on, with the same name, and another cannot take its place.
func TestWhatACrashCutOffStaysSetAside(t *testing.T) {
	dir := t.TempDir()
	open := func() (*store.Store, *budget.Keeper) {
		s, err := store.Open(t.Context(), dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s, budget.New(s, prices{100_000}, manifest.Policy{Budget: manifest.Budget{USDPerDay: 0.15}}, func() time.Time { return noon })
	}
	s, k := open()
	if _, err := k.Reserve(t.Context(), "r:0", budget.Spender{}, []string{"p:dear"}, llm.Request{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, k = open()
	defer func() { _ = s.Close() }()
	if _, err := k.Reserve(t.Context(), "q:0", budget.Spender{}, []string{"p:dear"}, llm.Request{}); !errors.Is(err, budget.ErrOver) {
		t.Errorf("another call beside the one that was cut off: %v", err)
	}
	call, err := k.Reserve(t.Context(), "r:0", budget.Spender{}, []string{"p:dear"}, llm.Request{})
	if err != nil {
		t.Fatalf("the call, made again: %v", err)
	}
	if err := call.Settle(t.Context(), llm.Usage{In: 1, Out: 1}, micro(4_000)); err != nil {
		t.Fatal(err)
	}
	if spent, err := s.Spent(t.Context(), "all agents on 2026-05-04"); err != nil || spent.MicroUSD != 4_000 {
		t.Errorf("spent %+v: %v", spent, err)
	}
}

func TestWithoutAKeeperNothingIsLimited(t *testing.T) {
	var k *budget.Keeper
	call, err := k.Reserve(t.Context(), "r:0", budget.Spender{}, []string{"p:dear"}, llm.Request{})
	if err != nil || call.Settle(t.Context(), llm.Usage{}, nil) != nil || call.Refund(t.Context()) != nil {
		t.Errorf("call %v, %v", call, err)
	}
}
