package github

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // GitHub still sends it beside the other
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// Webhook is a registration.
type Webhook struct {
	ID     int
	URL    string
	Secret string
	// Form sends bodies as forms, which is what GitHub does unless it is told to
	// send JSON.
	Form bool
}

// Delivery is a webhook that was sent. GitHub sends each once; somebody may have
// it sent again.
type Delivery struct {
	// ID is X-GitHub-Delivery, the same when it is sent again.
	ID      string
	Event   string
	Webhook int
	Body    []byte
	// Status is how it was answered; 0 if it was not.
	Status int
	Answer string
}

// post sends webhooks, one after another.
type post struct {
	ctx    context.Context //nolint:containedctx // it ends with the server, not with a call
	stop   context.CancelFunc
	client *http.Client
	done   sync.WaitGroup

	mu    sync.Mutex
	idle  *sync.Cond
	hooks []Webhook
	queue []job
	busy  bool
	log   []*Delivery
}

type job struct {
	hook     Webhook
	delivery *Delivery
}

func newPost() *post {
	ctx, stop := context.WithCancel(context.Background())
	p := &post{ctx: ctx, stop: stop, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}}
	p.idle = sync.NewCond(&p.mu)
	return p
}

func (p *post) close() {
	p.stop()
	p.done.Wait()
	p.client.CloseIdleConnections()
}

// Register adds a webhook for all events and greets it.
func (s *Server) Register(w Webhook) Webhook {
	s.post.mu.Lock()
	w.ID = len(s.post.hooks) + 1
	s.post.hooks = append(s.post.hooks, w)
	s.post.mu.Unlock()
	body := doc{"zen": "Half measures are as bad as nothing at all.", "hook_id": w.ID, "hook": doc{"type": "Repository", "id": w.ID, "name": "web", "active": true,
		"events": []string{"*"}, "config": doc{"content_type": "json", "insecure_ssl": "0", "url": w.URL}}}
	_ = s.post.send(w, &event{name: "ping", body: body}) // it is made of plain values
	return w
}

// enqueue sends an event to all webhooks.
func (p *post) enqueue(e *event) error {
	p.mu.Lock()
	hooks := append([]Webhook(nil), p.hooks...)
	p.mu.Unlock()
	for _, hook := range hooks {
		if err := p.send(hook, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *post) send(hook Webhook, e *event) error {
	body, err := json.Marshal(e.body)
	if err != nil {
		return fmt.Errorf("write payload: %w", err)
	}
	if hook.Form {
		body = []byte(url.Values{"payload": {string(body)}}.Encode())
	}
	p.add(job{hook, &Delivery{ID: guid(), Event: e.name, Webhook: hook.ID, Body: body}}, true)
	return nil
}

// add puts a delivery in line, and starts to send if nobody does.
func (p *post) add(j job, record bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if record {
		p.log = append(p.log, j.delivery)
	}
	p.queue = append(p.queue, j)
	if !p.busy && p.ctx.Err() == nil {
		p.busy = true
		p.done.Go(p.run)
	}
}

func (p *post) run() {
	for {
		p.mu.Lock()
		if len(p.queue) == 0 || p.ctx.Err() != nil {
			p.busy = false
			p.idle.Broadcast()
			p.mu.Unlock()
			return
		}
		j := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		status, answer := p.deliver(j)
		p.mu.Lock()
		j.delivery.Status, j.delivery.Answer = status, answer
		p.mu.Unlock()
	}
}

// deliver sends a delivery with the headers of the real ones
// (https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers).
func (p *post) deliver(j job) (int, string) {
	req, err := http.NewRequestWithContext(p.ctx, http.MethodPost, j.hook.URL, bytes.NewReader(j.delivery.Body))
	if err != nil {
		return 0, err.Error()
	}
	Sign(req.Header, j.hook.Secret, j.delivery.Body)
	req.Header.Set("Content-Type", map[bool]string{true: "application/x-www-form-urlencoded", false: "application/json"}[j.hook.Form])
	req.Header.Set("User-Agent", "GitHub-Hookshot/5a4b3c2")
	req.Header.Set("Accept", "*/*")
	for name, value := range map[string]string{"X-GitHub-Event": j.delivery.Event, "X-GitHub-Delivery": j.delivery.ID,
		"X-GitHub-Hook-ID": strconv.Itoa(j.hook.ID), "X-GitHub-Hook-Installation-Target-Type": "repository", "X-GitHub-Hook-Installation-Target-ID": "1"} {
		req.Header.Set(name, value)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	return resp.StatusCode, string(answer)
}

// Sign sets the headers by which GitHub proves that it sent a body.
func Sign(h http.Header, secret string, body []byte) {
	for name, one := range map[string]struct {
		method string
		hash   func() hash.Hash
	}{"X-Hub-Signature": {"sha1", sha1.New}, "X-Hub-Signature-256": {"sha256", sha256.New}} {
		mac := hmac.New(one.hash, []byte(secret))
		mac.Write(body)
		h.Set(name, one.method+"="+hex.EncodeToString(mac.Sum(nil)))
	}
}

// guid is a random identifier in the form of X-GitHub-Delivery.
func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// Redeliver sends a delivery again, with the same identifier; false if there is none.
func (s *Server) Redeliver(id string) bool {
	p := s.post
	p.mu.Lock()
	for _, d := range p.log {
		if d.ID == id {
			hook := p.hooks[d.Webhook-1]
			p.mu.Unlock()
			p.add(job{hook, d}, false)
			return true
		}
	}
	p.mu.Unlock()
	return false
}

// Deliveries are the webhooks so far, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	out := make([]Delivery, len(s.post.log))
	for i, d := range s.post.log {
		out[i] = *d
	}
	return out
}

// Wait returns when no webhook is on its way.
func (s *Server) Wait() {
	s.post.mu.Lock()
	defer s.post.mu.Unlock()
	for s.post.busy {
		s.post.idle.Wait()
	}
}
