package llm

import (
	"cmp"
	"context"
)

// one opens one model without those that stand in for it when it fails.
func (p *Providers) one(ref string) (Model, error) {
	if p.instead == nil {
		m, err := p.open(ref)
		if err != nil {
			return nil, err
		}
		return m, nil
	}
	if _, err := p.described(ref); err != nil {
		return nil, err
	}
	m, err := p.instead(ref, func() (Model, error) { return p.open(ref) })
	if err != nil {
		return nil, err
	}
	return &understudy{Model: m, ref: ref, prices: p.prices}, nil
}

// understudy is a model in another's place.
type understudy struct {
	Model
	ref    string
	prices *Prices
}

// Complete asks the model and prices the answer as that of the other one.
func (u *understudy) Complete(ctx context.Context, req Request) (Response, error) {
	resp, err := u.Model.Complete(ctx, req)
	if err != nil {
		return resp, err
	}
	resp.Ref = cmp.Or(resp.Ref, u.ref)
	if resp.CostMicroUSD == nil {
		resp.CostMicroUSD = u.prices.Cost(u.ref, resp.Usage)
	}
	return resp, nil
}
