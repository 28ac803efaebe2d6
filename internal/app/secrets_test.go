package app

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/manifest"
)

func TestSecretsAreRememberedAndOtherValuesAreNot(t *testing.T) {
	env := map[string]string{"TOKEN": "token-value", "EMAIL": "bot@example.com", "GOOGLE_API_KEY": "key-value", "OLLAMA_HOST": "localhost", "EMPTY": ""}
	s := &secretStore{env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("file-value\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := []string{
		s.value(manifest.Secret{Env: "TOKEN"}), s.value(manifest.Secret{File: file}), s.value(manifest.Secret{}),
		s.plain(manifest.Secret{Env: "EMAIL"}), s.plain(manifest.Secret{}),
		s.optional(manifest.Secret{Env: "UNSET"}), s.optional(manifest.Secret{Env: "EMPTY"}), s.optional(manifest.Secret{Value: "inline-value"}),
		s.key("GOOGLE_API_KEY"), s.key("OLLAMA_HOST"), s.key("UNSET_KEY"),
	}
	want := []string{"token-value", "file-value", "", "bot@example.com", "", "", "", "inline-value", "key-value", "localhost", ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"token-value", "file-value", "inline-value", "key-value"}, s.values); diff != "" {
		t.Errorf("remembered (-want +got):\n%s", diff)
	}
	if err := s.err(); err != nil {
		t.Error(err)
	}
}

