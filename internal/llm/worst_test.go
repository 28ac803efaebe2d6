package llm_test

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
)

// priced makes providers in which a few models have prices, by their names.
func priced(t *testing.T, opts llm.Options) *llm.Providers {
	t.Helper()
	opts.Prices = prices(t, map[string]llm.Price{
		"company:own": {Input: 3, Output: 3}, "openai:cheap": {Input: 1, Output: 1}, "openai:dear": {Input: 10, Output: 20}, "openai:own": {Input: 50, Output: 50},
	})
	p, err := llm.NewProviders([]llm.ProviderConfig{
		{Name: "company", Type: "openai", APIKey: "k"}, {Name: "attic", Type: "ollama"},
		{Name: "gateway", Type: "openai-compatible", BaseURL: "http://gateway.test/v1"}, {Name: "openai", APIKey: "k"},
	}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A second account at a provider is billed as the first.
func TestASecondProviderOfAKindHasThePricesOfTheFirst(t *testing.T) {
	usage := `"prompt_tokens":10,"completion_tokens":2,"total_tokens":12`
	p := priced(t, llm.Options{Transport: answering(200, strings.Replace(said("x"), usage, `"prompt_tokens":100,"completion_tokens":10`, 1), nil)})
	for ref, want := range map[string]int64{
		"openai:dear": 1200, "company:dear": 1200, "company:dear-2026-01-02": 1200, "company:own": 330, "openai:own": 5500,
		"attic:llama3.1:8b": 0, "gateway:dear": -1, "company:nobody-knows-it": -1,
	} {
		m, err := p.Open(ref)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := m.Complete(t.Context(), hello())
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case want < 0 && resp.CostMicroUSD != nil:
			t.Errorf("%s: cost %d, which nobody knows", ref, *resp.CostMicroUSD)
		case want >= 0 && (resp.CostMicroUSD == nil || *resp.CostMicroUSD != want):
			t.Errorf("%s: cost %v, want %d", ref, resp.CostMicroUSD, want)
		}
	}
}

func TestTheWorstOfACallIsThatOfTheDearestModelThatMayAnswer(t *testing.T) {
	p := priced(t, llm.Options{Fallbacks: map[string][]string{
		"openai:cheap": {"openai:dear"}, "openai:dear": {"gateway:unknown"},
	}})
	req := llm.Request{System: strings.Repeat("a", 1998), MaxTokens: 100}
	tests := []struct {
		name string
		refs []string
		want int64 // -1 for unknown
	}{
		{"alone", []string{"company:own"}, 1000*3*125/100 + 100*3},
		{"with those of the configuration", []string{"openai:cheap"}, 1000*10*125/100 + 100*20},
		{"with the agent's in their place", []string{"openai:cheap", "company:own"}, 1000*3*125/100 + 100*3},
		{"the agent's have none of their own", []string{"company:own", "openai:dear"}, 1000*10*125/100 + 100*20},
		{"one without a price", []string{"openai:cheap", "gateway:unknown"}, -1},
		{"one of the configuration without a price", []string{"openai:dear"}, -1},
		{"nothing to pay", []string{"attic:llama3.1:8b"}, 0},
	}
	if usage, _ := p.Worst([]string{"company:own"}, llm.Request{}); usage.Out != 4096 {
		t.Errorf("an answer without a limit has %d tokens", usage.Out)
	}
	for _, tt := range tests {
		usage, cost := p.Worst(tt.refs, req)
		if usage.In != 1000 || usage.CacheWriteIn != 1000 || usage.Out != 100 {
			t.Errorf("%s: usage %+v", tt.name, usage)
		}
		if tt.want < 0 && cost != nil || tt.want >= 0 && (cost == nil || *cost != tt.want) {
			t.Errorf("%s: cost %v, want %d", tt.name, cost, tt.want)
		}
	}
}
