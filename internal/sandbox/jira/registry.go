package jira

import (
	"slices"
	"time"
)

// register adds a webhook and returns it with its id.
func (p *post) register(w Webhook) Webhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.nextID++
	w = w.completed(p.dc)
	w.ID = p.nextID
	h := &hook{Webhook: w, lanes: make([]*lane, w.Lanes)}
	for i := range h.lanes {
		h.lanes[i] = &lane{}
	}
	p.hooks = append(p.hooks, h)
	return w
}

// replace changes a registration by its id. A secret that is not given and how it
// delivers stay as they are.
func (p *post) replace(w Webhook) (Webhook, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hooks {
		if h.ID != w.ID || h.Dynamic {
			continue
		}
		if w.Secret == "" {
			w.Secret = h.Secret
		}
		w.Retries, w.Backoff, w.Lanes, w.Duplicates = h.Retries, h.Backoff, h.Lanes, h.Duplicates
		h.Webhook = w
		return w, true
	}
	return w, false
}

// extend lets registrations of apps last until a moment.
func (p *post) extend(ids []int, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hooks {
		if h.Dynamic && slices.Contains(ids, h.ID) {
			h.Expires = until
		}
	}
}

func (p *post) unregister(id int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, h := range p.hooks {
		if h.ID == id {
			p.hooks = append(p.hooks[:i:i], p.hooks[i+1:]...)
			return true
		}
	}
	return false
}

func (p *post) list() []Webhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]Webhook, len(p.hooks))
	for i, h := range p.hooks {
		out[i] = h.Webhook
	}
	return out
}

// heard tells whether any webhook wants an event.
func (p *post) heard(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.hooks {
		if h.wants(name) {
			return true
		}
	}
	return false
}

// receivers are the webhooks that want an event, and for those that apps
// registered the ids of all that want it at one URL, which get it once.
func (p *post) receivers(e event, match func(jql string) bool) (hooks []*hook, matched map[string][]int) {
	matched = map[string][]int{}
	now := p.now()
	for _, h := range p.hooks {
		if !h.wants(e.name) || h.JQL != "" && !match(h.JQL) || !h.takes(e, now) {
			continue
		}
		if h.Dynamic {
			matched[h.URL] = append(matched[h.URL], h.ID)
			if len(matched[h.URL]) > 1 {
				continue
			}
		}
		hooks = append(hooks, h)
	}
	return hooks, matched
}
