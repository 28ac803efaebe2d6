package signin

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/endpoint"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

var _ endpoint.Authenticator = (*SignIn)(nil)

const (
	installation = "0a3a7799-53ae-4a5b-9e7e-03338980abb5"
	apiBase      = "https://api.atlassian.com/ex/jira/d0d52620-3203-4cfa-8db5-f2587155f0dd"
)

// jwt is a text of the form of a token.
func jwt(name string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256"}`)) + "." + name + ".sig"
}

// known verifies the tokens that it knows.
type known struct {
	tokens map[string]fit.Claims

	mu      sync.Mutex
	modules []string
}

func (k *known) Verify(_ context.Context, token string, modules ...string) (fit.Claims, error) {
	k.mu.Lock()
	k.modules = modules
	k.mu.Unlock()
	if c, ok := k.tokens[token]; ok {
		return c, nil
	}
	if strings.Contains(token, "nokeys") {
		return fit.Claims{}, &fit.KeysError{Cause: errors.New("atlassian is away")}
	}
	return fit.Claims{}, &fit.Error{Reason: fit.Signature, Why: "is not signed by Forge"}
}

func claims(account string) fit.Claims {
	return fit.Claims{Installation: installation, APIBase: apiBase, Account: account}
}

func forge() *known {
	other, page := claims(""), claims("alice")
	page.Module.Key = "page"
	other.Installation = "11111111-2222-4333-8444-555555555555"
	return &known{tokens: map[string]fit.Claims{jwt("alice"): claims("alice"), jwt("event"): claims(""), jwt("elsewhere"): other, jwt("page"): page}}
}

// jira answers who a token belongs to.
type jira struct {
	mu       sync.Mutex
	users    map[string]string
	status   int
	body     string
	header   http.Header
	requests []*http.Request
	hold     chan struct{}
}

// RoundTrip implements http.RoundTripper.
func (j *jira) RoundTrip(r *http.Request) (*http.Response, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.requests = append(j.requests, r)
	if j.hold != nil {
		j.mu.Unlock()
		select {
		case <-j.hold:
		case <-r.Context().Done():
		}
		j.mu.Lock()
		if r.Context().Err() != nil {
			return nil, r.Context().Err()
		}
	}
	status, body := http.StatusOK, j.body
	if j.status != 0 {
		status = j.status
	}
	if body == "" {
		account := j.users[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
		body = `{"self":"x","accountId":"` + account + `","accountType":"atlassian"}`
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: j.header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (j *jira) asked() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.requests)
}

// request makes one with headers: pairs of name and value.
func request(t *testing.T, headers ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/a2a/json-rpc", http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func mustNew(t *testing.T, cfg Config) *SignIn {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// wantRefused fails unless the error is a refusal with the status.
func wantRefused(t *testing.T, err error, status int) *a2a.Refusal {
	t.Helper()
	var refusal *a2a.Refusal
	if !errors.As(err, &refusal) || refusal.Status != status {
		t.Fatalf("got %v, want a refusal with %d", err, status)
	}
	if status == http.StatusUnauthorized && !strings.HasPrefix(refusal.Challenge, "Bearer ") {
		t.Errorf("the challenge is %q", refusal.Challenge)
	}
	return refusal
}
