package memory

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"
)

// Shelf gives agents their memories. Agents that name the same file share it,
// each within scopes of its own.
type Shelf struct {
	dir      string
	database Memory
	now      func() time.Time

	mu       sync.Mutex
	volatile *Volatile
	files    map[string]*OnFile
}

// NewShelf makes a Shelf. Paths are relative to dir; database is the form Store.
func NewShelf(dir string, database Memory, now func() time.Time) *Shelf {
	return &Shelf{dir: dir, database: database, now: now, volatile: NewVolatile(now), files: map[string]*OnFile{}}
}

// Open returns the memory that a text such as "File:./cache.json:1000" means, and
// what it says.
func (s *Shelf) Open(text string) (Memory, Config, error) {
	c, err := Parse(text)
	if err != nil {
		return nil, c, err
	}
	switch c.Kind {
	case InMemory:
		return s.volatile, c, nil
	case Database:
		if s.database == nil {
			return nil, c, errors.New("there is no storage that the memory could be kept in")
		}
		return s.database, c, nil
	case File:
	}
	path, err := filepath.Abs(s.Path(c))
	if err != nil {
		return nil, c, fmt.Errorf("find memory file: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files[path] == nil {
		s.files[path] = NewOnFile(path, s.now)
	}
	return s.files[path], c, nil
}

// Path is where the file of a memory is.
func (s *Shelf) Path(c Config) string {
	if filepath.IsAbs(c.Path) {
		return filepath.Clean(c.Path)
	}
	return filepath.Join(s.dir, c.Path)
}
