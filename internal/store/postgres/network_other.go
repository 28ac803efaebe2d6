//go:build !linux

package postgres

import (
	"syscall"
	"time"
)

// limitUnacknowledged leaves the limit for unacknowledged data to the system:
// only Linux has one for each connection. The deadlines of contexts hold anyway.
func limitUnacknowledged(time.Duration) func(string, string, syscall.RawConn) error { return nil }
