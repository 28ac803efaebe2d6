package rig

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// receiver answers webhooks with the given statuses, then with 200, and
// remembers who came.
type receiver struct {
	mu       sync.Mutex
	statuses []int
	ids      []string
	retries  []string
	tokens   []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := req.Header.Get("X-Atlassian-Webhook-Identifier")
	r.ids = append(r.ids, id)
	r.retries = append(r.retries, req.Header.Get("X-Atlassian-Webhook-Retry"))
	r.tokens = append(r.tokens, id[strings.LastIndex(id, "-")+1:])
	status := http.StatusOK
	if len(r.statuses) > 0 {
		status, r.statuses = r.statuses[0], r.statuses[1:]
	}
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
}

func sender(t *testing.T, r *receiver) *Sender {
	t.Helper()
	srv := httptest.NewServer(r)
	t.Cleanup(srv.Close)
	s := NewSender(site(t), rand.New(rand.NewPCG(1, 1)))
	s.targets, s.Pause = []string{srv.URL}, time.Microsecond
	t.Cleanup(s.http.CloseIdleConnections)
	return s
}

func TestDeliveriesAreRepeatedAsJiraDoes(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		accepted bool
		tries    int
		bare     int
	}{
		"taken at once":             {nil, true, 1, 0},
		"taken after failures":      {[]int{503, 500, 0, 429}, true, 5, 1},
		"given up after five again": {[]int{503, 503, 503, 503, 503, 503}, false, 6, 0},
		"never repeated after 400":  {[]int{400}, false, 1, 0},
		"never repeated after 401":  {[]int{401}, false, 1, 0},
		"repeated after 408, 409":   {[]int{408, 409, 425}, true, 4, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{statuses: c.statuses}
			s := sender(t, r)
			got := s.Send(t.Context(), NewEvent(1, "CHA-1"))
			if got.Accepted != c.accepted || got.Tries != c.tries || len(s.Receipts()) != 1 {
				t.Errorf("receipt %+v", got)
			}
			if bare := s.Bare(); bare != c.bare {
				t.Errorf("%d answers without Retry-After", bare)
			}
			if ids := slices.Compact(slices.Clone(r.ids)); len(ids) != 1 || len(r.ids) != c.tries {
				t.Errorf("identifiers %v in %d tries", ids, c.tries)
			}
			if r.retries[0] != "" || (c.tries > 1 && r.retries[c.tries-1] != fmt.Sprint(c.tries-1)) {
				t.Errorf("retries told as %q", r.retries)
			}
		})
	}
}

func TestEventsOfAnIssueAreSentOneAfterTheOther(t *testing.T) {
	r := &receiver{statuses: []int{503, 503, 0, 503}}
	s := sender(t, r)
	var events []Event
	want := map[string][]string{}
	for n := range 40 {
		e := NewEvent(n+1, []string{"CHA-1", "CHA-2"}[n%2])
		events = append(events, e)
		want[e.Issue] = append(want[e.Issue], e.Token)
	}
	s.SendAll(t.Context(), events, 0)
	got := map[string][]string{}
	for i, token := range r.tokens {
		var n int
		_, err := fmt.Sscanf(token, "E%06d", &n)
		must(t, err)
		if issue := events[n-1].Issue; i == 0 || !slices.Contains(got[issue], token) {
			got[issue] = append(got[issue], token)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order by issue (-want +got):\n%s", diff)
	}
}

func TestSendersTakeDaemonsInTurn(t *testing.T) {
	first, second := &receiver{}, &receiver{}
	s := sender(t, first)
	srv := httptest.NewServer(second)
	t.Cleanup(srv.Close)
	s.targets = append(s.targets, srv.URL)
	for n := range 6 {
		s.Send(t.Context(), NewEvent(n+1, "CHA-1"))
	}
	if len(first.ids) != 3 || len(second.ids) != 3 {
		t.Errorf("%d and %d came", len(first.ids), len(second.ids))
	}
	if diff := cmp.Diff(map[int]int{200: 6}, s.Statuses()); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
}
