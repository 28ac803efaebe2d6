package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"time"
)

// deadline is about how long a peer may not answer before the system takes its
// connection for dead.
const deadline = 10 * time.Second

// network makes the connections notice a peer that is gone: by keep-alive
// probes while nothing is sent, by the system's limit for unacknowledged data
// while something is.
func (c *config) network(o Options) {
	conn := c.conn
	if o.ConnectTimeout != 0 || conn.ConnectTimeout == 0 {
		conn.ConnectTimeout = or(o.ConnectTimeout, defaultConnectTimeout)
	}
	dialer := &net.Dialer{
		Timeout:         conn.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: deadline / 2, Interval: deadline / 4, Count: 2},
		Control:         limitUnacknowledged(deadline),
	}
	conn.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return endConn{nc}, nil
	}
}

// endConn reports that the server closed the connection as an error of the
// network, which those who try again recognise, and not as the end of a file.
type endConn struct{ net.Conn }

// Read implements net.Conn.
func (c endConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, io.EOF) {
		err = &net.OpError{Op: "read", Net: c.RemoteAddr().Network(), Addr: c.RemoteAddr(), Err: errClosed}
	}
	return n, err
}

var errClosed = errors.New("connection closed by the server")
