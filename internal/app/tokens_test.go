package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/store/secret"
)

// granting is a Data Center that grants tokens, each refresh token for one use.
type granting struct {
	mu     sync.Mutex
	valid  string
	grants int
}

func (g *granting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.URL.Path == "/rest/oauth2/latest/token" && r.FormValue("refresh_token") == g.valid:
		g.grants++
		g.valid = fmt.Sprint("refresh-", g.grants)
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprint("access-", g.grants), "refresh_token": g.valid, "expires_in": 3600})
	case r.Header.Get("Authorization") == fmt.Sprint("Bearer access-", g.grants):
		_ = json.NewEncoder(w).Encode(map[string]string{"name": "bot", "displayName": "Bot"})
	default:
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func TestRefreshTokensSurviveARestartSealed(t *testing.T) {
	grants := &granting{valid: "refresh-0"}
	jira := httptest.NewServer(grants)
	defer jira.Close()
	p := newPlace(t, "  platforms: {jira: {base_url: '"+jira.URL+"', webhook_secret_env: JIRA_WEBHOOK_SECRET, "+
		"auth: {type: oauth2, client_id_env: ID, client_secret_env: SECRET, refresh_token_env: REFRESH}}}\n", nil)
	p.env["ID"], p.env["SECRET"], p.env["REFRESH"] = "id", "secret", "refresh-0"
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "AOF_MASTER_KEY is not set") {
		t.Fatalf("without a master key: %v", err)
	}
	p.env["AOF_MASTER_KEY"] = "short"
	if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "AOF_MASTER_KEY: read master key") {
		t.Fatalf("with a bad master key: %v", err)
	}
	p.env["AOF_MASTER_KEY"] = strings.Repeat("0f", 32)
	for range 2 {
		a, err := p.open(t)
		if err != nil {
			t.Fatal(err)
		}
		if me, err := a.sites.list[0].whoAmI(t.Context()); err != nil || me.DisplayName != "Bot" {
			t.Errorf("%+v, %v", me, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	if grants.grants != 1 {
		t.Errorf("%d tokens were granted: the stored one is good for an hour", grants.grants)
	}
	paths, _ := filepath.Glob(filepath.Join(p.dir, "data", "*"))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err == nil && (strings.Contains(string(text), "refresh-") || strings.Contains(string(text), "access-1")) {
			t.Errorf("%s holds a token in the open", path)
		}
	}
	if _, err := os.Stat(filepath.Join(p.dir, "data", secret.FileName)); err != nil {
		t.Error(err)
	}
}

func TestTokensWaitForTheStorage(t *testing.T) {
	var none tokens
	if _, err := none.LoadToken(t.Context(), "a"); !errors.Is(err, errStorageClosed) {
		t.Errorf("err %v", err)
	}
	if _, err := none.SwapToken(t.Context(), "a", nil, nil); !errors.Is(err, errStorageClosed) {
		t.Errorf("err %v", err)
	}
}
