package port

import (
	"net"
	"strconv"
	"testing"
)

func TestAReservedPortIsGivenToNobodyElse(t *testing.T) {
	n, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reserve(n); err == nil {
		t.Errorf("port %d was given twice", n)
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(n)))
	if err != nil {
		t.Fatalf("its owner cannot listen: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if again, err := reserve(n); err != nil {
		t.Errorf("it is not free again: %v", err)
	} else if err := again(); err != nil {
		t.Error(err)
	}
}

func TestAPortThatIsListenedOnIsNotReserved(t *testing.T) {
	n := For(t)
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(n)))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, release, err := Reserve()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = release() }()
	if other == n {
		t.Errorf("port %d was given twice", n)
	}
}

func TestPortsAreFreeBehindATest(t *testing.T) {
	n := 0
	t.Run("test", func(t *testing.T) { n = For(t) })
	release, err := reserve(n)
	if err != nil {
		t.Fatalf("port %d is still held: %v", n, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}
