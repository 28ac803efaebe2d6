package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// Receipt is what became of sending an event.
type Receipt struct {
	Event Event
	// Accepted is true if the event was answered with 2xx, Tries how often it was
	// sent until then.
	Accepted bool
	Tries    int
	At       time.Time
}

// Sender sends webhooks to the daemons in turn, as a load balancer without any
// knowledge would, and repeats them as Jira does: up to five times for no
// answer, 408, 409, 425, 429 and 5xx, under the same identifier
// (developer.atlassian.com, "Webhooks", section "Retry policy").
type Sender struct {
	// Prefix begins the identifiers.
	Prefix string
	// Pause is the pause before the first retry; it doubles with each. Jira
	// waits minutes.
	Pause time.Duration
	// Again is the share of accepted events that is sent once more.
	Again float64

	site    *Site
	http    *http.Client
	mu      sync.Mutex
	targets []string
	next    int
	rnd     *rand.Rand
	list    []Receipt
	status  map[int]int
	bare    int
}

// retries is how often Jira repeats a delivery.
const retries = 5

// NewSender makes a sender to the daemons.
func NewSender(site *Site, rnd *rand.Rand, daemons ...*Daemon) *Sender {
	s := &Sender{Prefix: fmt.Sprintf("chaos-%x", rnd.Uint64()), Pause: 250 * time.Millisecond, site: site, rnd: rnd, status: map[int]int{},
		http: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	s.Retarget(daemons...)
	return s
}

// Retarget lets the sender send to other daemons from now on.
func (s *Sender) Retarget(daemons ...*Daemon) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.targets = nil
	for _, d := range daemons {
		s.targets = append(s.targets, d.URL())
	}
}

// target is where the next request goes.
func (s *Sender) target() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return s.targets[s.next%len(s.targets)]
}

// SendAll sends the events, those of one issue one after the other and a new one
// each interval, and returns when all were accepted or given up.
func (s *Sender) SendAll(ctx context.Context, events []Event, interval time.Duration) {
	lanes := map[string]chan Event{}
	var all sync.WaitGroup
	began := time.Now()
	for i, e := range events {
		if wait := time.Until(began.Add(time.Duration(i) * interval)); wait > 0 {
			pause(ctx, wait)
		}
		lane := lanes[e.Issue]
		if lane == nil {
			lane = make(chan Event, len(events))
			lanes[e.Issue] = lane
			all.Go(func() {
				for e := range lane {
					s.Send(ctx, e)
				}
			})
		}
		lane <- e
	}
	for _, lane := range lanes {
		close(lane)
	}
	all.Wait()
}

// Send sends one event until it is accepted or given up.
func (s *Sender) Send(ctx context.Context, e Event) Receipt {
	r := Receipt{Event: e}
	for try := 0; try <= retries && ctx.Err() == nil; try++ {
		if try > 0 {
			pause(ctx, s.Pause<<(try-1))
		}
		status, err := s.Post(ctx, e, try)
		r.Tries++
		if r.Accepted = err == nil && status/100 == 2; r.Accepted || !repeated(status, err) {
			break
		}
	}
	if r.Tries == 0 {
		return r
	}
	r.At = time.Now()
	s.mu.Lock()
	s.list = append(s.list, r)
	again := r.Accepted && s.rnd.Float64() < s.Again
	s.mu.Unlock()
	if again {
		_, _ = s.Post(ctx, e, 1)
	}
	return r
}

// repeated is Jira's rule.
func repeated(status int, err error) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return err != nil || status >= 500
}

// Post sends an event once, to the next daemon.
func (s *Sender) Post(ctx context.Context, e Event, try int) (int, error) {
	body, err := e.payload(s.site.ids[e.Issue])
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature", jira.Sign(secret, body))
	req.Header.Set("X-Atlassian-Webhook-Identifier", s.Prefix+"-"+e.Token)
	if try > 0 {
		req.Header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(try))
	}
	resp, err := s.http.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.status[0]++
		return 0, err
	}
	s.status[resp.StatusCode]++
	busy := resp.StatusCode == http.StatusServiceUnavailable || resp.StatusCode == http.StatusTooManyRequests
	if busy && resp.Header.Get("Retry-After") == "" {
		s.bare++
	}
	return resp.StatusCode, nil
}

// Receipts are what became of the events so far.
func (s *Sender) Receipts() []Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Receipt(nil), s.list...)
}

// Statuses counts the answers by status; 0 stands for none.
func (s *Sender) Statuses() map[int]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.status)
}

// HangUp closes the connections that nobody uses.
func (s *Sender) HangUp() { s.http.CloseIdleConnections() }

// Bare is how often a daemon had no time and did not say when to come again.
func (s *Sender) Bare() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bare
}

// pause waits unless the context ends first.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

func fetch(ctx context.Context, c *http.Client, url string) (int, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}
