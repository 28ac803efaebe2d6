package endpoint

import (
	"net/http"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	// mostOfUser and mostOfOthers are how many tasks a user of Jira, and a caller
	// that is known by its token alone, may follow or wait for at the same time on
	// one replica: as many as may be open, and some that are followed twice. Each
	// holds a connection and some memory.
	mostOfUser, mostOfOthers = 400, 4000
	// crowdedFor is when whoever is over that may come again.
	crowdedFor = 5 * time.Second
)

// crowd counts who follows tasks. The zero value is empty.
type crowd struct {
	mu sync.Mutex
	in map[a2a.Caller]int
}

// enter lets a caller follow one task more, until leave is called; false if these
// are enough.
func (c *crowd) enter(who a2a.Caller) (leave func(), ok bool) {
	most := mostOfUser
	if who.Account == "" {
		most = mostOfOthers
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in[who] >= most {
		return nil, false
	}
	if c.in == nil {
		c.in = map[a2a.Caller]int{}
	}
	c.in[who]++
	return func() { c.leave(who) }, true
}

func (c *crowd) leave(who a2a.Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.in[who]--; c.in[who] == 0 {
		delete(c.in, who)
	}
}

func crowded() error {
	return &a2a.Refusal{Status: http.StatusTooManyRequests, Message: "Too many tasks are followed at the same time", RetryAfter: crowdedFor}
}
