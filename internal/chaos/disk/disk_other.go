//go:build !linux

package disk

import "math/rand/v2"

// Disk cannot be had on this system.
type Disk struct{}

// Mount returns ErrCannotMount.
func Mount(string, string) (*Disk, error) { return nil, ErrCannotMount }

// Path is "".
func (*Disk) Path() string { return "" }

// Set does nothing.
func (*Disk) Set(Trouble) {}

// Syncs is 0.
func (*Disk) Syncs() int { return 0 }

// Cut returns ErrCannotMount.
func (*Disk) Cut(*rand.Rand, string) error { return ErrCannotMount }

// Close does nothing.
func (*Disk) Close() error { return nil }
