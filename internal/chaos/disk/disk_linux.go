package disk

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Disk is a mounted directory. Close it when done.
type Disk struct {
	// live is what programs see, kept what a power cut leaves for certain, mount
	// where programs find it.
	live, kept, mount string
	server            *fuse.Server
	closed            sync.Once

	mu      sync.Mutex
	trouble Trouble
	// names are the files that a power cut leaves for certain, pending the
	// changes that are not synced, by relative path, the oldest first.
	names   map[string]bool
	pending map[string][]change
	syncs   int
}

// change is a write that is not synced, or with data nil a new size.
type change struct {
	off  int64
	data []byte
}

// Mount makes a disk with its files below dir. image is a directory whose files
// it has at first; "" for none. The error is ErrCannotMount where that is not
// possible.
func Mount(dir, image string) (*Disk, error) {
	d := &Disk{live: filepath.Join(dir, "live"), kept: filepath.Join(dir, "kept"), mount: filepath.Join(dir, "mount"),
		names: map[string]bool{}, pending: map[string][]change{}}
	for _, path := range []string{d.live, d.kept, d.mount} {
		if err := os.MkdirAll(path, 0o700); err != nil {
			return nil, err
		}
	}
	if image != "" {
		if err := d.load(image); err != nil {
			return nil, fmt.Errorf("load image: %w", err)
		}
	}
	return d, d.open()
}

// load puts the files of an image on the disk.
func (d *Disk) load(image string) error {
	for _, to := range []string{d.live, d.kept} {
		if err := os.CopyFS(to, os.DirFS(image)); err != nil {
			return err
		}
	}
	return filepath.WalkDir(image, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(image, path)
		d.names[rel] = true
		return err
	})
}

func (d *Disk) open() error {
	root, err := fs.NewLoopbackRoot(d.live)
	if err != nil {
		return err
	}
	loop, ok := root.(*fs.LoopbackNode)
	if !ok {
		return fmt.Errorf("make file system: the root is a %T", root)
	}
	data := loop.RootData
	data.NewNode = func(data *fs.LoopbackRoot, _ *fs.Inode, _ string, _ *syscall.Stat_t) fs.InodeEmbedder {
		return &node{LoopbackNode: fs.LoopbackNode{RootData: data}, disk: d}
	}
	top := &node{LoopbackNode: fs.LoopbackNode{RootData: data}, disk: d}
	data.RootNode = top
	d.server, err = fs.Mount(d.mount, top, &fs.Options{MountOptions: fuse.MountOptions{DirectMount: true, FsName: "chaos", Name: "chaos"}})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCannotMount, err)
	}
	return nil
}

// Path is where programs find the disk.
func (d *Disk) Path() string { return d.mount }

// Set puts a trouble into force, or ends it. A disk that is off stays so.
func (d *Disk) Set(t Trouble) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trouble != Off {
		d.trouble = t
	}
}

// Syncs is how often files were synced.
func (d *Disk) Syncs() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.syncs
}

// Close unmounts the disk; no program may have files open there. Its files stay.
// A second call does nothing.
func (d *Disk) Close() error {
	var err error
	d.closed.Do(func() {
		if err = d.server.Unmount(); err != nil {
			// Somebody still has a file open: the mount goes when he is done.
			err = errors.Join(err, syscall.Unmount(d.mount, syscall.MNT_DETACH))
		}
	})
	return err
}

// allowed is whether something may be written now.
func (d *Disk) allowed() syscall.Errno {
	switch d.trouble {
	case Full:
		return syscall.ENOSPC
	case ReadOnly:
		return syscall.EROFS
	case Off:
		return syscall.EIO
	default:
		return fs.OK
	}
}

// changed notes a change that the next sync keeps.
func (d *Disk) changed(path string, c change) { d.pending[path] = append(d.pending[path], c) }

// sync keeps the changes of a file. If it fails, the changes are forgotten, as
// Linux does: they are still seen, never written, and the next sync succeeds.
func (d *Disk) sync(path string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncs++
	changes := d.pending[path]
	switch d.trouble {
	case Off:
		return syscall.EIO
	case SyncFails:
		delete(d.pending, path)
		return syscall.EIO
	}
	if err := apply(filepath.Join(d.kept, path), changes); err != nil {
		return fs.ToErrno(err)
	}
	d.names[path] = true
	delete(d.pending, path)
	return fs.OK
}

// syncNames keeps the names in a directory.
func (d *Disk) syncNames(dir string) syscall.Errno {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trouble == Off || d.trouble == SyncFails {
		return syscall.EIO
	}
	entries, err := os.ReadDir(filepath.Join(d.live, dir))
	if err != nil {
		return fs.ToErrno(err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() || d.names[path] {
			continue
		}
		if err := apply(filepath.Join(d.kept, path), nil); err != nil {
			return fs.ToErrno(err)
		}
		d.names[path] = true
	}
	return fs.OK
}

// apply carries changes out on a file, which is made if there is none.
func apply(path string, changes []change) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.data == nil {
			err = errors.Join(err, f.Truncate(c.off))
			continue
		}
		_, writeErr := f.WriteAt(c.data, c.off)
		err = errors.Join(err, writeErr)
	}
	return errors.Join(err, f.Close())
}
