package llm

import (
	"errors"
	"sync"
	"time"
)

// How long a model that was out of service is asked only after the others.
const (
	shortRest = 30 * time.Second
	longRest  = 5 * time.Minute
)

// rests remembers which models were out of service, so that not each call of each
// run finds out anew. It is safe for concurrent use.
type rests struct {
	now func() time.Time

	mu    sync.Mutex
	until map[string]time.Time
}

func newRests(now func() time.Time) *rests {
	return &rests{now: now, until: map[string]time.Time{}}
}

// order puts the models that rest behind the others.
func (r *rests) order(links []link) []link {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	var awake, resting []link
	for _, l := range links {
		if now.Before(r.until[l.ref]) {
			resting = append(resting, l)
		} else {
			awake = append(awake, l)
		}
	}
	return append(awake, resting...)
}

// add lets a model rest: for as long as it asks, or longer where somebody has to
// change something.
func (r *rests) add(ref string, err error) {
	var e *Error
	if ref == "" || !errors.As(err, &e) {
		return
	}
	rest := longRest
	if e.Temporary() {
		rest = min(max(shortRest, e.RetryAfter), longRest)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until[ref] = r.now().Add(rest)
}

func (r *rests) clear(ref string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.until, ref)
}
