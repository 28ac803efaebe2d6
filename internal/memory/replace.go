package memory

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// save replaces the file: the new one is on disk before it takes the name, and
// the name before anybody is told.
func (f *OnFile) save(b *book) error {
	text, err := b.encode()
	if err != nil {
		return err
	}
	target := f.path
	if real, err := filepath.EvalSymlinks(f.path); err == nil {
		target = real // a link stays a link
	}
	if err := f.replace(target, text); err != nil {
		return fmt.Errorf("write memory file: %w", err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return nil //nolint:nilerr // it is written; it will be read anew
	}
	f.cached, f.info = b, info
	return nil
}

func (f *OnFile) replace(target string, text []byte) error {
	mode := os.FileMode(0o600)
	if info, err := os.Stat(target); err == nil {
		mode = info.Mode().Perm()
	}
	// One name is enough, since there is one writer; what a crash left is used again.
	temporary := target + ".new"
	if err := writeSynced(temporary, text, mode); err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	if err := os.Rename(temporary, target); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(target))
}

func writeSynced(path string, text []byte, mode os.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// putAside gives a damaged file a name that is not taken.
func (f *OnFile) putAside() (string, error) {
	f.cached = nil
	stamp := f.now().UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		aside := fmt.Sprintf("%s.damaged-%s", f.path, stamp)
		if n > 1 {
			aside = fmt.Sprintf("%s-%d", aside, n)
		}
		if _, err := os.Lstat(aside); err == nil {
			continue
		}
		if err := os.Rename(f.path, aside); err != nil {
			return "", fmt.Errorf("put damaged memory file aside: %w", err)
		}
		return aside, nil
	}
}
