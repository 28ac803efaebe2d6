// Package logtest has what tests need to look at a log: a place that many
// goroutines may write to while the test reads it.
package logtest

import (
	"bytes"
	"sync"
)

// Buffer keeps what is written to it. Its zero value is ready; any number of
// goroutines may write and read at once.
type Buffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String is all that was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
