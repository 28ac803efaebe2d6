package llm_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/llm"
)

func prices(t *testing.T, overrides map[string]llm.Price) *llm.Prices {
	t.Helper()
	p, err := llm.NewPrices(overrides)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestCostFollowsThePriceTable(t *testing.T) {
	p := prices(t, map[string]llm.Price{
		"house:big":      {Input: 1, Output: 2},
		"house:*":        {Input: 0.1, Output: 0.2, CachedInput: 0.05},
		"openai:gpt-4.1": {Input: 1.8, Output: 7.2},
		"free:*":         {},
		"tiny:x":         {Input: 0.000001},
		"writes:x":       {Input: 1, Output: 1, CacheWrite: 3},
		"tiers:x":        {Input: 1, Output: 1, Above: []llm.PriceAbove{{Tokens: 10, Input: 2, Output: 2}, {Tokens: 20, Input: 4, Output: 4, CachedInput: 1}}},
	})
	tests := []struct {
		ref   string
		usage llm.Usage
		want  int64 // -1 for unknown
	}{
		{"google:gemini-2.5-flash", llm.Usage{In: 1_000_000}, 300_000},
		{"google:gemini-2.5-flash", llm.Usage{In: 1_000_000, CachedIn: 1_000_000}, 30_000},
		{"google:gemini-2.5-flash", llm.Usage{In: 1000, CachedIn: 400, Out: 100}, 180 + 12 + 250},
		{"google:models/gemini-2.5-flash", llm.Usage{In: 1000}, 300},
		{"google:gemini-2.5-pro", llm.Usage{In: 200_000, Out: 1000}, 250_000 + 10_000},
		{"google:gemini-2.5-pro", llm.Usage{In: 200_001, Out: 1000}, 500_002 + 15_000}, // 500,002.5 is rounded
		{"openai:gpt-4.1-mini-2025-04-14", llm.Usage{In: 10, Out: 10}, 20},
		{"anthropic:claude-haiku-4-5-20251001", llm.Usage{In: 10, Out: 10}, 60},
		{"anthropic:claude-haiku-4-5-20259999", llm.Usage{In: 10, Out: 10}, -1},
		{"openai:gpt-4.1", llm.Usage{In: 10, CachedIn: 10, Out: 10}, 90},
		{"house:big", llm.Usage{In: 3, Out: 4}, 11},
		{"house:small", llm.Usage{In: 100, CachedIn: 50, Out: 100}, 28}, // 27.5 is rounded
		{"tiers:x", llm.Usage{In: 10, Out: 1}, 11},
		{"tiers:x", llm.Usage{In: 11, Out: 1}, 24},
		{"tiers:x", llm.Usage{In: 21, CachedIn: 20, Out: 1}, 28},
		{"writes:x", llm.Usage{In: 10, CacheWriteIn: 4, Out: 1}, 6 + 12 + 1},
		{"openai:gpt-6-sol", llm.Usage{In: 272_000}, 544_000},
		{"openai:gpt-6-sol", llm.Usage{In: 272_001}, 1_088_004},
		{"ollama:llama3.1:8b", llm.Usage{In: 1000, Out: 1000}, 0},
		{"ollama:llama3.1:8b", llm.Usage{}, 0},
		{"free:anything", llm.Usage{}, 0},
		{"tiny:x", llm.Usage{In: 1}, 0},
		{"openai:gpt-4.1", llm.Usage{}, -1},
		{"openai:gpt-9", llm.Usage{In: 1}, -1},
		{"openrouter:openai/gpt-4.1", llm.Usage{In: 1}, -1},
		{"nobody:x", llm.Usage{In: 1}, -1},
		{"gemini-2.5-flash", llm.Usage{In: 1}, -1},
		{"", llm.Usage{In: 1}, -1},
		{"house:big", llm.Usage{In: math.MaxInt, Out: math.MaxInt, CachedIn: math.MaxInt}, 3_000_000_000},
		{"house:big", llm.Usage{In: -5, Out: 10, CachedIn: -7}, 20},
	}
	for _, tt := range tests {
		got := p.Cost(tt.ref, tt.usage)
		switch {
		case tt.want < 0 && got != nil:
			t.Errorf("%s %+v costs %d, want unknown", tt.ref, tt.usage, *got)
		case tt.want >= 0 && (got == nil || *got != tt.want):
			t.Errorf("%s %+v costs %v, want %d", tt.ref, tt.usage, got, tt.want)
		}
	}
	for usage, want := range map[llm.Usage]int64{
		{In: 1000, CacheWriteIn: 1000}:                         1250, // a quarter more than input
		{In: 1000, CachedIn: 400, CacheWriteIn: 500, Out: 100}: 100 + 40 + 625 + 500,
		{In: 1000, CachedIn: 800, CacheWriteIn: 800}:           80 + 250, // no more than there is
	} {
		if got := p.Cost("anthropic:claude-haiku-4-5", usage); got == nil || *got != want {
			t.Errorf("%+v costs %v, want %d", usage, got, want)
		}
	}
	if !p.Known("google:gemini-2.5-flash") || p.Known("google:gemini-9") {
		t.Error("Known does not tell what is known")
	}
}

func TestPricesThatCannotBeAreRefusedTogether(t *testing.T) {
	_, err := llm.NewPrices(map[string]llm.Price{
		"a:b": {Input: -1}, "c:d": {Output: math.NaN()}, "e:f": {CachedInput: math.Inf(1)}, "g:h": {Input: 5000},
		"no-colon": {Input: 1}, "i:j": {Above: []llm.PriceAbove{{Tokens: 0}}},
		"k:l": {Above: []llm.PriceAbove{{Tokens: 5}, {Tokens: 5}}}, "m:n": {Above: []llm.PriceAbove{{Tokens: 5, Output: -1}}}, "o:p": {CacheWrite: -2},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"a:b": -1 dollars`, `"c:d": NaN dollars`, `"e:f": +Inf`, `"g:h": 5000 dollars per million tokens is not between 0 and 1000`,
		`"no-colon": parse model`, `"i:j": thresholds must rise`, `"k:l": thresholds must rise`, `"m:n": -1 dollars`, `"o:p": -2 dollars`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %s in:\n%v", want, err)
		}
	}
}

func TestTheEmbeddedTableHasADate(t *testing.T) {
	if _, err := time.Parse(time.DateOnly, prices(t, nil).Date()); err != nil {
		t.Error(err)
	}
}

// The sum over calls is the sum over the price table, reckoned in fractions: each
// call is off by half a micro-dollar at most, and prices that are whole
// micro-dollars a token are exact.
func TestCostsAddUpToTheMicroDollar(t *testing.T) {
	table := map[string]llm.Price{
		"a:whole":     {Input: 3, Output: 15, CachedInput: 1, CacheWrite: 4},
		"a:fractions": {Input: 0.1, Output: 0.4, CachedInput: 0.025, CacheWrite: 0.125},
		"a:odd":       {Input: 0.333333, Output: 1.234567, CachedInput: 0.000001, CacheWrite: 7.7},
	}
	p := prices(t, table)
	random := rand.New(rand.NewPCG(1, 2))
	for ref, price := range table {
		var sum int64
		exact := new(big.Rat)
		const calls = 20_000
		for range calls {
			u := llm.Usage{In: 1 + random.IntN(200_000), Out: random.IntN(10_000)}
			u.CachedIn = random.IntN(u.In)
			u.CacheWriteIn = random.IntN(u.In - u.CachedIn)
			cost := p.Cost(ref, u)
			one := reckon(price, u)
			if off := new(big.Rat).Sub(one, new(big.Rat).SetInt64(*cost)); off.Abs(off).Cmp(big.NewRat(1, 2)) > 0 {
				t.Fatalf("%s %+v costs %d, want %s", ref, u, *cost, one.FloatString(6))
			}
			sum += *cost
			exact.Add(exact, one)
		}
		off, _ := new(big.Rat).Sub(exact, new(big.Rat).SetInt64(sum)).Float64()
		if math.Abs(off) > calls/100 || ref == "a:whole" && off != 0 {
			t.Errorf("%s: the sum %d is off by %f", ref, sum, off)
		}
	}
}

// reckon is the price of a call in micro-dollars, as a fraction.
func reckon(p llm.Price, u llm.Usage) *big.Rat {
	sum := new(big.Rat)
	for _, part := range []struct {
		tokens  int
		dollars float64
	}{{u.In - u.CachedIn - u.CacheWriteIn, p.Input}, {u.CachedIn, p.CachedInput}, {u.CacheWriteIn, p.CacheWrite}, {u.Out, p.Output}} {
		price, _ := new(big.Rat).SetString(strconv.FormatFloat(part.dollars, 'f', -1, 64))
		sum.Add(sum, price.Mul(price, new(big.Rat).SetInt64(int64(part.tokens))))
	}
	return sum
}
