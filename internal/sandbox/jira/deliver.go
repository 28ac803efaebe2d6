package jira

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// Attempt is one try to deliver an event to a webhook.
type Attempt struct {
	// Delivery is the X-Atlassian-Webhook-Identifier, the same for all tries.
	Delivery string    `json:"delivery"`
	Webhook  int       `json:"webhook"`
	Event    string    `json:"event"`
	Issue    string    `json:"issue,omitempty"`
	Try      int       `json:"try"`
	At       time.Time `json:"at"`
	// Status is the HTTP status, or 0 if there was no answer; Error says why.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"`
	// Final is true if no further try follows, Delivered if the receiver took it.
	Final     bool `json:"final"`
	Delivered bool `json:"delivered"`
}

// delivery is an event on its way to one webhook.
type delivery struct {
	id        string
	hook      *hook
	reg       Webhook
	url       string
	event     string
	issue     string
	secondary bool
	body      []byte
}

// hook is a Webhook at work.
type hook struct {
	Webhook
	lanes []*lane
}

// lane is a queue with one sender.
type lane struct {
	waiting []*delivery
	busy    bool
}

// post is the site's outgoing mail: queues, senders and a log. Its lock is its
// own; it is not held while something is sent.
type post struct {
	client *http.Client
	// dc and version tell how to deliver: as Cloud, or as a Data Center.
	dc      bool
	version int
	ctx     context.Context //nolint:containedctx // it ends with the site, not with a call
	stop    context.CancelFunc
	now     func() time.Time
	luck    func() float64
	idle    *sync.Cond
	origin  [6]byte

	mu      sync.Mutex
	hooks   []*hook
	nextID  int
	nextRun int
	pending int
	senders int
	log     wire.Ring[Attempt]
	sent    wire.Ring[*delivery]
}

