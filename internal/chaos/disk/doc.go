// Package disk is a directory that fails like a disk: it can be full, take no
// writes, or fail to sync, and after a power cut it holds what was synced and of
// all else whatever chance leaves. It is a file system in user space (FUSE) and
// needs Linux, /dev/fuse and the right to mount.
package disk

import "errors"

// ErrCannotMount is returned where such a directory is not possible.
var ErrCannotMount = errors.New("no file system in user space can be mounted here")

// Trouble is what is wrong with the disk.
type Trouble int

// The troubles. Off is a disk without power: nothing works any more.
const (
	None Trouble = iota
	Full
	ReadOnly
	SyncFails
	Off
)

// String names the trouble.
func (t Trouble) String() string {
	return [...]string{"none", "full", "read-only", "syncing fails", "off"}[t]
}
