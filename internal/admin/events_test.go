package admin_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// patience bounds every wait.
const patience = 2 * time.Minute

// stream follows the events and returns a function that gives the next one as
// "id kind run", or why there is none.
func (d *daemon) stream(t *testing.T, query string, headers ...string) func() string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.server.URL+"/api/v1/events"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %d as %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	lines := bufio.NewReader(resp.Body)
	return func() string { return next(lines) }
}

func next(lines *bufio.Reader) string {
	var parts []string
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return "end"
		}
		if err != nil {
			return err.Error()
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "id", "event":
			parts = append(parts, value)
		case "data":
			_, run, _ := strings.Cut(value, `"run":"`)
			run, _, _ = strings.Cut(run, `"`)
			return strings.Join(append(parts, run), " ")
		}
	}
}

// all reads a stream to its end.
func all(next func() string) []string {
	var list []string
	for {
		e := next()
		if e == "end" {
			return list
		}
		list = append(list, e)
		if len(list) > 5000 {
			return append(list, "…")
		}
	}
}

func TestEventsAreToldFromWhereTheReaderWas(t *testing.T) {
	d := newDaemon(t, "")
	d.admit(t, "run-1", "delivery", "PROJ-1")
	d.admit(t, "run-2", "delivery", "PROJ-2")
	d.finish(t, "run-1")
	whole := []string{"1 queued run-1", "2 queued run-2", "3 started run-1", "4 step run-1", "5 finished run-1"}
	for _, c := range []struct {
		name, query string
		header      []string
		want        []string
	}{
		{"from the beginning", "?after=0&follow=false", nil, whole},
		{"behind a number", "?after=2&follow=false", nil, whole[2:]},
		{"behind the last that was seen", "?follow=false", []string{"Last-Event-ID", "3"}, whole[3:]},
		{"the query before the header", "?after=3&follow=false", []string{"Last-Event-ID", "0"}, whole[3:]},
		{"of one run", "?after=0&follow=false&run=run-2", nil, whole[1:2]},
		{"of a run that is not there", "?after=0&follow=false&run=x", nil, nil},
		{"only what comes next", "?follow=false", nil, nil},
		{"behind the end", "?after=99&follow=false", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, all(d.stream(t, c.query, c.header...))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFollowerSeesWhatHappensAndNothingTwice(t *testing.T) {
	d := newDaemon(t, "")
	d.admit(t, "run-0", "delivery", "PROJ-0")
	d.finish(t, "run-0")
	follow := d.stream(t, "") // begins with what comes next
	one := d.stream(t, "?run=run-1&after=0")
	for i := 1; i <= 3; i++ {
		d.admit(t, fmt.Sprintf("run-%d", i), "delivery", fmt.Sprintf("PROJ-%d", i))
		if got, want := follow(), fmt.Sprintf("%d queued run-%d", i+4, i); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got := one(); got != "5 queued run-1" {
		t.Errorf("the follower of one run got %q", got)
	}
	d.finish(t, "run-1")
	for _, want := range []string{"8 started run-1", "9 step run-1", "10 finished run-1"} {
		if a, b := follow(), one(); a != want || b != want {
			t.Errorf("got %q and %q, want %q", a, b, want)
		}
	}
	close(d.closing)
	if a, b := follow(), one(); a != "end" || b != "end" {
		t.Errorf("the daemon stops, and the followers get %q and %q", a, b)
	}
}

func TestALongStoryIsToldInPages(t *testing.T) {
	d := newDaemon(t, "")
	const n = 1203 // more than two pages
	for i := range n {
		d.admit(t, fmt.Sprintf("run-%d", i), "delivery", "PROJ-1")
	}
	list := all(d.stream(t, "?after=0&follow=false"))
	if len(list) != n || list[n-1] != fmt.Sprintf("%d queued run-%d", n, n-1) {
		t.Errorf("%d events, the last is %v", len(list), list[len(list)-1:])
	}
}