func newPost(opts Options) *post {
	ctx, stop := context.WithCancel(context.Background())
	p := &post{
		ctx: ctx, stop: stop, now: opts.Now, luck: opts.Luck, dc: opts.Deployment == DataCenter, log: wire.NewRing[Attempt](10000), sent: wire.NewRing[*delivery](256),
		client: &http.Client{
			Timeout:       30 * time.Second,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 32},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if numbers, err := versionNumbers(opts.Version); err == nil {
		p.version = numbers[0]
	}
	p.idle = sync.NewCond(&p.mu)
	_, _ = rand.Read(p.origin[:])
	return p
}

// enqueue hands an event to every webhook that wants it; match decides on JQL.
func (p *post) enqueue(e event, match func(jql string) bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var plain []byte
	hooks, matched := p.receivers(e, match)
	for _, h := range hooks {
		body := plain
		if body == nil || h.Dynamic {
			ids := matched[h.URL]
			if !h.Dynamic {
				ids = nil
			}
			made, err := e.body(ids)
			if err != nil {
				return fmt.Errorf("encode payload of %s: %w", e.name, err)
			}
			body = made
		}
		if !h.Dynamic {
			plain = body
		}
		p.nextRun++
		d := &delivery{
			id: p.identifier(p.nextRun), hook: h, reg: h.Webhook, url: p.target(h.URL, e), event: e.name, issue: e.key,
			secondary: e.secondary, body: body,
		}
		if h.ExcludeBody {
			d.body = nil
		}
		p.queue(d)
		if h.Duplicates > 0 && p.luck() < h.Duplicates {
			twin := *d
			p.queue(&twin)
		}
	}
	return nil
}

// identifier is the n-th of this site. Its first part is drawn anew for each
// site: a receiver may remember identifiers longer than a sandbox lives, and must
// not take new deliveries for old ones.
func (p *post) identifier(n int) string {
	return fmt.Sprintf("%x-%x-4000-8000-%012x", p.origin[:4], p.origin[4:6], n)
}

// queue puts a delivery into its lane and wakes a sender. The lock is held.
func (p *post) queue(d *delivery) {
	sum := fnv.New32a()
	_, _ = io.WriteString(sum, d.issue)
	l := d.hook.lanes[int(sum.Sum32()%uint32(len(d.hook.lanes)))]
	l.waiting = append(l.waiting, d)
	p.pending++
	if !l.busy {
		l.busy = true
		p.senders++
		go p.drain(l)
	}
}

// drain sends what is in the lane, in order, and ends when the lane is empty.
func (p *post) drain(l *lane) {
	for {
		p.mu.Lock()
		if len(l.waiting) == 0 || p.ctx.Err() != nil {
			p.pending -= len(l.waiting)
			l.waiting, l.busy = nil, false
			p.senders--
			p.idle.Broadcast()
			p.mu.Unlock()
			return
		}
		d := l.waiting[0]
		l.waiting[0] = nil
		l.waiting = l.waiting[1:]
		p.mu.Unlock()

		p.deliver(d)

		p.mu.Lock()
		p.pending--
		p.sent.Add(d)
		p.idle.Broadcast()
		p.mu.Unlock()
	}
}

// deliver tries until the receiver takes it or Jira would give up.
func (p *post) deliver(d *delivery) {
	for try := 0; ; try++ {
		status, err := p.send(d, try)
		a := Attempt{
			Delivery: d.id, Webhook: d.reg.ID, Event: d.event, Issue: d.issue, Try: try, At: p.now(),
			Status: status, Delivered: err == nil && status >= 200 && status < 300,
		}
		if err != nil {
			a.Error = err.Error()
		}
		a.Final = a.Delivered || try >= d.reg.Retries || !retried(status, err) || p.ctx.Err() != nil
		p.mu.Lock()
		p.log.Add(a)
		p.mu.Unlock()
		if a.Final || !p.pause(d.reg.Backoff(try+1)) {
			return
		}
	}
}

// retried is Jira's rule: 408, 409, 425, 429, 5xx and failed connections
// (developer.atlassian.com, "Webhooks", section "Retry policy").
func retried(status int, err error) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return err != nil || status >= 500
}

func (p *post) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// address sets the headers of a delivery. Data Center documents the signature
// alone: a delivery there has no identifier, and nothing tells it from another.
func (p *post) address(h http.Header, d *delivery, try int) {
	h.Set("Content-Type", "application/json; charset=UTF-8")
	if d.reg.Secret != "" {
		h.Set("X-Hub-Signature", Sign(d.reg.Secret, d.body))
	}
	if p.dc {
		h.Set("User-Agent", "Atlassian HttpClient unknown / JIRA / Default")
		return
	}
	h.Set("User-Agent", "Atlassian Webhook HTTP Client")
	h.Set("X-Atlassian-Webhook-Identifier", d.id)
	h.Set("X-Atlassian-Webhook-Flow", map[bool]string{false: "Primary", true: "Secondary"}[d.secondary])
	if try > 0 {
		h.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(try))
	}
}

func (p *post) send(d *delivery, try int) (int, error) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		return 0, err
	}
	p.address(req.Header, d, try)
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, nil
}

// wait returns when nothing is queued or under way.
func (p *post) wait(ctx context.Context) error {
	wake := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.idle.Broadcast()
	})
	defer wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.pending > 0 {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("wait for %d webhook deliveries: %w", p.pending, err)
		}
		p.idle.Wait()
	}
	return nil
}

// redeliver sends a past delivery once more, under the same identifier.
func (p *post) redeliver(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.sent.Items() {
		if d.id == id {
			again := *d
			p.queue(&again)
			return true
		}
	}
	return false
}

// close stops the senders and waits for them.
func (p *post) close() {
	p.stop()
	p.mu.Lock()
	for p.senders > 0 {
		p.idle.Wait()
	}
	p.mu.Unlock()
	p.client.CloseIdleConnections()
}
