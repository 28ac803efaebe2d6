package rovo

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// transport answers requests without a network, so that time can be simulated.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// deaf never answers.
func deaf(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// idle opens streams that show a task and then nothing.
func idle(opened *int) transport {
	return func(r *http.Request) (*http.Response, error) {
		*opened++
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		task := strings.Replace(good10, `"id":"1"`, `"id":"`+gjson.GetBytes(raw, "id").Str+`"`, 1)
		out, in := io.Pipe()
		go func() { _, _ = fmt.Fprintf(in, "data: %s\n\n", task) }()
		h := http.Header{}
		h.Set("Content-Type", "text/event-stream")
		return &http.Response{StatusCode: 200, Header: h, Body: out, Request: r}, nil
	}
}

// alone is a platform whose remote is the transport.
func alone(t *testing.T, remote transport) *Tenant {
	t.Helper()
	s := New(Options{Remote: "http://daemon.example.com", Client: &http.Client{Transport: remote}})
	return s.AddTenant("acme", newSite(t, "https://acme.example.com", "11111111-1111-4111-8111-111111111111"))
}

// lasted checks how long something took.
func lasted(t *testing.T, what string, want time.Duration, do func() error) error {
	t.Helper()
	began := time.Now()
	err := do()
	if took := time.Since(began); took != want {
		t.Errorf("%s took %v, want %v", what, took, want)
	}
	return err
}

func TestJiraWaitsAsLongAsItSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		acme := alone(t, deaf)
		for _, streaming := range []bool{false, true} {
			err := lasted(t, "an answer", 55*time.Second, func() error {
				_, err := acme.User("alice").Assign(t.Context(), Agent{Streaming: streaming}, "PROJ-1")
				return err
			})
			if !errors.Is(err, ErrImpatient) {
				t.Errorf("no answer: %v", err)
			}
		}
		if err := lasted(t, "an event", (4*5+3*60)*time.Second, func() error { _, err := acme.Install(t.Context()); return err }); err == nil {
			t.Error("an event was taken that nobody answered")
		}
		if err := lasted(t, "an uninstallation", 55*time.Second, func() error { _, err := acme.Uninstall(t.Context()); return err }); err == nil {
			t.Error("an uninstallation was answered that nobody answered")
		}
		if err := lasted(t, "a page", 25*time.Second, func() error { return acme.Configure(t.Context(), nil) }); err == nil {
			t.Error("a page was saved that nobody saved")
		}
	})
}

func TestJiraReconnectsStreamsAfterFifteenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		acme := alone(t, idle(&opened))
		talk, err := acme.User("alice").Assign(t.Context(), Agent{Streaming: true}, "PROJ-1")
		if err != nil {
			t.Fatal(err)
		}
		err = lasted(t, "a work item", time.Hour, func() error { _, err := talk.Settle(t.Context()); return err })
		// The last stream and the interaction end in one moment, in either order.
		if !errors.Is(err, ErrImpatient) || opened != 4 && opened != 5 {
			t.Errorf("%d streams were opened: %v", opened, err)
		}
		talk.Drop()
		opened = 0
		if _, err := talk.Say(t.Context(), "And?"); err != nil {
			t.Fatal(err)
		}
		err = lasted(t, "a chat", 30*time.Minute, func() error { _, err := talk.Settle(t.Context()); return err })
		if !errors.Is(err, ErrImpatient) || opened != 2 && opened != 3 {
			t.Errorf("%d streams were opened for a chat: %v", opened, err)
		}
		talk.Drop()
	})
}

func TestPollingKeepsItsPaceAndSurvivesABadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polls := 0
		acme := alone(t, func(r *http.Request) (*http.Response, error) {
			raw, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			text := good10
			if gjson.GetBytes(raw, "method").Str == "GetTask" {
				polls++
				text = strings.Replace(strings.Replace(strings.Replace(good10, `{"task":`, ``, 1), `}}}}`, `}}}`, 1), "WORKING", map[bool]string{true: "COMPLETED", false: "WORKING"}[polls > 4], 1)
			}
			status := 200
			switch polls {
			case 2:
				return nil, io.ErrUnexpectedEOF
			case 3:
				status = 503
			}
			h := http.Header{}
			h.Set("Content-Type", "application/json")
			text = strings.Replace(text, `"id":"1"`, `"id":"`+gjson.GetBytes(raw, "id").Str+`"`, 1)
			return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
		})
		talk, err := acme.User("alice").Assign(t.Context(), Agent{Dialect: client.Jira10}, "PROJ-1")
		if err != nil {
			t.Fatal(err)
		}
		if err := lasted(t, "five polls", 10*time.Second, func() error { _, err := talk.Settle(t.Context()); return err }); err != nil || polls != 5 {
			t.Errorf("%d polls: %v", polls, err)
		}
		if v := acme.server.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
	})
}
