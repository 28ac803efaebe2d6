package jira

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

func TestConcurrentWritesAreCountedAndOrdered(t *testing.T) {
	s := newSite(t, Options{})
	r := newReceiver(t)
	s.Register(Webhook{URL: r.url, Lanes: 3})
	keys := []string{s.issue(NewIssue{}), s.issue(NewIssue{})}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			key := keys[n%2]
			for m := range 10 {
				if _, err := s.comment(key, fmt.Sprint(n, "/", m)); err != nil {
					t.Error(err)
				}
				s.do("GET", "/rest/api/2/issue/"+key+"?fields=*navigable", "")
				s.do("GET", "/rest/api/2/search/jql?jql=project%3DPROJ&fields=summary,labels", "")
				_, _ = s.Issue(key)
				_, _ = s.Requests(), s.Counts()
			}
		})
	}
	wg.Wait()
	s.settle()
	if n := s.Counts()["comment"]; n != 80 {
		t.Errorf("%d comments counted", n)
	}
	var last int64
	seen := map[string]bool{}
	for _, key := range keys {
		i := s.snapshot(key)
		last = 0
		for _, w := range i.Writes {
			if w.Seq <= last {
				t.Errorf("%s: write %d after %d", key, w.Seq, last)
			}
			last = w.Seq
		}
		for n, c := range i.Comments {
			if seen[c.Body] {
				t.Errorf("comment %s twice", c.Body)
			}
			seen[c.Body] = true
			if n > 0 && !c.Created.After(i.Comments[n-1].Created) {
				t.Errorf("comments %d and %d share a moment", n-1, n)
			}
		}
	}
	if len(seen) != 80 || len(r.all()) != 82 {
		t.Errorf("%d comments, %d deliveries", len(seen), len(r.all()))
	}
}

// serve answers one request without a network.
func serve(b *testing.B, s *Server, method, path, body string) {
	b.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(BotEmail, BotToken)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= http.StatusBadRequest {
		b.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}

func benchSite(b *testing.B) *Server {
	b.Helper()
	s, err := New(Options{Seed: Seed{Issues: []NewIssue{{Project: "PROJ", Summary: "x", Description: strings.Repeat("text ", 200)}}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	return s
}

func BenchmarkGetIssue(b *testing.B) {
	s := benchSite(b)
	for b.Loop() {
		serve(b, s, "GET", "/rest/api/2/issue/PROJ-1?fields=summary,status,description,labels", "")
	}
}

func BenchmarkGetWholeIssue(b *testing.B) {
	s := benchSite(b)
	for b.Loop() {
		serve(b, s, "GET", "/rest/api/2/issue/PROJ-1", "")
	}
}

func BenchmarkCreateIssueWithWebhook(b *testing.B) {
	s := benchSite(b)
	sink := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	b.Cleanup(sink.Close)
	s.Register(Webhook{URL: sink.URL, Secret: "x", Lanes: 4})
	for b.Loop() {
		serve(b, s, "POST", "/rest/api/2/issue", `{"fields":{"project":{"key":"PROJ"},"issuetype":{"name":"Bug"},"summary":"s"}}`)
	}
}

func BenchmarkPostComment(b *testing.B) {
	s := benchSite(b)
	key := 0
	for b.Loop() {
		if key++; key%100 == 1 {
			b.StopTimer()
			if err := s.Reset(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		serve(b, s, "POST", "/rest/api/2/issue/PROJ-1/comment", `{"body":"hello","properties":[{"key":"k","value":1}]}`)
	}
}
