package jira

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// Server is the site: an http.Handler with a Go API beside it. It is safe for
// concurrent use. Close it when done.
type Server struct {
	*wire.Wire
	opts    Options
	api     http.Handler
	control http.Handler
	inner   http.Handler
	post    *post
	oauth   *oauth
	known   map[string]bool

	mu sync.RWMutex
	st *state
}

// New builds a site. The error says what is wrong with the seed.
func New(opts Options) (*Server, error) {
	opts = opts.completed()
	s := &Server{
		opts: opts,
		post: newPost(opts), known: knownEvents(),
		oauth: newOAuth(opts.OAuth),
	}
	s.Wire = s.newWire()
	s.inner, s.control = s.routes(), s.controls()
	s.api = s.front()
	if err := s.reseed(); err != nil {
		s.post.close()
		return nil, err
	}
	return s, nil
}

func (o Options) completed() Options {
	if o.BaseURL == "" {
		o.BaseURL = "https://example.atlassian.net"
		if o.Deployment == DataCenter {
			o.BaseURL = "https://jira.example.com"
		}
	}
	o.OAuth = o.OAuth.completed()
	if o.CloudID == "" {
		o.CloudID = CloudID
	}
	if o.Deployment == "" {
		o.Deployment = Cloud
	}
	if o.Version == "" {
		o.Version = DataCenterVersion
	}
	o.ContextPath = strings.TrimSuffix(o.ContextPath, "/")
	o.BaseURL = strings.TrimSuffix(o.BaseURL, "/")
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Luck = wire.Luck(o.Luck)
	if o.LogSize == 0 {
		o.LogSize = 2000
	}
	return o
}

// reseed builds the state anew from the options.
func (s *Server) reseed() error {
	seed := s.opts.seed()
	st, err := newState(s.opts, seed)
	if err != nil {
		return err
	}
	for _, in := range seed.Issues {
		by := st.user(in.Reporter)
		if by == nil {
			by = st.users[0]
		}
		body, err := in.input(st)
		if err != nil {
			return fmt.Errorf("seed issue %q: %w", in.Summary, err)
		}
		t := &tx{st: st, by: by, now: s.opts.Now(), api: 2}
		if _, err := t.createIssue(body); err != nil {
			return fmt.Errorf("seed issue %q: %w", in.Summary, err)
		}
	}
	account := ""
	if u := st.user(s.opts.OAuth.User); u != nil {
		account = u.AccountID
	}
	s.oauth.reset(account)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st = st
	return nil
}

// Reset puts the site back to its seed and forgets requests, faults and holds.
// Webhooks stay registered; what is still queued for them is sent.
func (s *Server) Reset() error {
	s.Forget()
	return s.reseed()
}

// Close stops the sending of webhooks and releases held requests.
func (s *Server) Close() {
	s.LetGo()
	s.post.close()
}

// BaseURL is the URL under which clients find the site.
func (s *Server) BaseURL() string { return s.opts.BaseURL + s.opts.ContextPath }

// Deployment is the kind of Jira that the site is.
func (s *Server) Deployment() Deployment { return s.opts.Deployment }

// read runs fn on the state, which does not change meanwhile.
func (s *Server) read(by *User, api int, fn func(*tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fn(&tx{st: s.st, by: by, now: s.opts.Now(), api: api})
}

// write runs fn alone and hands the events to the webhooks, in order.
func (s *Server) write(by *User, api int, fn func(*tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &tx{st: s.st, by: by, now: s.opts.Now(), api: api, heard: s.post.heard}
	err := fn(t)
	for _, e := range t.events {
		if sendErr := s.post.enqueue(e, t.matcher(e.issue)); sendErr != nil && err == nil {
			err = sendErr
		}
	}
	return err
}

// Register adds a webhook and returns it as it is kept, with its id.
func (s *Server) Register(w Webhook) Webhook { return s.post.register(w) }

// Unregister removes a webhook; false if there is none with the id.
func (s *Server) Unregister(id int) bool { return s.post.unregister(id) }

// Webhooks lists the registrations.
func (s *Server) Webhooks() []Webhook { return s.post.list() }

// Wait returns when no webhook delivery is queued or under way.
func (s *Server) Wait(ctx context.Context) error { return s.post.wait(ctx) }

// Redeliver sends one of the latest 256 deliveries again under the same
// identifier; false if it is not known.
func (s *Server) Redeliver(id string) bool { return s.post.redeliver(id) }

// Attempts are the latest 10,000 tries to deliver, oldest first.
func (s *Server) Attempts() []Attempt {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	return s.post.log.Items()
}
