package wire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// site is an API that counts what it carried out, behind a wire.
type site struct {
	*wire.Wire
	done atomic.Int32
	url  string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{}
	s.Wire = wire.New(wire.Options{
		API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s.done.Add(1)
			body, _ := io.ReadAll(r.Body)
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write(append([]byte("made "), body...))
		}),
		MaxBody: 10, Unread: func(w http.ResponseWriter, _ *http.Request, status int) { w.WriteHeader(status) },
		Refuse: func(w http.ResponseWriter, f *wire.Fault) { w.WriteHeader(f.Status) },
		Header: func(h http.Header) { h.Set("X-From", "here") }, Now: time.Now, Luck: wire.Luck(nil), LogSize: 100,
	})
	server := httptest.NewServer(http.HandlerFunc(s.Exchange))
	t.Cleanup(func() {
		s.LetGo()
		server.Close()
	})
	s.url = server.URL
	return s
}

// post sends a request and tells the status, 0 if there was no answer, and the text.
func (s *site) post(ctx context.Context, path, body string) (int, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(text)
}

func TestRequestsGoWrongBeforeOrAfterTheyAreCarriedOut(t *testing.T) {
	for name, c := range map[string]struct {
		fault        wire.Fault
		status, done int
		text         string
	}{
		"nothing":            {wire.Fault{Path: "/other", Effect: wire.CutBefore}, 201, 1, "made x"},
		"refused":            {wire.Fault{Effect: wire.Answer, Status: 503}, 503, 0, ""},
		"refused afterwards": {wire.Fault{Effect: wire.Answer, Status: 503, After: true}, 503, 1, ""},
		"cut":                {wire.Fault{Method: "POST", Effect: wire.CutBefore}, 0, 0, ""},
		"answer lost":        {wire.Fault{Effect: wire.CutAfter}, 0, 1, ""},
		"reset":              {wire.Fault{Effect: wire.ResetBefore}, 0, 0, ""},
		"reset afterwards":   {wire.Fault{Effect: wire.ResetAfter}, 0, 1, ""},
		"half":               {wire.Fault{Effect: wire.Malformed}, 201, 1, "mad\x00<"},
		"slow":               {wire.Fault{Effect: wire.Latency, LatencyMS: 1}, 201, 1, "made x"},
		"later":              {wire.Fault{Effect: wire.CutBefore, Skip: 1}, 201, 1, "made x"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			if _, err := s.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			status, text := s.post(t.Context(), "/a", "x")
			if status != c.status || int(s.done.Load()) != c.done || c.status > 0 && text != c.text {
				t.Errorf("%d %q, carried out %d times", status, text, s.done.Load())
			}
			list := s.Requests()
			if len(list) != 1 || list[0].Body != "x" || !list[0].Done || list[0].Status != status || (list[0].Applied == 201) != (c.done == 1) {
				t.Errorf("remembered %+v", list)
			}
			s.Forget()
			if status, _ := s.post(t.Context(), "/a", "x"); status != 201 || len(s.Requests()) != 1 {
				t.Errorf("afterwards %d, %d remembered", status, len(s.Requests()))
			}
		})
	}
}

func TestHeldRequestsWaitAndThoseOfTheDeadAreDropped(t *testing.T) {
	s := newSite(t)
	hold, err := s.AddHold(wire.Hold{Path: "/a", Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone, kept := make(chan int), make(chan int)
	go func() { status, _ := s.post(ctx, "/a", "x"); gone <- status }()
	if _, err := s.Caught(t.Context(), hold.ID, 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	go func() { status, _ := s.post(t.Context(), "/a", "y"); kept <- status }()
	if _, err := s.Caught(t.Context(), hold.ID, 2); err != nil {
		t.Fatal(err)
	}
	if status := <-gone; status != 0 {
		t.Errorf("who went away was told %d", status)
	}
	for state, _ := s.Caught(t.Context(), hold.ID, 2); state.Waiting > 1; state, _ = s.Caught(t.Context(), hold.ID, 2) {
		time.Sleep(time.Millisecond)
	}
	if !s.Release(hold.ID) || s.Release(hold.ID) {
		t.Error("the hold was not released once")
	}
	if status := <-kept; status != 201 || s.done.Load() != 1 {
		t.Errorf("who waited was told %d, %d were carried out", status, s.done.Load())
	}
}

func TestBadFaultsAndHoldsAndHugeRequestsAreRefused(t *testing.T) {
	s := newSite(t)
	for _, f := range []wire.Fault{{}, {Effect: "x"}, {Effect: wire.Answer}, {Effect: wire.CutAfter, Path: "("}, {Effect: wire.CutAfter, Method: "("}, {Effect: wire.CutAfter, Fraction: 2}, {Effect: wire.Latency}} {
		if _, err := s.AddFault(f); err == nil {
			t.Errorf("%+v is taken", f)
		}
	}
	for _, h := range []wire.Hold{{When: "never"}, {Path: "("}, {Method: "("}} {
		if _, err := s.AddHold(h); err == nil {
			t.Errorf("%+v is taken", h)
		}
	}
	if status, _ := s.post(t.Context(), "/a", "more than ten bytes"); status != http.StatusRequestEntityTooLarge || s.done.Load() > 0 {
		t.Errorf("%d, carried out %d times", status, s.done.Load())
	}
}
