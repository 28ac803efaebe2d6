package main

import (
	"encoding/binary"
	"os"
	"sync"
)

// group appends records to a file, many per sync.
type group struct {
	file  *os.File
	mu    sync.Mutex
	next  *pending
	ready chan struct{}
	ended chan struct{}
}

type pending struct {
	buf  []byte
	err  error
	done chan struct{}
}

func newGroup(f *os.File) *group {
	g := &group{file: f, ready: make(chan struct{}, 1), ended: make(chan struct{})}
	g.next = &pending{done: make(chan struct{})}
	go g.run()
	return g
}

func (g *group) append(record []byte) error {
	g.mu.Lock()
	p := g.next
	p.buf = binary.LittleEndian.AppendUint32(p.buf, uint32(len(record)))
	p.buf = append(p.buf, record...)
	g.mu.Unlock()
	select {
	case g.ready <- struct{}{}:
	default:
	}
	<-p.done
	return p.err
}

func (g *group) run() {
	defer close(g.ended)
	var spare []byte
	for range g.ready {
		g.mu.Lock()
		p := g.next
		g.next = &pending{buf: spare[:0], done: make(chan struct{})}
		g.mu.Unlock()
		if len(p.buf) > 0 {
			if _, p.err = g.file.Write(p.buf); p.err == nil {
				p.err = syncData(g.file)
			}
		}
		spare = p.buf
		close(p.done)
	}
}

func (g *group) close() error {
	close(g.ready)
	<-g.ended
	return g.file.Close()
}
