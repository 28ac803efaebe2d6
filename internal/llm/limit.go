package llm

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// How long a call waits in place for its turn. A longer wait is told to the
// caller, who can let go of what it holds and come back.
const (
	ratePatience = 3 * time.Second
	slotPatience = 20 * time.Second
)

// limits bound the calls of a provider; zero for no bound.
type limits struct {
	concurrent        int
	requestsPerMinute float64
	tokensPerMinute   float64
}

// limiter bounds how many calls of a provider run at once, and how many calls and
// tokens begin in a minute. A call that would have to wait for long gets a
// promise instead: when it comes back at its time, it is let through, however
// many came in between.
type limiter struct {
	now   func() time.Time
	slots chan struct{}

	mu       sync.Mutex
	requests *bucket
	tokens   *bucket
	// promised is when the turn of a call is, by its id.
	promised map[string]time.Time
	// pace is about how long a call takes.
	pace time.Duration
}

func newLimiter(l limits, now func() time.Time) *limiter {
	out := &limiter{
		now: now, promised: map[string]time.Time{}, pace: 10 * time.Second,
		requests: newBucket(l.requestsPerMinute, now()), tokens: newBucket(l.tokensPerMinute, now()),
	}
	if l.concurrent > 0 {
		out.slots = make(chan struct{}, l.concurrent)
	}
	return out
}

// noTurn says that the turn of a call is only later.
type noTurn struct{ wait time.Duration }

func (n *noTurn) Error() string { return fmt.Sprintf("the next turn is in %s", n.wait) }

// turn is the leave to make one call.
type turn struct {
	limiter *limiter
	tokens  int
	began   time.Time
}

// acquire waits for a turn, for a while, or fails with noTurn. tokens is how many
// the call may take.
func (l *limiter) acquire(ctx context.Context, id string, tokens int) (*turn, error) {
	wait := l.book(id, tokens)
	if wait > ratePatience {
		return nil, &noTurn{wait}
	}
	if !sleep(ctx, wait) {
		l.cancel(tokens)
		return nil, ctx.Err()
	}
	if l.slots != nil {
		if err := l.slot(ctx, id, tokens); err != nil {
			return nil, err
		}
	}
	return &turn{limiter: l, tokens: tokens, began: l.now()}, nil
}

// book takes a place in the schedule, or finds the one that was promised, and
// tells how long it is until then.
func (l *limiter) book(id string, tokens int) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if at, ok := l.promised[id]; ok {
		wait := at.Sub(now)
		if wait <= ratePatience {
			delete(l.promised, id)
		}
		return max(wait, 0)
	}
	wait := max(l.requests.take(1, now), l.tokens.take(float64(tokens), now))
	if wait <= ratePatience {
		return wait
	}
	if id == "" || wait > maxWait {
		l.requests.give(1)
		l.tokens.give(float64(tokens))
		return min(wait, maxWait)
	}
	l.promise(id, wait, now)
	return wait
}

// promise keeps a call's place. Places that nobody came for are forgotten.
func (l *limiter) promise(id string, wait time.Duration, now time.Time) {
	for other, at := range l.promised {
		if now.Sub(at) > maxWait {
			delete(l.promised, other)
		}
	}
	l.promised[id] = now.Add(wait)
}

// cancel gives back what a call took that is not made.
func (l *limiter) cancel(tokens int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.give(1)
	l.tokens.give(float64(tokens))
}

// slot waits until fewer calls are at work than may be. Who waited in vain has
// its place in the schedule kept.
func (l *limiter) slot(ctx context.Context, id string, tokens int) error {
	timer := time.NewTimer(slotPatience)
	defer timer.Stop()
	select {
	case l.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		l.cancel(tokens)
		return ctx.Err()
	case <-timer.C:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := min(max(l.pace/2, 2*time.Second), time.Minute)
	if id == "" {
		l.requests.give(1)
		l.tokens.give(float64(tokens))
	} else {
		l.promise(id, wait, l.now())
	}
	return &noTurn{wait}
}

// done gives the turn back and settles what the call took. What is not known to
// have been taken by a call that failed counts as nothing.
func (t *turn) done(u Usage, failed bool) {
	l := t.limiter
	if l.slots != nil {
		<-l.slots
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pace = (3*l.pace + l.now().Sub(t.began)) / 4
	if took := u.In + u.Out; took > 0 || failed {
		l.tokens.give(float64(t.tokens - took))
	}
}

// estimate is how many tokens a call may take: about four bytes of a request are
// one, and the answer may be as long as it is allowed to.
func estimate(req Request) int {
	const usualAnswer = 1024
	bytes := len(req.System)
	for _, msg := range req.Messages {
		bytes += len(msg.Text)
		for _, c := range msg.ToolCalls {
			bytes += len(c.Name) + len(c.Args)
		}
	}
	for _, t := range req.Tools {
		bytes += len(t.Name) + len(t.Description) + len(t.Parameters)
	}
	if req.MaxTokens > 0 {
		return bytes/4 + req.MaxTokens
	}
	return bytes/4 + usualAnswer
}

// sleep waits, and reports whether the context lasted.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
