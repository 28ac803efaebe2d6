package postgres

import (
	"context"
	"database/sql"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
	"github.com/google/go-cmp/cmp"
)

// heard collects what a listener is told.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) notify(channel, payload string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, channel+":"+payload)
}

// all is what was told; connects is how often something may have been missed.
func (h *heard) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.list)
}

func (h *heard) connects() int {
	return len(slices.DeleteFunc(h.all(), func(s string) bool { return s != ":" }))
}

func (h *heard) has(text string) func() bool {
	return func() bool { return slices.Contains(h.all(), text) }
}

// listen runs a listener, impatient if change says so, until the test ends.
func listen(t *testing.T, dsn string, channels []string, change func(*listener)) *heard {
	t.Helper()
	h := &heard{}
	l, err := newListener(dsn, channels, h.notify)
	if err != nil {
		t.Fatal(err)
	}
	change(l)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return h
}

func tell(t *testing.T, db *sql.DB, channel, payload string) {
	t.Helper()
	if _, err := db.Exec("SELECT pg_notify($1, $2)", channel, payload); err != nil {
		t.Fatal(err)
	}
}

func TestNotificationsComeInOrderAfterAFirstCall(t *testing.T) {
	dsn := pgtest.Database(t)
	h := listen(t, dsn, []string{"runs", `Wei"rd name`}, func(l *listener) { l.quiet = 20 * time.Millisecond })
	until(t, "not connected", func() bool { return h.connects() == 1 })
	db := open(t, dsn, Options{})
	tell(t, db, "runs", "1")
	tell(t, db, "other", "not for us")
	// Some times of silence pass, in which the server is asked whether it is there.
	exec(t, db, "SELECT pg_sleep(0.2)")
	tell(t, db, `Wei"rd name`, "2")
	tell(t, db, "runs", strings.Repeat("x", 7000))
	tell(t, db, "runs", "")
	until(t, "not all heard", h.has("runs:"))
	want := []string{":", "runs:1", `Wei"rd name:2`, "runs:" + strings.Repeat("x", 7000), "runs:"}
	if diff := cmp.Diff(want, h.all()); diff != "" {
		t.Error(diff)
	}
}

func TestListenerComesBackAfterTheServer(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{})
	h := listen(t, s.DSN("postgres"), []string{"runs"}, func(*listener) {})
	db := open(t, s.DSN("postgres"), Options{})
	until(t, "not connected", func() bool { return h.connects() == 1 })
	if err := s.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "not connected again", func() bool { return h.connects() == 2 })
	until(t, "the pool is not back", func() bool { return db.Ping() == nil })
	tell(t, db, "runs", "after")
	until(t, "not heard", h.has("runs:after"))
}

func TestListenerStartsBeforeTheServer(t *testing.T) {
	s := pgtest.Server(t, pgserver.Options{})
	if err := s.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := listen(t, s.DSN("postgres"), []string{"runs"}, func(*listener) {})
	if err := s.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "not connected", func() bool { return h.connects() == 1 })
}

// wire is a proxy on loopback that can stop carrying without closing anything,
// as a dead network does.
type wire struct {
	listener net.Listener
	cut      atomic.Bool
	wg       sync.WaitGroup
	mu       sync.Mutex
	conns    []net.Conn
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l}
	w.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			w.carry(c, to)
		}
	})
	t.Cleanup(func() {
		l.Close()
		w.mu.Lock()
		for _, c := range w.conns {
			c.Close()
		}
		w.mu.Unlock()
		w.wg.Wait()
	})
	return w
}

func (w *wire) carry(c net.Conn, to string) {
	d, err := net.Dial("tcp", to)
	if err != nil {
		c.Close()
		return
	}
	w.mu.Lock()
	w.conns = append(w.conns, c, d)
	w.mu.Unlock()
	for _, pair := range [][2]net.Conn{{c, d}, {d, c}} {
		// A connection that was cut stays so.
		var dead bool
		w.wg.Go(func() {
			b := make([]byte, 4096)
			for {
				n, err := pair[0].Read(b)
				dead = dead || w.cut.Load()
				if err != nil {
					return
				}
				if !dead {
					pair[1].Write(b[:n])
				}
			}
		})
	}
}

func TestListenerNoticesADeadNetwork(t *testing.T) {
	dsn := pgtest.Database(t)
	var w *wire
	through := with(t, dsn, func(u *url.URL, _ url.Values) {
		w = newWire(t, u.Host)
		u.Host = w.listener.Addr().String()
	})
	h := listen(t, through, []string{"runs"}, func(l *listener) { l.quiet, l.answer = 100*time.Millisecond, 500*time.Millisecond })
	until(t, "not connected", func() bool { return h.connects() == 1 })
	w.cut.Store(true)
	db := open(t, dsn, Options{})
	tell(t, db, "runs", "lost")
	until(t, "no other connection is tried", func() bool { return w.ends() > 2 })
	w.cut.Store(false)
	until(t, "not connected again", func() bool { return h.connects() >= 2 })
	until(t, "not heard", func() bool {
		tell(t, db, "runs", "found")
		return h.has("runs:found")()
	})
	if h.has("runs:lost")() {
		t.Error("the dead network carried")
	}
}

// ends is how many ends of connections were ever carried.
func (w *wire) ends() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.conns)
}

func TestBehindAPoolerTheListenerAsksToLook(t *testing.T) {
	h := listen(t, "postgres://u@127.0.0.1:1/d?default_query_exec_mode=exec", []string{"runs"}, func(l *listener) { l.poll = time.Millisecond })
	until(t, "no calls", func() bool { return h.connects() > 3 })
}

func TestListenEndsWithItsContext(t *testing.T) {
	for name, dsn := range map[string]string{"connected": pgtest.Database(t), "away": "postgres://u@127.0.0.1:" + closedPort(t) + "/d"} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			if err := Listen(ctx, dsn, []string{"runs"}, func(string, string) {}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnusableChannelsAndDSNsAreRefusedAtOnce(t *testing.T) {
	dsn := "postgres://u:Geheim-7@h/d"
	for name, tt := range map[string]struct {
		dsn      string
		channels []string
	}{
		"no channels": {dsn, nil},
		"no name":     {dsn, []string{"a", ""}},
		"long name":   {dsn, []string{strings.Repeat("x", 64)}},
		"no URL":      {"Geheim-7", []string{"a"}},
	} {
		err := Listen(t.Context(), tt.dsn, tt.channels, func(string, string) { t.Error("called") })
		if err == nil || strings.Contains(err.Error(), "Geheim") {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
