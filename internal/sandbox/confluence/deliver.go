package confluence

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Webhook is a registration at a Data Center.
type Webhook struct {
	// ID is given by the site.
	ID   int
	Name string
	URL  string
	// Secret signs the deliveries; "" leaves them unsigned.
	Secret string
	// Events are names such as "page_created".
	Events   []string
	Disabled bool
}

// Rule is a rule of Cloud's Automation that sends a web request. It cannot sign:
// it sends a header that never changes.
type Rule struct {
	// URL has "{event}" where the name of the event goes, since the body does not
	// tell it.
	URL string
	// Header and Token are the header; none if Header is "".
	Header, Token string
	// Events are names as Data Center has them; empty means all.
	Events []string
}

// Attempt is a delivery that was tried.
type Attempt struct {
	Event string `json:"event"`
	URL   string `json:"url"`
	Body  string `json:"body"`
	// Status is the HTTP status, or 0 if there was no answer; Error says why.
	Status int    `json:"status"`
	Error  string `json:"error,omitempty"`
}

type delivery struct {
	event, url string
	body       []byte
	header     http.Header
}

// maxAttempts is how many attempts are remembered.
const maxAttempts = 2000

// post is the site's outgoing mail: one queue, one sender, no second try, as Data
// Center has none.
type post struct {
	client *http.Client
	kind   Kind
	ctx    context.Context //nolint:containedctx // it ends with the site, not with a call
	stop   context.CancelFunc
	idle   *sync.Cond

	mu      sync.Mutex
	next    int
	hooks   []Webhook
	rules   []Rule
	queue   []delivery
	sending bool
	log     []Attempt
}

func newPost(o Options) *post {
	ctx, stop := context.WithCancel(context.Background())
	p := &post{kind: o.Kind, ctx: ctx, stop: stop, client: &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	p.idle = sync.NewCond(&p.mu)
	return p
}

// send hands an event to whoever wants it.
func (p *post) send(e event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hooks {
		if h.Disabled || e.dc == nil || !slices.Contains(h.Events, e.name) {
			continue
		}
		header := http.Header{"User-Agent": {"Atlassian HttpClient unknown / Confluence-10.0.3 / Default"}}
		if h.Secret != "" {
			header.Set("X-Hub-Signature", Sign(h.Secret, e.dc))
		}
		p.enqueue(delivery{event: e.name, url: h.URL, body: e.dc, header: header})
	}
	for _, r := range p.rules {
		if e.cloud == nil || len(r.Events) > 0 && !slices.Contains(r.Events, e.name) {
			continue
		}
		header := http.Header{"User-Agent": {"Automation for Confluence"}}
		if r.Header != "" {
			header.Set(r.Header, r.Token)
		}
		p.enqueue(delivery{event: e.name, url: strings.ReplaceAll(r.URL, "{event}", url.PathEscape(e.name)), body: e.cloud, header: header})
	}
}

// enqueue needs mu.
func (p *post) enqueue(d delivery) {
	p.queue = append(p.queue, d)
	if !p.sending {
		p.sending = true
		go p.drain()
	}
}

func (p *post) drain() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 || p.ctx.Err() != nil {
			p.queue, p.sending = nil, false
			p.idle.Broadcast()
			p.mu.Unlock()
			return
		}
		d := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		a := p.deliver(d)
		p.mu.Lock()
		p.log = append(p.log, a)
		p.log = p.log[max(0, len(p.log)-maxAttempts):]
		p.mu.Unlock()
	}
}

func (p *post) deliver(d delivery) Attempt {
	a := Attempt{Event: d.event, URL: d.url, Body: string(d.body)}
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, d.url, bytes.NewReader(d.body))
	if err != nil {
		a.Error = err.Error()
		return a
	}
	req.Header = d.header
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	resp, err := p.client.Do(req)
	if err != nil {
		a.Error = err.Error()
		return a
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20))
	a.Status = resp.StatusCode
	return a
}

func (p *post) close() {
	p.stop()
	p.mu.Lock()
	for p.sending {
		p.idle.Wait()
	}
	p.mu.Unlock()
	p.client.CloseIdleConnections()
}

// Register adds a webhook and returns it as it is kept, with its id. A Cloud has
// none.
func (s *Server) Register(w Webhook) (Webhook, error) {
	if s.opts.Kind == Cloud {
		return w, errors.New("register webhook: Confluence Cloud has no webhooks, only rules")
	}
	known := knownEvents()
	for _, name := range w.Events {
		if !known[name] {
			return w, fmt.Errorf("register webhook: the event %q is not known", name)
		}
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.next++
	w.ID = s.post.next
	s.post.hooks = append(s.post.hooks, w)
	return w, nil
}

// Webhooks lists the registrations.
func (s *Server) Webhooks() []Webhook {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	return slices.Clone(s.post.hooks)
}

// AddRule adds a rule to a Cloud.
func (s *Server) AddRule(r Rule) error {
	if s.opts.Kind != Cloud {
		return errors.New("add rule: Confluence Data Center has webhooks, and no rules")
	}
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	s.post.rules = append(s.post.rules, r)
	return nil
}

// Rules lists the rules of a Cloud.
func (s *Server) Rules() []Rule {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	return slices.Clone(s.post.rules)
}

// Wait returns when no delivery is queued or under way.
func (s *Server) Wait(ctx context.Context) error {
	p := s.post
	wake := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.idle.Broadcast()
	})
	defer wake()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.sending {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("wait for deliveries: %w", err)
		}
		p.idle.Wait()
	}
	return nil
}

// Attempts are the latest tries to deliver, oldest first.
func (s *Server) Attempts() []Attempt {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	return slices.Clone(s.post.log)
}
