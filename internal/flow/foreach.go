package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
)

// item is what came of one item of a list.
type item struct {
	outcome outcome
	status  status
	err     error
}

// forEach runs the body for each item, some at the same time.
func (c *course) forEach(ctx context.Context, n *manifest.FlowNode, cfg *manifest.ForEachNode, journal step.Journal, s *scope) (outcome, error) {
	list, err := c.items(cfg, s)
	if err != nil {
		return outcome{}, err
	}
	stop, ended := journal.Branch("(stop)"), &seal{}
	_, told := stop.Next()
	if told {
		ended.close(errAbandoned)
	}
	results := make([]item, len(list))
	places := make(chan struct{}, max(cfg.MaxParallel, 1))
	var all sync.WaitGroup
	for i, value := range list {
		places <- struct{}{}
		branch := &strand{inner: journal.Branch(fmt.Sprintf("item %d", i)), seal: ended, watch: &watch{}}
		own := s.within(map[string]any{cfg.Item: value, cfg.Index: int64(i)}, fmt.Sprintf("%s%s/%d/", s.path, n.ID, i))
		all.Go(func() {
			defer func() { <-places }()
			results[i] = c.item(ctx, cfg, branch, own)
			if results[i].status == failed && !cfg.Continue {
				ended.close(errAbandoned)
			}
		})
	}
	all.Wait()
	return c.collected(ctx, cfg, results, stop, journal)
}

// items is the list.
func (c *course) items(cfg *manifest.ForEachNode, s *scope) ([]any, error) {
	var v any
	var err error
	if cfg.Items == "" {
		v, err = s.tree(cfg.List, c.plan.ids)
	} else {
		v, err = s.value(cfg.Items, manifest.FormExpression, c.plan.ids)
	}
	if err != nil {
		return nil, fmt.Errorf("its items: %w", err)
	}
	if text, ok := v.(string); ok {
		if inner, ok := parsed(text); ok {
			v = inner
		}
	}
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("its items are no list: %s", clip(fmt.Sprint(v)))
	}
	if len(list) > cfg.MaxItems {
		return nil, fmt.Errorf("it has %d items, max_items is %d", len(list), cfg.MaxItems)
	}
	return list, nil
}

// item runs the nodes of the body for one item, one after the other.
func (c *course) item(ctx context.Context, cfg *manifest.ForEachNode, journal step.Journal, s *scope) (it item) {
	defer func() {
		if p := recover(); p != nil {
			it = item{status: failed, err: fmt.Errorf("panic: %v", p)}
		}
	}()
	it.status = succeeded
	var calls []step.Entry
	for k := range cfg.Body {
		n := &cfg.Body[k]
		if n.When != "" {
			if ok, err := s.holds(n.When, c.plan.ids); err != nil || !ok {
				if err != nil {
					return item{status: failed, err: fmt.Errorf("the condition of node %s: %w", n.ID, err)}
				}
				s.results[n.ID] = outcome{}.vars(skipped)
				continue
			}
		}
		out, err := c.perform(ctx, n, journal.Branch(n.ID), s)
		calls = append(calls, out.entries...)
		st := succeeded
		switch {
		case err != nil && !isFailure(ctx, err):
			return item{status: waiting, err: err}
		case err != nil && !n.Continue:
			return item{status: failed, outcome: outcome{entries: calls}, err: fmt.Errorf("node %s failed: %w", n.ID, err)}
		case err != nil:
			st, out.err = failed, err.Error()
		}
		s.results[n.ID] = out.vars(st)
		s.before = []string{n.ID}
		it.outcome = out
	}
	it.outcome.entries = calls
	return it
}

// collected puts the results together, in the order of the items.
func (c *course) collected(ctx context.Context, cfg *manifest.ForEachNode, results []item, stop, journal step.Journal) (outcome, error) {
	if ctx.Err() != nil {
		return outcome{}, context.Cause(ctx)
	}
	for _, r := range results {
		if errors.Is(r.err, errTimedOut) {
			return outcome{}, r.err
		}
	}
	out := inOrder(results)
	bad, held := worst(results)
	_, told := stop.Next()
	switch {
	case told, bad != nil && !cfg.Continue:
		_, err := stop.Do(ctx, step.KindNode, "stop", func(context.Context, string) (step.Entry, error) { return step.Entry{}, bad })
		return out, err
	case errors.Is(held, step.ErrWaiting):
		return outcome{}, journal.Rest(ctx)
	case held != nil:
		return outcome{}, held
	}
	return out, nil
}

// inOrder lists what came of the items.
func inOrder(results []item) outcome {
	out, list, items := outcome{}, make([]any, len(results)), make([]any, len(results))
	for i, r := range results {
		if r.err != nil {
			r.outcome.err = r.err.Error()
		}
		if r.status == waiting {
			r.status = abandoned
		}
		list[i], items[i] = r.outcome.output, r.outcome.vars(r.status)
		out.entries = append(out.entries, r.outcome.entries...)
	}
	out.output, out.more = list, map[string]any{"items": items}
	return out
}

// worst is the failure of the first item that failed, and why another cannot go on
// now: that it waits counts more than that nobody waits for it.
func worst(results []item) (bad, held error) {
	for i, r := range results {
		switch {
		case r.status == failed && bad == nil:
			bad = fmt.Errorf("item %d: %w", i, r.err)
		case r.status == waiting && (held == nil || errors.Is(r.err, step.ErrWaiting)):
			held = r.err
		}
	}
	return bad, held
}
