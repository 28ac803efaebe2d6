package run_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/aofctl/aofctl/internal/store"
)

// swallower is a proxy before a database. Once told so, it lets no more answers
// through on the connections that there are.
type swallower struct {
	mu    sync.Mutex
	conns []*swallowed
}

type swallowed struct {
	mu   sync.Mutex
	deaf bool
	to   io.Writer
}

func (s *swallowed) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf {
		return len(b), nil
	}
	return s.to.Write(b)
}

// before returns the DSN of a proxy before the database of the given one.
func (p *swallower) before(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	target := u.Host
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", target)
			if err != nil {
				_ = client.Close()
				continue
			}
			answers := &swallowed{to: client}
			p.mu.Lock()
			p.conns = append(p.conns, answers)
			p.mu.Unlock()
			go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
			go func() { _, _ = io.Copy(answers, server); _ = client.Close() }()
		}
	}()
	u.Host = l.Addr().String()
	return u.String()
}

func (p *swallower) swallow() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.mu.Lock()
		c.deaf = true
		c.mu.Unlock()
	}
}

// TestAReplicaGetsOverConnectionsThatNobodyAnswers lets all of its connections
// hang at once, while new ones are answered.
func TestAReplicaGetsOverConnectionsThatNobodyAnswers(t *testing.T) {
	dsn, proxy := pgtest.Database(t), &swallower{}
	here, there := onPostgres(t, proxy.before(t, dsn)), onPostgres(t, dsn)
	c := newCrew(t, here, "me", time.Second, quick)
	(&house{t: t}).await("the replica to lead", c.supervisor.Leads)
	proxy.swallow()
	admit(t, there, "a/1")
	reaches(t, there, "a/1", store.StateSucceeded)
	(&house{t: t}).await("the replica to lead again", c.supervisor.Leads)
}
