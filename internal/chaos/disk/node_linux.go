package disk

import (
	"context"
	"os"
	"path/filepath"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// node is a file or directory of the disk.
type node struct {
	fs.LoopbackNode

	disk *Disk
}

// rel is the node's path from the root, or that of something in it.
func (n *node) rel(name string) string { return filepath.Join(n.Path(n.Root()), name) }

// Open implements fs.NodeOpener.
func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return n.disk.openFile(n.rel(""), int(flags)&^(os.O_APPEND|os.O_EXCL), 0)
}

// Create implements fs.NodeCreater.
func (n *node) Create(ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	n.disk.mu.Lock()
	errno := n.disk.allowed()
	n.disk.mu.Unlock()
	if errno != fs.OK {
		return nil, nil, 0, errno
	}
	f, fuseFlags, errno := n.disk.openFile(n.rel(name), int(flags)&^os.O_APPEND|os.O_CREATE, os.FileMode(mode))
	if errno != fs.OK {
		return nil, nil, 0, errno
	}
	child, errno := n.Lookup(ctx, name, out)
	return child, f, fuseFlags, errno
}

// Setattr implements fs.NodeSetattrer. A new size is a change like others.
func (n *node) Setattr(ctx context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); ok {
		n.disk.mu.Lock()
		defer n.disk.mu.Unlock()
		if errno := n.disk.allowed(); errno != fs.OK {
			return errno
		}
		n.disk.changed(n.rel(""), change{off: int64(size)})
	}
	return n.LoopbackNode.Setattr(ctx, nil, in, out)
}

// Unlink implements fs.NodeUnlinker. What is removed is gone at once.
func (n *node) Unlink(ctx context.Context, name string) syscall.Errno {
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	if errno := n.disk.allowed(); errno == syscall.EROFS || errno == syscall.EIO {
		return errno
	}
	path := n.rel(name)
	delete(n.disk.pending, path)
	if n.disk.names[path] {
		delete(n.disk.names, path)
		_ = os.Remove(filepath.Join(n.disk.kept, path))
	}
	return n.LoopbackNode.Unlink(ctx, name)
}

// Rename implements fs.NodeRenamer. Nothing on this disk is renamed.
func (*node) Rename(context.Context, string, fs.InodeEmbedder, string, uint32) syscall.Errno {
	return syscall.ENOTSUP
}

// Fsync implements fs.NodeFsyncer, for files and directories.
func (n *node) Fsync(_ context.Context, f fs.FileHandle, _ uint32) syscall.Errno {
	if file, ok := f.(*file); ok {
		return n.disk.sync(file.path)
	}
	return n.disk.syncNames(n.rel(""))
}

// file is an open file.
type file struct {
	disk *Disk
	path string
	os   *os.File
}

func (d *Disk) openFile(path string, flags int, mode os.FileMode) (fs.FileHandle, uint32, syscall.Errno) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trouble == Off {
		return nil, 0, syscall.EIO
	}
	if flags&os.O_TRUNC != 0 {
		if errno := d.allowed(); errno != fs.OK {
			return nil, 0, errno
		}
		d.changed(path, change{})
	}
	f, err := os.OpenFile(filepath.Join(d.live, path), flags, mode)
	if err != nil {
		return nil, 0, fs.ToErrno(err)
	}
	return &file{disk: d, path: path, os: f}, 0, fs.OK
}

// Read implements fs.FileReader.
func (f *file) Read(_ context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	f.disk.mu.Lock()
	off2 := f.disk.trouble == Off
	f.disk.mu.Unlock()
	if off2 {
		return nil, syscall.EIO
	}
	n, err := f.os.ReadAt(dest, off)
	if n == 0 && err != nil && !isEOF(err) {
		return nil, fs.ToErrno(err)
	}
	return fuse.ReadResultData(dest[:n]), fs.OK
}

// Write implements fs.FileWriter.
func (f *file) Write(_ context.Context, data []byte, off int64) (uint32, syscall.Errno) {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	if errno := f.disk.allowed(); errno != fs.OK {
		return 0, errno
	}
	n, err := f.os.WriteAt(data, off)
	if err != nil {
		return uint32(n), fs.ToErrno(err)
	}
	f.disk.changed(f.path, change{off: off, data: append([]byte{}, data...)})
	return uint32(n), fs.OK
}

// Getattr implements fs.FileGetattrer.
func (f *file) Getattr(_ context.Context, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	if err := syscall.Fstat(int(f.os.Fd()), &st); err != nil {
		return fs.ToErrno(err)
	}
	out.FromStat(&st)
	return fs.OK
}

// Allocate implements fs.FileAllocater. Nothing is reserved.
func (*file) Allocate(context.Context, uint64, uint64, uint32) syscall.Errno { return syscall.ENOTSUP }

// Flush implements fs.FileFlusher: closing syncs nothing.
func (*file) Flush(context.Context) syscall.Errno { return fs.OK }

// Release implements fs.FileReleaser.
func (f *file) Release(context.Context) syscall.Errno { return fs.ToErrno(f.os.Close()) }
