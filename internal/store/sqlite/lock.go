package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// LockedError says that another process holds a directory.
type LockedError struct {
	// Dir is the directory.
	Dir string
	// PID is the process that holds it; 0 if it is not known.
	PID int
}

// Error names the directory and, if known, the process.
func (e *LockedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("directory %s is in use by another process", e.Dir)
	}
	return fmt.Sprintf("directory %s is in use by another process (pid %d)", e.Dir, e.PID)
}

// DirLock is a held lock of a directory.
type DirLock struct {
	file *flock.Flock
	pid  string
}

// Lock takes the directory for this process and makes it, open to its owner
// alone, if it does not exist. It does not wait: while another process has the
// directory the error is a *LockedError. The operating system frees the lock
// when the process ends, however it ends.
func Lock(dir string) (*DirLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock directory %s: %w", dir, err)
	}
	file := flock.New(filepath.Join(dir, "lock"))
	// The process id has its own file: where locks are fcntl's, closing a
	// second handle of the locked file would free it.
	pid := filepath.Join(dir, "lock.pid")
	ok, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock directory %s: %w", dir, err)
	}
	if !ok {
		return nil, &LockedError{Dir: dir, PID: readPID(pid)}
	}
	if err := os.WriteFile(pid, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("lock directory %s: %w", dir, err), file.Unlock())
	}
	return &DirLock{file: file, pid: pid}, nil
}

// Unlock frees the directory. The lock's file stays: removing it would let two
// processes hold two files of one name.
func (l *DirLock) Unlock() error {
	if err := os.Remove(l.pid); err != nil && !errors.Is(err, os.ErrNotExist) {
		return errors.Join(fmt.Errorf("unlock directory: %w", err), l.file.Unlock())
	}
	if err := l.file.Unlock(); err != nil {
		return fmt.Errorf("unlock directory: %w", err)
	}
	return nil
}

func readPID(path string) int {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
