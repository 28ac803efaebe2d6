package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/rs/zerolog"
)

const (
	// maxFile bounds what is read: what this program writes is never as large.
	maxFile = 128 << 20
	// An editor may be at work: what looks damaged is read again before it is
	// believed to be.
	rereads      = 3
	rereadPause  = 100 * time.Millisecond
	lockPatience = 10 * time.Second
	lockPause    = 5 * time.Millisecond
)

// OnFile is a memory in a file of JSON that people may read and edit. Each change
// replaces the file whole, so that a crash leaves the one before or the one after;
// a lock beside it keeps processes of one machine from each other's changes.
type OnFile struct {
	path string
	now  func() time.Time

	mu sync.Mutex
	// cached is what the file held when it looked like info; nil if it is not known.
	cached *book
	info   os.FileInfo
}

// NewOnFile makes a memory in the file, which need not exist yet.
func NewOnFile(path string, now func() time.Time) *OnFile { return &OnFile{path: path, now: now} }

// DamagedError says that the file could not be read, and where it is now. The
// memory is empty from here.
type DamagedError struct {
	Path string
	// Aside is where the damaged file was put.
	Aside string
	Cause error
}

// Error names both files.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("memory file %s could not be read (%v): it is kept as %s, and the memory is empty now", e.Path, e.Cause, e.Aside)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Cause }

// Get implements Memory.
func (f *OnFile) Get(ctx context.Context, scope Scope, key string) (Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.read(ctx)
	if err != nil {
		return Entry{}, err
	}
	return b.get(scope, key, f.now())
}

// List implements Memory.
func (f *OnFile) List(ctx context.Context, scope Scope) ([]Entry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	b, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	return b.list(scope, f.now()), nil
}

// Change implements Memory.
func (f *OnFile) Change(ctx context.Context, scope Scope, c Change) (Outcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var outcome Outcome
	err := f.locked(ctx, func() error {
		b, err := f.load(ctx)
		if err != nil {
			return err
		}
		done, known := b.done(c.ID)
		if known {
			outcome = done
			return nil
		}
		f.cached = nil // what follows changes it, and may not reach the disk
		outcome = b.change(scope, c, f.now())
		return f.save(b)
	})
	return outcome, err
}

// ForgetUsers implements Memory. A file without such entries is not touched.
func (f *OnFile) ForgetUsers(ctx context.Context, installation string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if b, err := f.read(ctx); err != nil || !b.has(installation) {
		return err
	}
	return f.locked(ctx, func() error {
		b, err := f.load(ctx)
		if err != nil {
			return err
		}
		f.cached = nil // as above
		if !b.forgetUsers(installation) {
			return nil
		}
		return f.save(b)
	})
}

// read returns what the file holds, without the lock as long as it is sound:
// files are replaced, never written over.
func (f *OnFile) read(ctx context.Context) (*book, error) {
	b, err := f.fresh(ctx)
	if !errors.Is(err, errBroken) {
		return b, err
	}
	err = f.locked(ctx, func() error {
		b, err = f.load(ctx)
		return err
	})
	return b, err
}

// load is fresh under the lock: a damaged file is put aside.
func (f *OnFile) load(ctx context.Context) (*book, error) {
	b, err := f.fresh(ctx)
	if !errors.Is(err, errBroken) {
		return b, err
	}
	aside, moveErr := f.putAside()
	if moveErr != nil {
		return nil, errors.Join(fmt.Errorf("read memory file %s: %w", f.path, err), moveErr)
	}
	damaged := &DamagedError{Path: f.path, Aside: aside, Cause: err}
	zerolog.Ctx(ctx).Error().Err(damaged).Msg("a memory was damaged")
	return nil, damaged
}

// fresh reads the file if it changed since it was read last.
func (f *OnFile) fresh(ctx context.Context) (*book, error) {
	for try := 1; ; try++ {
		b, err := f.parse()
		if !errors.Is(err, errBroken) || try == rereads {
			return b, err
		}
		if err := pause(ctx, rereadPause); err != nil {
			return nil, err
		}
	}
}

func (f *OnFile) parse() (*book, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return newBook(), nil
	}
	if err != nil {
		return nil, fmt.Errorf("open memory file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read memory file: %w", err)
	}
	if f.cached != nil && os.SameFile(info, f.info) && info.ModTime().Equal(f.info.ModTime()) && info.Size() == f.info.Size() {
		return f.cached, nil
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("memory file %s: %w: it is no file, or larger than %d MiB", f.path, errForeign, maxFile>>20)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile))
	if err != nil {
		return nil, fmt.Errorf("read memory file: %w", err)
	}
	b, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("memory file %s: %w", f.path, err)
	}
	f.cached, f.info = b, info
	return b, nil
}

// locked does something while no other process changes the file. The lock's file
// stays: removing it would let two processes hold two files of one name.
func (f *OnFile) locked(ctx context.Context, do func() error) error {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return fmt.Errorf("make directory of memory file: %w", err)
	}
	lock := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if ok, err := lock.TryLockContext(waiting, lockPause); !ok {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("memory file %s is held by another process: %w", f.path, err)
	}
	return errors.Join(do(), lock.Close())
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
