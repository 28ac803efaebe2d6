package budget

import (
	"math"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
)

// caps are the budgets that a call counts in. Their names are what people read
// when one is used up.
func (k *Keeper) caps(s Spender) []store.Cap {
	day := k.now().UTC().Format("2006-01-02")
	var list []store.Cap
	add := func(scope string, usd float64, tokens int64) {
		if usd > 0 || tokens > 0 {
			list = append(list, store.Cap{Scope: scope, MicroUSD: micro(usd), Tokens: positive(tokens)})
		}
	}
	each := func(name string, b manifest.Budget) {
		add(name+" in run "+s.Run, b.USD, b.Tokens)
		add(name+" on "+day, b.USDPerDay, 0)
	}
	each("all agents", k.policy.Budget)
	if s.Issue != "" {
		add("issue "+s.Site+" "+s.Issue+" on "+day, k.policy.BudgetPerIssue, 0)
	}
	each(s.Target, s.Whole)
	for _, share := range s.Around {
		each(share.Target, share.Budget)
	}
	each("agent "+s.Agent, s.Budget)
	return list
}

func micro(usd float64) *int64 {
	if usd <= 0 {
		return nil
	}
	n := int64(math.Floor(math.Min(usd*1e6, math.MaxInt64/2)))
	return &n
}

func positive(n int64) *int64 {
	if n <= 0 {
		return nil
	}
	return &n
}
