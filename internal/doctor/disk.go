package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Disk is where SQLite's files are.
type Disk struct {
	Directory string
	// Try writes something into a directory and removes it; nil for real.
	Try func(dir string) error
	// Room tells how many bytes are free there, and what kind of file system over
	// the network it is, "" for none; nil for real.
	Room func(dir string) (free uint64, network string, err error)
}

// Free space below which the database soon takes no more, and below which it is
// time to look.
const (
	tooLittle = 100 << 20
	little    = 1 << 30
)

// Check looks whether the directory takes writes and has room.
func (d Disk) Check() Check {
	return Check{Subject: "storage", Name: "directory", Run: func(context.Context) []Result { return d.run() }}
}

func (d Disk) run() []Result {
	try, room := d.Try, d.Room
	if try == nil {
		try = tryWrite
	}
	if room == nil {
		room = freeSpace
	}
	dir, there := existing(d.Directory)
	if err := try(dir); err != nil {
		return []Result{d.closed(dir, err)}
	}
	detail := d.Directory + " takes writes"
	if !there {
		detail = d.Directory + " is made at the first start"
	}
	list := []Result{good("directory", detail)}
	free, network, err := room(dir)
	switch {
	case err != nil:
		list = append(list, skip("space", "the free space could not be told: "+err.Error()))
	case free < tooLittle:
		list = append(list, fail("space", size(free)+" free", "make room: webhooks get 503 when the disk is full"))
	case free < little:
		list = append(list, warn("space", size(free)+" free", "make room, or shorten storage.retention"))
	default:
		list = append(list, good("space", size(free)+" free"))
	}
	if network != "" {
		list = append(list, fail("disk", d.Directory+" is on a network file system ("+network+"), whose locks do not hold", "use a local disk, or PostgreSQL"))
	}
	return list
}

func (d Disk) closed(dir string, err error) Result {
	cure := "let the daemon's user write there, or set storage.dsn to another directory"
	switch {
	case errors.Is(err, syscall.EROFS):
		return fail("directory", dir+" is on a file system that is read-only", "mount it for writing, or set storage.dsn to another directory")
	case errors.Is(err, syscall.ENOSPC):
		return fail("directory", "the disk of "+dir+" is full", "make room")
	case errors.Is(err, syscall.ENOTDIR):
		return fail("directory", dir+" is not a directory", cure)
	case errors.Is(err, fs.ErrPermission):
		return fail("directory", "this user may not write to "+dir, cure)
	}
	return fail("directory", err.Error(), cure)
}

// existing returns the directory, or the nearest above it that there is.
func existing(dir string) (nearest string, there bool) {
	for nearest = dir; ; nearest = filepath.Dir(nearest) {
		if _, err := os.Lstat(nearest); err == nil || nearest == filepath.Dir(nearest) {
			return nearest, nearest == dir
		}
	}
}

func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString("written by aofctl doctor\n")
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

func size(bytes uint64) string {
	if bytes >= 10<<30 {
		return fmt.Sprintf("%d GB", bytes>>30)
	}
	return fmt.Sprintf("%d MB", bytes>>20)
}
