package main

import (
	"os"
	"syscall"
)

// syncData syncs a file's content and the metadata needed to read it.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }
