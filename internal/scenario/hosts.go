package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/manifest"
)

// hosts answer in place of everything else that tools and flows may reach.
type hosts struct {
	answers []manifest.GivenHost

	mu      sync.Mutex
	missing []string
}

// RoundTrip implements http.RoundTripper.
func (h *hosts) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, err := io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
	target := *r.URL
	target.RawQuery = ""
	for _, a := range h.answers {
		if (a.Method == "" || strings.EqualFold(a.Method, r.Method)) && (fits(a.URL, r.URL.String()) || fits(a.URL, target.String())) {
			return answered(a, r)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	what := r.Method + " " + target.String()
	if !slices.Contains(h.missing, what) {
		h.missing = append(h.missing, what)
	}
	return nil, fmt.Errorf("no answer is given for %s: add one to given.hosts", what)
}

// fits compares an address with one in which "*" stands for a part of the path.
func fits(pattern, address string) bool {
	ok, err := path.Match(pattern, address)
	return ok && err == nil || pattern == address
}

// unanswered are the requests for which the case has no answer.
func (h *hosts) unanswered() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.missing)
}

// answered turns what a case gives into an answer.
func answered(g manifest.GivenHost, r *http.Request) (*http.Response, error) {
	kind, body := "text/plain; charset=utf-8", []byte(nil)
	switch v := g.Body.(type) {
	case nil:
	case string:
		body = []byte(v)
	default:
		var err error
		if body, err = json.Marshal(v); err != nil {
			return nil, fmt.Errorf("encode answer of %s: %w", g.URL, err)
		}
		kind = "application/json"
	}
	header := http.Header{"Content-Type": {kind}}
	for name, value := range g.Headers {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: g.Status, Status: fmt.Sprintf("%d %s", g.Status, http.StatusText(g.Status)), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}
