package postgres

import (
	"net"
	"strconv"
	"syscall"
	"testing"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

func TestConnectionsNoticeAPeerThatIsGone(t *testing.T) {
	c, err := parse(pgtest.Database(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := c.conn.DialFunc(t.Context(), "tcp", net.JoinHostPort(c.conn.Host, strconv.Itoa(int(c.conn.Port))))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(endConn).Conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var limit, idle int
	raw.Control(func(fd uintptr) {
		limit, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
		idle, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE)
	})
	if limit != 10000 || idle != 5 {
		t.Errorf("user timeout %d ms, probes after %d s", limit, idle)
	}
}
