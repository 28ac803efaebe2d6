package fit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestIdsAreKnownByTheirUUID(t *testing.T) {
	for _, tt := range []struct {
		kind     Kind
		id, want string
	}{
		{App, appARI, appUUID},
		{App, strings.ToUpper(appUUID), appUUID},
		{Installation, "ari:cloud:ecosystem::installation/" + installationUUID, installationUUID},
		{Environment, "ari:cloud:ecosystem::environment/" + appUUID + "/" + environmentUUID, environmentUUID},
		{Environment, environmentUUID, environmentUUID},
		{App, "ari:cloud:ecosystem::installation/" + appUUID, ""},
		{App, appARI + "/" + environmentUUID, ""},
		{Environment, "ari:cloud:ecosystem::environment/" + environmentUUID, ""},
		{Environment, "ari:cloud:ecosystem::environment/x/" + environmentUUID, ""},
		{App, "", ""},
		{App, strings.ReplaceAll(appUUID, "-", "_"), ""},
		{App, strings.Replace(appUUID, "8", "g", 1), ""},
		{App, appUUID + "\n", ""},
	} {
		if got, ok := UUID(tt.kind, tt.id); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %q: %q %v", tt.kind, tt.id, got, ok)
		}
	}
}

func TestJSONWebTokensAreKnownByTheirForm(t *testing.T) {
	for text, want := range map[string]bool{
		token():                                  true,
		raw(algHeader("none"), fixture, nothing): true,
		b64([]byte(`{}`)) + ".":                  true,
		b64([]byte(` {"alg"`)) + ".x.y.z":        true,
		b64([]byte(`{"a":1}`)) + "=.x":           true,
		"":                                       false,
		"a.b.c":                                  false,
		"sk-1234.5678":                           false,
		b64([]byte(`{"alg":"RS256"}`)):           false,
		b64([]byte(`[]`)) + ".x.y":               false,
	} {
		if Looks(text) != want {
			t.Errorf("%.40q: %v", text, !want)
		}
	}
}

func TestTokensComeFromTheirHeaders(t *testing.T) {
	head := http.Header{}
	head.Set("x-forge-oauth-user", "user-token")
	head.Set("x-forge-oauth-system", "system-token")
	got, err := TokensOf(head)
	if err != nil || got.User() != "user-token" || got.System() != "system-token" {
		t.Errorf("%v %q %q", err, got.User(), got.System())
	}
	if none, err := TokensOf(http.Header{}); err != nil || none.User()+none.System()+(Tokens{}).User()+(Tokens{}).System() != "" {
		t.Error(err)
	}
}

func TestDamagedTokensAreRefusedWithoutShowingThem(t *testing.T) {
	for name, values := range map[string][]string{
		"twice":   {"canary", "canary"},
		"a space": {"canary b"},
		"endless": {strings.Repeat("canary", 4000)},
		"umlaut":  {"canaryü"},
	} {
		for _, header := range []string{"X-Forge-Oauth-User", "X-Forge-Oauth-System"} {
			_, err := TokensOf(http.Header{header: values})
			if err == nil || strings.Contains(err.Error(), "canary") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestTokensDoNotShowThemselves(t *testing.T) {
	tokens := NewTokens("canary-user", "canary-system")
	within := struct {
		T Tokens
		t Tokens
		p *Tokens
	}{tokens, tokens, &tokens}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb+verb, tokens, within); strings.Contains(text, "canary") {
			t.Errorf("%s: %s", verb, text)
		}
	}
	if raw, err := json.Marshal(within); err != nil || bytes.Contains(raw, []byte("canary")) {
		t.Errorf("%v %s", err, raw)
	}
}