func TestSecretsThatCannotBeReadAreAllTold(t *testing.T) {
	s := &secretStore{env: func(string) (string, bool) { return "", false }}
	s.value(manifest.Secret{Env: "FIRST"})
	s.value(manifest.Secret{File: "nowhere/second"})
	s.plain(manifest.Secret{Env: "THIRD"})
	for _, want := range []string{"environment variable FIRST is not set", "nowhere/second", "environment variable THIRD is not set"} {
		if err := s.err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if len(s.values) != 0 {
		t.Errorf("remembered %q", s.values)
	}
}

func TestSecretsAreSpokenOfByTheirSource(t *testing.T) {
	for want, secret := range map[string]manifest.Secret{"VAR": {Env: "VAR"}, "a/file": {File: "a/file"}, "(inline)": {Value: "shown nowhere"}} {
		if got := secretName(secret); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestTheLogAndThePolicyKnowEverySecretOfTheDaemon(t *testing.T) {
	own := strings.Replace(oneTrigger, "config: {", "config: {webhook_secret_env: TRIGGER_SECRET, ", 1)
	p := newPlace(t, server+withJira, map[string]string{"triggers/t.yaml": own, "agents/a.yaml": oneAgent})
	p.env["AOF_ADMIN_TOKEN"], p.env["TRIGGER_SECRET"] = "the-admin-token", "the-trigger-secret"
	a, err := p.open(t)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"the-jira-token", "the-hook-secret", "the-google-key", "the-admin-token", "the-trigger-secret"} {
		if !slices.Contains(a.secrets.values, want) {
			t.Errorf("%q is not known", want)
		}
		a.log.Info().Str("value", want).Msg("canary")
		if strings.Contains(p.log.String(), want) {
			t.Errorf("%q is in the log", want)
		}
	}
	a.log.Info().Str("value", "bot@example.com").Msg("no secret")
	if !strings.Contains(p.log.String(), "bot@example.com") {
		t.Error("an e-mail address is taken for a secret")
	}
}

func TestASecretFileThatIsMissingStopsTheStart(t *testing.T) {
	for _, admin := range []string{"true", "false"} {
		spec := strings.Replace(withJira, "webhook_secret_env: JIRA_WEBHOOK_SECRET", "webhook_secret_file: nowhere", 1)
		p := newPlace(t, spec+"  admin: {enabled: "+admin+"}\n", nil)
		if _, err := p.open(t); err == nil || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("admin %s: error %v", admin, err)
		}
	}
}

func TestAKeyThatTheConfigurationNamesIsNeededByItsAgents(t *testing.T) {
	p := newPlace(t, server+"  models: {providers: {google: {api_key_env: OUR_GOOGLE_KEY}}}\n", map[string]string{"agents/a.yaml": oneAgent})
	_, err := p.open(t)
	if want := "agent a: model google:gemini-2.5-flash needs a key: environment variable OUR_GOOGLE_KEY is not set"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
	p.env["OUR_GOOGLE_KEY"] = "the-other-key"
	if _, err := p.open(t); err != nil {
		t.Error(err)
	}
}

func TestTheAdviceFitsTheTrouble(t *testing.T) {
	idle, err := atlassian.NewTransport(atlassian.Config{BaseURL: "https://x.example", AuthType: atlassian.AuthPAT, Token: "t"})
	if err != nil {
		t.Fatal(err)
	}
	cloud := &site{transport: idle, config: manifest.JiraSite{Email: manifest.Secret{Env: "MAIL"}, Token: manifest.Secret{Env: "TOKEN"}}}
	center := &site{transport: idle, config: manifest.JiraSite{Token: manifest.Secret{File: "/run/secrets/pat"}}}
	app := &site{transport: idle, config: manifest.JiraSite{ClientID: manifest.Secret{Env: "ID"}, ClientSecret: manifest.Secret{Env: "SECRET"}, RefreshToken: manifest.Secret{Env: "REFRESH"}}}
	for _, c := range []struct {
		site *site
		err  error
		want string
	}{
		{cloud, &atlassian.Error{Status: 401}, "check environment variable MAIL and environment variable TOKEN"},
		{cloud, &atlassian.Error{Status: 200, Anonymous: true}, "does not accept our credentials"},
		{center, &atlassian.Error{Status: 401}, "check file /run/secrets/pat"},
		{app, &atlassian.Error{Status: 401}, "check environment variable ID and environment variable SECRET and environment variable REFRESH"},
		{cloud, &atlassian.Error{Err: &atlassian.PausedError{Reason: "quota"}}, "Jira is left alone for a while"},
		{cloud, &atlassian.Error{Err: errors.New("connection refused")}, "Jira does not answer; check base_url, proxy and network"},
		{cloud, &atlassian.Error{Status: 500}, "Jira refuses to tell who we are"},
		{cloud, errors.New("anything"), "Jira cannot be asked"},
	} {
		if got := c.site.advice(c.err); !strings.Contains(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
		c.site.trouble = c.err
		if check := c.site.check(); check.OK || !check.Optional || !strings.Contains(check.Detail, c.want) {
			t.Errorf("%v: check %+v", c.err, check)
		}
	}
}

func TestASiteThatIsAwayIsNotWell(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	transport, err := atlassian.NewTransport(atlassian.Config{BaseURL: gone.URL, AuthType: atlassian.AuthPAT, Token: "t",
		FirstBackoff: time.Millisecond, Breaker: atlassian.BreakerConfig{Failures: 1}})
	if err != nil {
		t.Fatal(err)
	}
	one := &site{transport: transport, self: &jira.User{DisplayName: "Bot"}}
	if check := one.check(); !check.OK || check.Detail != "as Bot" {
		t.Errorf("before: %+v", check)
	}
	if resp, err := transport.Client().Get(gone.URL); err == nil {
		resp.Body.Close()
		t.Fatal("it answers")
	}
	if check := one.check(); check.OK || !check.Optional || !strings.Contains(check.Detail, "away since") {
		t.Errorf("while it is away: %+v", check)
	}
}

func TestPasswordsOfProxiesAreSecrets(t *testing.T) {
	s := &secretStore{}
	for _, raw := range []string{"http://robot:pass%20word@proxy.example:8080", "http://proxy.example", "proxy:80", ""} {
		if got := s.address(raw); got != raw {
			t.Errorf("%q became %q", raw, got)
		}
	}
	if len(s.values) != 1 || s.values[0] != "pass word" {
		t.Errorf("remembered %d secrets", len(s.values))
	}
}
