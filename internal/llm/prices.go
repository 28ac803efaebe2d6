package llm

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

//go:embed prices.json
var embeddedPrices []byte

// Price is what a model costs, in dollars per million tokens.
type Price struct {
	// Input and Output are for tokens read and written; thinking is written.
	Input  float64 `json:"input"`
	Output float64 `json:"output"`
	// CachedInput is for the part of the input that the provider had in its
	// cache; 0 for no discount.
	CachedInput float64 `json:"cached_input,omitempty"`
	// CacheWrite is for the part of the input that the provider wrote to its cache
	// and counts apart; 0 for a quarter more than Input, as Anthropic and OpenAI
	// take.
	CacheWrite float64 `json:"cache_write,omitempty"`
	// Above are other prices for calls with more input than a threshold.
	Above []PriceAbove `json:"above,omitempty"`
}

// PriceAbove holds instead of a Price for the whole of a call whose input is
// more than Tokens.
type PriceAbove struct {
	Tokens      int     `json:"tokens"`
	Input       float64 `json:"input"`
	Output      float64 `json:"output"`
	CachedInput float64 `json:"cached_input,omitempty"`
	CacheWrite  float64 `json:"cache_write,omitempty"`
}

// Prices is a price table. It is safe for concurrent use.
type Prices struct {
	date  string
	table map[string]rates
	// kinds says whose prices a provider has that has none of its own, by names.
	kinds map[string]string
}

// rates are the prices of a model in millionths of a micro-dollar per token,
// which makes sums exact.
type rates struct {
	tiers []tier // by rising threshold, the first from 0
}

type tier struct {
	above                  int
	in, cached, write, out int64
}

// NewPrices gives the embedded table with overrides, by "provider:model" or
// "provider:*" for all models of a provider that have no price of their own.
func NewPrices(overrides map[string]Price) (*Prices, error) {
	var file struct {
		Date   string           `json:"date"`
		Models map[string]Price `json:"models"`
	}
	if err := json.Unmarshal(embeddedPrices, &file); err != nil {
		return nil, fmt.Errorf("read embedded prices: %w", err)
	}
	p := &Prices{date: file.Date, table: make(map[string]rates, len(file.Models)+len(overrides))}
	var problems []error
	for _, source := range []map[string]Price{file.Models, overrides} {
		for _, ref := range slices.Sorted(maps.Keys(source)) {
			r, err := ratesOf(ref, source[ref])
			if err != nil {
				problems = append(problems, fmt.Errorf("price of model %q: %w", clip(ref), err))
			}
			p.table[ref] = r
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return p, nil
}

// Date is the day of the newest embedded price, as 2006-01-02.
func (p *Prices) Date() string { return p.date }

// Cost is the price of a call in micro-dollars, rounded to the nearest; nil if
// the model has no price or the provider reported no usage, since neither means
// that it was free.
func (p *Prices) Cost(ref string, u Usage) *int64 {
	r, ok := p.find(ref)
	if !ok {
		return nil
	}
	if u.In == 0 && u.Out == 0 && !r.free() {
		return nil
	}
	in, out := int64(clampCount(u.In)), int64(clampCount(u.Out))
	cached := min(int64(clampCount(u.CachedIn)), in)
	t := r.at(u.In)
	written := min(int64(clampCount(u.CacheWriteIn)), in-cached)
	sum := (in-cached-written)*t.in + cached*t.cached + written*t.write + out*t.out
	cost := roundToMicro(sum)
	return &cost
}

// roundToMicro rounds to the nearest micro-dollar, halves to the even one, so that
// sums over many calls do not drift.
func roundToMicro(sum int64) int64 {
	whole, rest := sum/perMicro, sum%perMicro
	if rest > perMicro/2 || rest == perMicro/2 && whole%2 == 1 {
		whole++
	}
	return whole
}

// ofKinds gives the same table, in which a second provider of a kind that is known
// by name has the prices of the first, unless it has its own.
func (p *Prices) ofKinds(byName map[string]*provider) *Prices {
	out := *p
	out.kinds = map[string]string{}
	for name, prov := range byName {
		if prov.kind != name && prov.kind != openAICompatible {
			out.kinds[name] = prov.kind
		}
	}
	return &out
}

// Known reports whether a call of the model has a price.
func (p *Prices) Known(ref string) bool {
	_, ok := p.find(ref)
	return ok
}

// find looks for the model, for it without the date in its name, and for its
// provider as a whole; then for the same at the provider's kind.
func (p *Prices) find(ref string) (rates, bool) {
	provider, model, err := ParseRef(ref)
	if err != nil {
		return rates{}, false
	}
	if r, ok := p.of(provider, model); ok {
		return r, true
	}
	if kind, ok := p.kinds[provider]; ok {
		return p.of(kind, model)
	}
	return rates{}, false
}

func (p *Prices) of(provider, model string) (rates, bool) {
	bare := strings.TrimPrefix(model, "models/")
	for _, name := range []string{model, bare, undated(bare), "*"} {
		if r, ok := p.table[provider+":"+name]; ok {
			return r, true
		}
	}
	return rates{}, false
}

// undated cuts the date off a name such as gpt-4.1-2025-04-14 or
// claude-haiku-4-5-20251001.
func undated(model string) string {
	for _, layout := range []string{"-2006-01-02", "-20060102"} {
		at := len(model) - len(layout)
		if at <= 0 {
			continue
		}
		if _, err := time.Parse(layout, model[at:]); err == nil {
			return model[:at]
		}
	}
	return model
}

// perMicro is how many units of a rate are a micro-dollar.
const perMicro = 1_000_000

// maxPrice is above what any model costs, in dollars per million tokens. With
// maxTokenCount it keeps sums within an int64.
const maxPrice = 1000

func ratesOf(ref string, p Price) (rates, error) {
	if _, _, err := ParseRef(ref); err != nil {
		return rates{}, err
	}
	first, err := tierOf(0, p.Input, p.CachedInput, p.CacheWrite, p.Output)
	if err != nil {
		return rates{}, err
	}
	r := rates{tiers: []tier{first}}
	for _, a := range p.Above {
		if a.Tokens <= r.tiers[len(r.tiers)-1].above {
			return rates{}, errors.New("thresholds must rise")
		}
		next, err := tierOf(a.Tokens, a.Input, a.CachedInput, a.CacheWrite, a.Output)
		if err != nil {
			return rates{}, err
		}
		r.tiers = append(r.tiers, next)
	}
	return r, nil
}

func tierOf(above int, in, cached, write, out float64) (tier, error) {
	for _, dollars := range []float64{in, cached, write, out} {
		if !(dollars >= 0 && dollars <= maxPrice) {
			return tier{}, fmt.Errorf("%v dollars per million tokens is not between 0 and %d", dollars, maxPrice)
		}
	}
	cached = cmp.Or(cached, in)
	write = cmp.Or(write, 1.25*in)
	// A dollar per million tokens is a micro-dollar per token.
	unit := func(dollars float64) int64 { return int64(math.Round(dollars * perMicro)) }
	return tier{above: above, in: unit(in), cached: unit(cached), write: unit(write), out: unit(out)}, nil
}

func (r rates) at(in int) tier {
	t := r.tiers[0]
	for _, next := range r.tiers[1:] {
		if in > next.above {
			t = next
		}
	}
	return t
}

func (r rates) free() bool {
	return !slices.ContainsFunc(r.tiers, func(t tier) bool { return t.in != 0 || t.out != 0 || t.cached != 0 })
}
