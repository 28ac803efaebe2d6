package postgres

import (
	"errors"
	"strings"
	"syscall"
	"time"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h, see tcp(7).
const tcpUserTimeout = 0x12

// limitUnacknowledged returns a net.Dialer.Control that makes the system give a
// connection up when what was sent is not acknowledged for that long. Without
// it Linux tries for a quarter of an hour.
func limitUnacknowledged(limit time.Duration) func(string, string, syscall.RawConn) error {
	return func(network, _ string, raw syscall.RawConn) error {
		if !strings.HasPrefix(network, "tcp") {
			return nil
		}
		var inner error
		err := raw.Control(func(fd uintptr) {
			inner = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(limit.Milliseconds()))
		})
		return errors.Join(err, inner)
	}
}
