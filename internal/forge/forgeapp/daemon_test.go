package forgeapp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/forge"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/store"
)

// trusting takes the key of an endpoint for a token of an administrator.
type trusting struct{}

func (trusting) Verify(_ context.Context, token string, modules ...string) (fit.Claims, error) {
	if !slices.Contains(modules, token) {
		return fit.Claims{}, &fit.Error{Reason: fit.Route, Why: "is for another module of the app"}
	}
	return fit.Claims{
		AppID: "8db33809-1f32-48bb-8c52-5877dab48107", Installation: "0a3a7799-53ae-4a5b-9e7e-03338980abb5", CloudID: "d0d52620-3203-4cfa-8db5-f2587155f0dd",
		APIBase: "https://api.atlassian.com/ex/jira/d0d52620-3203-4cfa-8db5-f2587155f0dd", SiteURL: "https://example.atlassian.net",
		Environment: fit.EnvironmentClaim{ID: "aa911f10-c54b-4b93-9e27-dd2947840b9e", Type: "PRODUCTION"},
		AppVersion:  "2.0.0", Module: fit.Module{Type: "core:endpoint", Key: token}, Account: "655362:somebody",
	}, nil
}

// startDaemon serves what the pages call, and returns its address.
func startDaemon(t *testing.T) string {
	t.Helper()
	s, err := store.Open(t.Context(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	keys, err := atlassian.ParseKeys(strings.Repeat("ab", 32))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := forge.NewSigner(strings.Repeat("s", 32), nil)
	if err != nil {
		t.Fatal(err)
	}
	known := forge.New(s, forge.Options{Keys: keys, Agents: func() []string { return []string{"bug-triager", "issue-summarizer"} }})
	mux := http.NewServeMux()
	for path, handler := range forge.NewHandler(trusting{}, known, signer, forge.HandlerOptions{}).Routes() {
		mux.Handle(path, handler)
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}
