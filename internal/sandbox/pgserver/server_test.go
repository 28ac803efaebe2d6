package pgserver_test

import (
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver"
	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestX(t *testing.T) {
	b := time.Now()
	s := pgtest.Server(t, pgserver.Options{})
	t.Log(time.Since(b), s.DSN("postgres"))
	for range 3 {
		b = time.Now()
		t.Run("", func(t *testing.T) { pgtest.Database(t) })
		t.Log(time.Since(b))
	}
	b = time.Now()
	if err := s.Crash(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(b))
	if err := s.StartAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(b))
}
