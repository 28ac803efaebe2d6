package confluence

import (
	"fmt"
	"net/http"
	"sync"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// Server is the site: an http.Handler with a Go API beside it. It is safe for
// concurrent use. Close it when done.
type Server struct {
	*wire.Wire
	opts    Options
	api     http.Handler
	control http.Handler
	post    *post

	mu sync.RWMutex
	st *state
}

// New builds a site. The error says what is wrong with the options.
func New(opts Options) (*Server, error) {
	opts = opts.completed()
	s := &Server{opts: opts, post: newPost(opts)}
	s.Wire = s.newWire()
	s.api, s.control = s.routes(), s.controls()
	if err := s.Reset(); err != nil {
		s.post.close()
		return nil, err
	}
	return s, nil
}

// Reset puts the site back to its beginning and forgets requests, faults and holds.
// Webhooks and rules stay.
func (s *Server) Reset() error {
	st, err := newState(s.opts)
	if err != nil {
		return err
	}
	t := s.tx(st, st.users[0])
	for _, p := range s.opts.Pages {
		if _, err := t.newPage(p); err != nil {
			return fmt.Errorf("make page %q: %w", p.Title, err)
		}
	}
	s.Forget()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.st = st
	return nil
}

// Close stops the sending of webhooks and releases held requests.
func (s *Server) Close() {
	s.LetGo()
	s.post.close()
}

// Kind is the kind of Confluence that the site is.
func (s *Server) Kind() Kind { return s.opts.Kind }

// BaseURL is what a client is configured with: the site's address, on Data Center
// with its context path.
func (s *Server) BaseURL() string {
	if s.opts.Kind == Cloud {
		return s.opts.BaseURL
	}
	return s.opts.BaseURL + s.opts.ContextPath
}

func (s *Server) tx(st *state, by *User) *tx {
	return &tx{st: st, by: by, now: s.opts.Now().UTC(), web: s.opts.BaseURL + s.opts.ContextPath}
}

// read runs fn on the state, which does not change meanwhile.
func (s *Server) read(by *User, fn func(*tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fn(s.tx(s.st, by))
}

// write runs fn alone and hands what happened to webhooks and rules, in order.
func (s *Server) write(by *User, fn func(*tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tx(s.st, by)
	err := fn(t)
	for _, e := range t.events {
		s.post.send(e)
	}
	return err
}
