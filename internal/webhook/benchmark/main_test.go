package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/pgserver/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestPayloadIsAnIssueEventOfTheRightSize(t *testing.T) {
	for n := range 64 {
		b := payload(n)
		if !json.Valid(b) || len(b) < 10_000 || len(b) > 11_000 {
			t.Errorf("payload %d has %d bytes", n, len(b))
		}
	}
	if bytes.Equal(payload(1), payload(2)) {
		t.Error("payloads are the same")
	}
}

func TestEveryHandlerAnswersTheLoad(t *testing.T) {
	for _, kind := range append(kinds(), onPostgres) {
		to := target{dir: t.TempDir()}
		if kind == onPostgres {
			to.dsn = pgtest.Database(t)
		}
		h, end, err := handler(context.Background(), kind, to)
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(h)
		f, err := load(context.Background(), s.Listener.Addr().String(), settings{conns: 4, duration: 300 * time.Millisecond})
		s.Close()
		if err := end(); err != nil {
			t.Error(err)
		}
		if err != nil || f.perSecond == 0 || f.p50 == 0 || f.p99 < f.p50 || f.max < f.p99 {
			t.Errorf("%s: %+v, %v", kind, f, err)
		}
	}
	if _, _, err := handler(context.Background(), "other", target{}); err == nil {
		t.Error("an unknown kind was served")
	}
}

func TestGroupWritesEachRecordBeforeItReturns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	g := newGroup(f)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := g.append([]byte("0123456789")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	text, err := os.ReadFile(path)
	if err != nil || len(text) != 50*14 || strings.Count(string(text), "0123456789") != 50 {
		t.Errorf("%d bytes, %v", len(text), err)
	}
	if err := g.close(); err != nil {
		t.Error(err)
	}
}

func TestAnswersOtherThanAcceptedAreErrors(t *testing.T) {
	for text, ok := range map[string]bool{
		"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{\"status\":\"accepted\"}":  true,
		"HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n{\"status\":\"duplicate\"}": false,
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}":         false,
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n":                            false,
		"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":\"accepted\"}": false,
		"": false,
	} {
		if err := readAnswer(bufio.NewReader(strings.NewReader(text))); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestReportShowsMediansAndRatios(t *testing.T) {
	r := newReport(settings{})
	for _, n := range []float64{900, 100, 500} {
		r.add("append", figures{perSecond: n})
		r.add("inbox", figures{perSecond: n * 0.7})
	}
	var out bytes.Buffer
	r.print(&out)
	for _, want := range []string{"500", "350", "0.70", "1.00"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in\n%s", want, &out)
		}
	}
}
