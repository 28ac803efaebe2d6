package memory

import (
	"context"
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

// ForgetUsers deletes what agents learned with the rights of the users of an
// installation, in every form that is on the shelf. What is in files that no agent
// asked for since the start is found by the agents' own texts.
func (s *Shelf) ForgetUsers(ctx context.Context, installation string, texts []string) error {
	memories := map[Memory]bool{s.volatile: true}
	if s.database != nil {
		memories[s.database] = true
	}
	var errs []error
	for _, text := range texts {
		m, _, err := s.Open(text)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		memories[m] = true
	}
	s.mu.Lock()
	for _, f := range s.files {
		memories[f] = true
	}
	s.mu.Unlock()
	for m := range memories {
		errs = append(errs, m.ForgetUsers(ctx, installation))
	}
	return errors.Join(errs...)
}

// Path is where the file of a memory is.
func (s *Shelf) Path(c Config) string {
	if filepath.IsAbs(c.Path) {
		return filepath.Clean(c.Path)
	}
	return filepath.Join(s.dir, c.Path)
}
