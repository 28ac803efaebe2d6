package rovo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// The endpoints of the app by their keys in the manifest that `aofctl forge manifest`
// prints, and where they are on the remote.
const (
	InstalledEndpoint = "aof-installed-endpoint"
	UpgradedEndpoint  = "aof-upgraded-endpoint"
	UninstallEndpoint = "aof-uninstall-endpoint"
	ConfigEndpoint    = "aof-config"
	AccountEndpoint   = "aof-account"
	messagesEndpoint  = "a2a-"

	installedPath = "/atlassian/installed"
	upgradedPath  = "/atlassian/upgraded"
	uninstallPath = "/atlassian/uninstalled"
)

// Why Forge delivers an event again.
const (
	reasonRemote  = "INVALID_REMOTE_INVOCATION_ERROR"
	reasonTimeout = "TIMEOUT_ERROR"
	reasonToken   = "INVALID_FORGE_INVOCATION_TOKEN"
)

// maxAttempts is how often Forge delivers an event.
const maxAttempts = 4

// Delivery is an event of the life cycle with what became of it.
type Delivery struct {
	Event    string    `json:"event"`
	Attempts []Attempt `json:"attempts"`
	// Taken says that the remote answered one with a status of success.
	Taken bool `json:"taken"`
}

// Attempt is one try to deliver.
type Attempt struct {
	// Status is the answer's; 0 if there was none.
	Status int `json:"status"`
	// Reason is why it failed, in Forge's words; "" if it did not.
	Reason string        `json:"reason,omitempty"`
	Took   time.Duration `json:"took"`
	// Body is the beginning of the answer.
	Body string `json:"body,omitempty"`
}

// err says that the event was not taken.
func (d Delivery) err() error {
	if d.Taken {
		return nil
	}
	last := d.Attempts[len(d.Attempts)-1]
	return fmt.Errorf("deliver %s: not taken after %d attempts, the last with status %d %s %s", d.Event, len(d.Attempts), last.Status, last.Reason, last.Body)
}

// Install installs the app on the site, under a new id, and tells the remote. The
// error says that it never took the event.
func (t *Tenant) Install(ctx context.Context) (Delivery, error) {
	t.renew()
	return t.Reinform(ctx)
}

// renew begins another installation.
func (t *Tenant) renew() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.installation, t.version = client.NewID(), t.server.opts.App.Version
}

// Reinform tells the remote of the installation once more: Forge delivers at least
// once.
func (t *Tenant) Reinform(ctx context.Context) (Delivery, error) {
	return t.deliver(ctx, InstalledEndpoint, installedPath, t.installed(), maxAttempts)
}

func (t *Tenant) installed() map[string]any {
	body := t.event("avi:forge:installed:app")
	body["installerAccountId"] = t.admin()
	return body
}

// Upgrade installs another version, with the app's scopes, and tells the remote.
// Forge tells of a new major version alone.
func (t *Tenant) Upgrade(ctx context.Context, version string) (Delivery, error) {
	t.Consent()
	t.mu.Lock()
	told := major(version) != major(t.version)
	t.version = version
	t.mu.Unlock()
	if !told {
		return Delivery{Event: "avi:forge:upgraded:app", Taken: true}, nil
	}
	body := t.event("avi:forge:upgraded:app")
	body["upgraderAccountId"] = t.admin()
	body["permissions"] = map[string]any{"scopes": t.consented(), "external": map[string]any{}}
	return t.deliver(ctx, UpgradedEndpoint, upgradedPath, body, maxAttempts)
}

// Uninstall calls the remote before the app goes away, and waits for it as long as
// Forge does. The app goes away whatever the remote says, and its tokens with it.
func (t *Tenant) Uninstall(ctx context.Context) (Delivery, error) {
	d := Delivery{Event: "preUninstall"}
	a := t.attempt(ctx, UninstallEndpoint, uninstallPath, map[string]any{}, t.server.opts.Limits.Uninstall)
	d.Attempts, d.Taken = append(d.Attempts, a), a.Reason == ""
	t.server.revoke(t)
	return d, d.err()
}

// revoke ends all tokens for a site.
func (s *Server) revoke(t *Tenant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, g := range s.tokens {
		if g.tenant == t {
			delete(s.tokens, token)
		}
	}
}

// admin is the account that installs and upgrades.
func (t *Tenant) admin() string {
	if u, ok := t.site.User("bob"); ok {
		return u.AccountID
	}
	return AgentAccount
}

func (t *Tenant) event(kind string) map[string]any {
	installation, version := t.identity()
	app := t.server.opts.App
	return map[string]any{
		"app":     map[string]any{"id": app.ID, "name": app.Name, "ownerAccountId": t.admin(), "version": version},
		"context": siteARI + t.CloudID(), "environment": map[string]any{"id": app.Environment}, "eventType": kind, "id": installation,
	}
}

// deliver sends an event until the remote takes it, so many times at most.
func (t *Tenant) deliver(ctx context.Context, endpoint, path string, body map[string]any, most int) (Delivery, error) {
	kind, _ := body["eventType"].(string)
	d := Delivery{Event: kind}
	for n := range most {
		a := t.attempt(ctx, endpoint, path, body, t.server.opts.Limits.Event)
		d.Attempts, d.Taken = append(d.Attempts, a), a.Reason == ""
		if d.Taken || n == most-1 || !pause(ctx, t.server.opts.Limits.EventPause) {
			break
		}
		body["retryContext"] = map[string]any{"retryCount": n + 1, "retryReason": a.Reason}
	}
	return d, d.err()
}

func (t *Tenant) attempt(ctx context.Context, endpoint, path string, body map[string]any, limit time.Duration) Attempt {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	raw, err := json.Marshal(body)
	if err != nil {
		return Attempt{Reason: reasonRemote, Body: err.Error()}
	}
	h, err := t.Credentials(Invocation{Endpoint: endpoint})
	if err != nil {
		return Attempt{Reason: reasonRemote, Body: err.Error()}
	}
	h.Set("Content-Type", "application/json")
	began := time.Now()
	status, answer, err := t.server.request(ctx, http.MethodPost, path, h, raw)
	a := Attempt{Status: status, Took: time.Since(began), Body: cut(string(answer))}
	switch {
	case err != nil && os.IsTimeout(err), ctx.Err() != nil:
		a.Reason = reasonTimeout
	case err != nil:
		a.Reason, a.Body = reasonRemote, err.Error()
	case status == http.StatusUnauthorized:
		a.Reason = reasonToken
	case status < 200 || status > 299:
		a.Reason = reasonRemote
	}
	return a
}

// request sends a request to the remote and reads up to 1 MiB of the answer. What
// the remote redirects to is not followed.
func (s *Server) request(ctx context.Context, method, path string, h http.Header, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.Remote()+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("call remote: %w", err)
	}
	req.Header = h
	direct := *s.opts.Client
	direct.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := direct.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("call remote: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return resp.StatusCode, answer, fmt.Errorf("read answer of remote: %w", err)
	}
	return resp.StatusCode, answer, nil
}

// pause waits; false if the context ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func cut(s string) string { return s[:min(len(s), 500)] }
