package rovo

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // ids of Forge look like that
	"encoding/hex"
	"fmt"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// ARIs of Forge.
const (
	appARI          = "ari:cloud:ecosystem::app/"
	environmentARI  = "ari:cloud:ecosystem::environment/"
	installationARI = "ari:cloud:ecosystem::installation/"
	siteARI         = "ari:cloud:jira::site/"
)

// draft is an invocation token before it is signed.
type draft struct {
	key    key
	header map[string]any
	claims map[string]any
	// encode makes the token of it.
	encode func(*draft) (string, error)
}

// at is a member of nested claims, for changing it.
func (d *draft) at(path ...string) map[string]any {
	m := d.claims
	for _, name := range path {
		next, ok := m[name].(map[string]any)
		if !ok {
			next = map[string]any{}
			m[name] = next
		}
		m = next
	}
	return m
}

// Invocation is why the app's remote is called.
type Invocation struct {
	// Endpoint is the key of the endpoint in the app's manifest.
	Endpoint string
	// Module is the key of what the user sees, such as the agent; the app's if "".
	Module string
	// Account is the user's; "" for what no user caused.
	Account string
	// Spoil makes the token one that has to be refused; the zero Spoil leaves it
	// good.
	Spoil Spoil
}

// draft writes an invocation token as "Forge Remote essentials" describes it.
func (t *Tenant) draft(why Invocation) (*draft, error) {
	k, err := t.server.ring.current()
	if err != nil {
		return nil, err
	}
	installation, version := t.identity()
	app, now := t.server.opts.App, t.server.opts.Now()
	base := t.APIBase()
	id := sha1.Sum([]byte(client.NewID())) //nolint:gosec // as above
	claims := map[string]any{
		"app": map[string]any{
			"id": appARI + app.ID, "version": major(version), "appVersion": version, "installationId": installationARI + installation, "apiBaseUrl": base,
			"environment": map[string]any{"type": app.EnvironmentType, "id": environmentARI + app.ID + "/" + app.Environment},
			"module":      map[string]any{"type": "core:endpoint", "key": why.Endpoint},
			"license":     map[string]any{"isActive": true, "type": "commercial"},
			"installation": map[string]any{
				"id": installationARI + installation, "contexts": []any{map[string]any{"name": "jira", "apiBaseUrl": base}},
			},
		},
		"aud": appARI + app.ID, "iss": "forge/invocation-token", "iat": now.Unix(), "nbf": now.Unix(),
		"exp": now.Add(t.server.opts.Limits.Invocation).Unix(), "jti": hex.EncodeToString(id[:]),
	}
	if !t.server.opts.NoContext {
		claims["context"] = map[string]any{
			"cloudId": t.CloudID(), "moduleKey": cmp.Or(why.Module, app.Module), "siteUrl": t.site.BaseURL(),
			"userAccess": map[string]any{"enabled": false, "hasAccess": true},
		}
	}
	if why.Account != "" && !t.server.opts.NoPrincipal {
		claims["principal"] = why.Account
	}
	return &draft{
		key: k, claims: claims, header: map[string]any{"alg": "RS256", "typ": "JWT", "kid": k.id},
		encode: func(d *draft) (string, error) { return jwt(d.header, d.claims, d.key.rs256) },
	}, nil
}

// InvocationToken mints a token with which the app's remote is called.
func (t *Tenant) InvocationToken(why Invocation) (string, error) {
	d, err := t.draft(why)
	if err != nil {
		return "", err
	}
	if why.Spoil.change != nil {
		if err := why.Spoil.change(d); err != nil {
			return "", fmt.Errorf("spoil token: %w", err)
		}
	}
	token, err := d.encode(d)
	if err == nil {
		t.server.remember(secretInvocation, t, why.Account, token)
	}
	return token, err
}
