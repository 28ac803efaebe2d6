package enrich

import (
	"container/list"
	"sync"
	"time"
)

// Bounds of what is kept.
const (
	// stateFor is for how long what was read for one state of a thing stands for
	// it: the questions of one event follow each other closely.
	stateFor = 30 * time.Second
	// seldomFor is the same for what changes seldom.
	seldomFor = 5 * time.Minute

	maxEntries = 512
	maxBytes   = 64 << 10 // of the texts of one entry
)

// cache keeps what was read for a short while, and nothing for longer: what people
// wrote must not stay in memory behind the runs that it was read for. When it is full,
// what was read first goes first.
type cache struct {
	now func() time.Time

	mu      sync.Mutex
	entries map[object]*list.Element
	order   *list.List
	// sweeping is true while it is waited for what is kept to be over.
	sweeping bool
}

type entry struct {
	object object
	vars   map[string]any
	until  time.Time
}

func newCache(now func() time.Time) *cache {
	return &cache{now: now, entries: map[object]*list.Element{}, order: list.New()}
}

// get returns variables that nobody may change.
func (c *cache) get(o object) (map[string]any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	element, ok := c.entries[o]
	if !ok {
		return nil, false
	}
	e, _ := element.Value.(*entry)
	if !c.now().Before(e.until) {
		c.remove(element, e)
		return nil, false
	}
	return e.vars, true
}

func (c *cache) put(o object, vars map[string]any) {
	if o.state == unknownState || size(vars) > maxBytes {
		return
	}
	keep := stateFor
	if o.state == "" {
		keep = seldomFor
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if element, ok := c.entries[o]; ok {
		c.order.Remove(element)
	}
	c.entries[o] = c.order.PushBack(&entry{o, vars, c.now().Add(keep)})
	c.watch()
	for c.order.Len() > maxEntries {
		element := c.order.Front()
		if e, ok := element.Value.(*entry); ok {
			c.remove(element, e)
		}
	}
}

// watch has what is over removed, though nobody may ask for it again. It is called
// with the lock held.
func (c *cache) watch() {
	if c.sweeping || c.order.Len() == 0 {
		return
	}
	c.sweeping = true
	time.AfterFunc(stateFor, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sweeping = false
		for element := c.order.Front(); element != nil; {
			next := element.Next()
			if e, ok := element.Value.(*entry); ok && !c.now().Before(e.until) {
				c.remove(element, e)
			}
			element = next
		}
		c.watch()
	})
}

func (c *cache) remove(element *list.Element, e *entry) {
	c.order.Remove(element)
	delete(c.entries, e.object)
}

// size estimates the bytes of all texts among variables.
func size(value any) int {
	n := 0
	switch v := value.(type) {
	case string:
		n = len(v)
	case []string:
		for _, s := range v {
			n += len(s)
		}
	case []any:
		for _, item := range v {
			n += 16 + size(item)
		}
	case map[string]any:
		for name, item := range v {
			n += len(name) + 16 + size(item)
		}
	}
	return n
}
