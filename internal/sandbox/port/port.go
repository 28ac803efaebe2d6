// Package port finds ports of loopback for programs that have to be told their
// number, such as a daemon under test. Asking the system for any free port and
// giving it back is not enough: until the program listens, or while it is being
// started again, another program may get the same number, be it as the near end
// of an outgoing connection.
package port

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// The ports lie below those that systems give to outgoing connections: Linux
// begins at 32768, others at 49152
// (https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html, ip_local_port_range).
const (
	lowest  = 10_000
	highest = 32_767
)

// Reserve finds a TCP port of 127.0.0.1 on which nobody listens, and keeps it from
// all others that ask here, in any process, until it is released: the same number
// is held for UDP, which the programs do not use. A process that dies releases
// its ports.
func Reserve() (number int, release func() error, err error) {
	const attempts = 200
	for range attempts {
		n := lowest + rand.IntN(highest-lowest+1) //nolint:gosec // a free port is no secret
		if release, err = reserve(n); err == nil {
			return n, release, nil
		}
	}
	return 0, nil, fmt.Errorf("reserve port: none of %d is free: %w", attempts, err)
}

func reserve(n int) (release func() error, err error) {
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(n))
	held, err := net.ListenPacket("udp", addr) //nolint:noctx // it does not wait
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr) //nolint:noctx // it does not wait
	if err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return held.Close, l.Close()
}

// Test is the part of testing.TB that For needs.
type Test interface {
	Helper()
	Cleanup(func())
	Fatal(args ...any)
}

// For reserves a port until the end of a test.
func For(t Test) int {
	t.Helper()
	n, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = release() })
	return n
}
