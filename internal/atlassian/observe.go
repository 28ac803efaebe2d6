package atlassian

import "time"

// Observer is told what happens on the way to a site. It must not block.
type Observer interface {
	// Attempt is called after each attempt of a request that was let out, also if
	// there was no answer.
	Attempt(Attempt)
}

// Attempt is one try of a request.
type Attempt struct {
	Method string
	// Endpoint is the path with keys and ids replaced by "*", so that there are
	// few different ones.
	Endpoint string
	// Status is the answer's; 0 if there was none, and then Err says why.
	Status int
	Err    error
	// Took is the time until the headers of the answer.
	Took   time.Duration
	Limits Limits
}
