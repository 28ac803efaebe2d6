package push

import (
	"sync"

	"github.com/aofctl/aofctl/internal/store"
)

const (
	// mostLanes is how many owners of tasks are served at a time, laneWidth how many
	// receivers of one.
	mostLanes, laneWidth = 16, 4
)

// lanes keep the receivers of one owner from holding up those of others, however
// many they are and however slowly they answer. The zero value is free.
type lanes struct {
	mu   sync.Mutex
	busy map[store.TaskOwner]bool
}

// taken are the owners who have a lane now.
func (l *lanes) taken() map[store.TaskOwner]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := make(map[store.TaskOwner]bool, len(l.busy))
	for o := range l.busy {
		now[o] = true
	}
	return now
}

// enter gives an owner a lane; false if they have one, or none is free.
func (l *lanes) enter(o store.TaskOwner) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[o] || len(l.busy) >= mostLanes {
		return false
	}
	if l.busy == nil {
		l.busy = map[store.TaskOwner]bool{}
	}
	l.busy[o] = true
	return true
}

func (l *lanes) leave(o store.TaskOwner) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, o)
}

func byOwner(due []store.DuePush) map[store.TaskOwner][]store.DuePush {
	of := map[store.TaskOwner][]store.DuePush{}
	for _, one := range due {
		of[one.Owner] = append(of[one.Owner], one)
	}
	return of
}

// abreast serves all of a lane, some at a time, in their order.
func abreast(list []store.DuePush, serve func(store.DuePush)) {
	places := make(chan struct{}, laneWidth)
	var all sync.WaitGroup
	for _, one := range list {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			serve(one)
		})
	}
	all.Wait()
}
