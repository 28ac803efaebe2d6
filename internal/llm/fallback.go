package llm

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// How often a model is asked before the next one is, and the pauses between.
const (
	chainTries   = 3
	chainPause   = time.Second
	longestPause = 5 * time.Second
)

// chain is a model with others that stand in where it is out of service.
type chain struct {
	links []link
	rests *rests
}

type link struct {
	ref   string
	model Model
}

// WithFallbacks gives a model that asks m and, where m is out of service, the
// others in their order: at once where the key or the model is refused, after
// three tries where it is overloaded or cannot be reached. A request that is
// refused for what it says goes to nobody else. If m has fallbacks of its own,
// the others take their place. Response.Ref tells who answered.
func WithFallbacks(m Model, others ...Model) Model {
	c := &chain{}
	seen := map[string]bool{}
	for _, candidate := range append([]Model{m}, others...) {
		l := linkTo(candidate)
		if l.ref != "" && seen[l.ref] {
			continue
		}
		seen[l.ref] = true
		c.links = append(c.links, l)
		if made, ok := l.model.(*model); ok && c.rests == nil {
			c.rests = made.provider.rests
		}
	}
	if len(c.links) == 1 {
		return c.links[0].model
	}
	if c.rests == nil {
		c.rests = newRests(time.Now)
	}
	return c
}

// linkTo takes of a model with fallbacks the model alone.
func linkTo(m Model) link {
	switch m := m.(type) {
	case *understudy:
		return link{m.ref, m}
	case *chain:
		return m.links[0]
	case *model:
		return link{ref: m.ref, model: m}
	default:
		return link{model: m}
	}
}

// Complete implements Model.
func (c *chain) Complete(ctx context.Context, req Request) (Response, error) {
	var failed outage
	var charged bill
	order := c.rests.order(c.links)
	for i, l := range order {
		resp, err := c.ask(ctx, l, req, i == len(order)-1, &charged)
		if err == nil {
			c.rests.clear(l.ref)
			return charged.onto(resp), nil
		}
		if ctx.Err() != nil || !outOfService(err) {
			return resp, charged.inError(err)
		}
		c.rests.add(l.ref, err)
		failed = append(failed, err)
		if i < len(order)-1 {
			zerolog.Ctx(ctx).Warn().Err(err).Str("next", order[i+1].ref).Msg("model is out of service; the next one is asked")
		}
	}
	return Response{}, charged.inError(failed)
}

// ask asks one model, a few times if it may be better the next time. The last
// one is asked once: the caller tries all of it again. What failed tries took is
// put on the bill.
func (c *chain) ask(ctx context.Context, l link, req Request, last bool, charged *bill) (Response, error) {
	if m, ok := l.model.(*model); ok && l != c.links[0] {
		req = m.fit(req)
	}
	pause := chainPause
	for try := 1; ; try++ {
		resp, err := l.model.Complete(ctx, req)
		charged.add(err)
		if err == nil || last || try == chainTries {
			return resp, err
		}
		wait, again := pauseAfter(err, pause)
		if !again || !sleep(ctx, wait) {
			return resp, err
		}
		pause *= 2
	}
}

// pauseAfter tells whether and when to ask the same model again.
func pauseAfter(err error, pause time.Duration) (time.Duration, bool) {
	var e *Error
	if !errors.As(err, &e) || !e.Temporary() || e.ours || e.Kind == KindTimeout || e.RetryAfter > longestPause {
		return 0, false
	}
	return max(pause, e.RetryAfter), true
}

// fit makes a request for another model one for this: a temperature that it does
// not take is left out.
func (m *model) fit(req Request) Request {
	if m.traits.fixedTemperature {
		req.Temperature = nil
	}
	if t := req.Temperature; t != nil && *t > 1 && m.traits.api == apiMessages {
		most := 1.0
		req.Temperature = &most
	}
	return req
}

// outOfService reports whether another model may do better. A wait for a limit
// of ours is no outage, and what a filter or the model's rules refuse is not
// taken elsewhere.
func outOfService(err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Kind {
	case KindAuth, KindQuota, KindNotFound, KindConfig:
		return true
	default:
		return e.Temporary() && !e.ours
	}
}

// outage is the failure of all models of a chain.
type outage []error

// Error tells what each of them said.
func (o outage) Error() string {
	said := make([]string, len(o))
	for i, err := range o {
		said[i] = err.Error()
	}
	return strings.Join(said, "; then ")
}

// Unwrap gives the failures.
func (o outage) Unwrap() []error { return o }

// Temporary reports whether one of them may pass.
func (o outage) Temporary() bool {
	_, ok := o.soonest()
	return ok
}

// RetryDelay is the shortest time that one of those asks for.
func (o outage) RetryDelay() time.Duration {
	wait, _ := o.soonest()
	return wait
}

func (o outage) soonest() (wait time.Duration, ok bool) {
	for _, err := range o {
		var e *Error
		if !errors.As(err, &e) || !e.Temporary() {
			continue
		}
		if !ok || e.RetryAfter < wait {
			wait, ok = e.RetryAfter, true
		}
	}
	return wait, ok
}
