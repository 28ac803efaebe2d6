// Package budget keeps what is spent on models within what was allowed. Before a
// call it sets aside the most that the call may cost, in every budget that it
// counts in, and afterwards puts what it did cost in its place: calls that race
// cannot pass a budget together, and a run stops before the call that would.
package budget

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
)

// Store keeps what is spent; its methods are described at store.Store.
type Store interface {
	Reserve(ctx context.Context, id string, most store.Amount, caps []store.Cap) error
	Settle(ctx context.Context, id string, cost store.Amount) error
}

// Prices tells what a call may cost at most; see llm.Providers.
type Prices interface {
	Worst(refs []string, req llm.Request) (llm.Usage, *int64)
}

// Keeper keeps the budgets. It is safe for concurrent use.
type Keeper struct {
	store  Store
	prices Prices
	policy manifest.Policy
	now    func() time.Time
}

// New makes a Keeper of the budgets of daemon.yaml and of agents.
func New(s Store, prices Prices, policy manifest.Policy, now func() time.Time) *Keeper {
	if now == nil {
		now = time.Now
	}
	return &Keeper{store: s, prices: prices, policy: policy, now: now}
}

// Spender is on whose account a call is.
type Spender struct {
	Run   string
	Agent string
	// Site and Issue name the issue that the run is about; Issue is "" for none.
	Site, Issue string
	// Budget is the agent's own, Whole that of the fleet or flow that it works in.
	Budget manifest.Budget
	Whole  manifest.Budget
	// Target names the fleet or flow.
	Target string
	// Around are the budgets of what that is a part of, from the inside out.
	Around []Share
}

// Share is the budget of a fleet or flow, by its name.
type Share struct {
	Target string
	Budget manifest.Budget
}

// ErrOver says that the next call of a model could pass a budget.
var ErrOver = errors.New("budget used up")

// Call is a call for which something is set aside. A nil Call has no budget.
type Call struct {
	keeper *Keeper
	id     string
	most   store.Amount
}

// Reserve sets aside what a call may cost at most. The id is the step's. The error
// is ErrOver if that could pass a budget; an unknown price passes all budgets in
// dollars.
func (k *Keeper) Reserve(ctx context.Context, id string, s Spender, models []string, req llm.Request) (*Call, error) {
	if k == nil {
		return nil, nil //nolint:nilnil // a nil Call is one without a budget
	}
	caps := k.caps(s)
	if len(caps) == 0 {
		return nil, nil //nolint:nilnil // as above
	}
	usage, cost := k.prices.Worst(models, req)
	if cost == nil && inDollars(caps) {
		return nil, fmt.Errorf("%w: the price of %s is not known, so it counts as more than any budget: set models.prices in daemon.yaml",
			ErrOver, strings.Join(models, " or of "))
	}
	call := &Call{keeper: k, id: id, most: store.Amount{Tokens: int64(usage.In) + int64(usage.Out)}}
	if cost != nil {
		call.most.MicroUSD = *cost
	}
	err := k.store.Reserve(ctx, id, call.most, caps)
	var over *store.OverError
	if errors.As(err, &over) {
		return nil, fmt.Errorf("%w: %w", ErrOver, over)
	}
	if err != nil {
		return nil, fmt.Errorf("reserve the cost of a call: %w", err)
	}
	return call, nil
}

func inDollars(caps []store.Cap) bool {
	for _, c := range caps {
		if c.MicroUSD != nil {
			return true
		}
	}
	return false
}

// Settle puts what the call did cost in the place of what was set aside. A call of
// which the provider did not report the usage costs what was set aside.
func (c *Call) Settle(ctx context.Context, u llm.Usage, cost *int64) error {
	if c == nil {
		return nil
	}
	spent := c.most
	if u.In+u.Out > 0 {
		spent.Tokens = int64(u.In) + int64(u.Out)
	}
	if cost != nil {
		spent.MicroUSD = *cost
	}
	return c.settle(ctx, spent)
}

// Refund gives back what was set aside for a call that is known to have cost
// nothing.
func (c *Call) Refund(ctx context.Context) error {
	if c == nil {
		return nil
	}
	return c.settle(ctx, store.Amount{})
}

func (c *Call) settle(ctx context.Context, spent store.Amount) error {
	if err := c.keeper.store.Settle(context.WithoutCancel(ctx), c.id, spent); err != nil {
		return fmt.Errorf("count the cost of a call: %w", err)
	}
	return nil
}
