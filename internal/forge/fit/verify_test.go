package fit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestATokenOfForgeSaysWhoAsks(t *testing.T) {
	v, _ := verifier(t, nil)
	got, err := v.Verify(t.Context(), signed(ourKey(), goodHeader(kid), fixture), "another-endpoint", endpointKey)
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{
		ID: "d8a496253ec8c18a54631e4c82cbedd5d0ae8570", AppID: appUUID, Installation: installationUUID, CloudID: cloudID,
		APIBase: "https://api.atlassian.com/ex/jira/" + cloudID, SiteURL: "https://example.atlassian.net",
		Environment: EnvironmentClaim{ID: environmentUUID, Type: "PRODUCTION"}, AppVersion: "16.0.1",
		Module: Module{Type: "core:endpoint", Key: endpointKey}, Agent: "your-awesome-agent",
		Account: "655362:312d3308-8954-42b0-aa38-771a10c88656", License: &License{Active: true, Type: "commercial"},
		IssuedAt: time.Unix(issuedAt, 0), Expires: time.Unix(issuedAt+25, 0),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTokensThatDifferInFormAloneAreGood(t *testing.T) {
	for name, tok := range map[string]string{
		"audience as a list":            token("aud", []string{"https://elsewhere.example", appARI}),
		"ids as UUIDs":                  token("app.installationId", installationUUID, "app.environment.id", environmentUUID),
		"ids in upper case":             token("app.installationId", strings.ToUpper(installationUUID), "context.cloudId", strings.ToUpper(cloudID)),
		"one id of the installation":    token("app.installationId", nil),
		"the other id":                  token("app.installation", nil),
		"no context":                    token("context", nil),
		"no license":                    token("app.license", nil),
		"module of its own type":        token("app.module.type", "rovo:agentConnector"),
		"another slash":                 token("app.apiBaseUrl", "https://api.atlassian.com/ex/jira/"+cloudID+"/"),
		"members that nobody knows":     token("app.new", map[string]any{"deep": []any{1, "x", nil}}, "else", true),
		"an empty label":                token("icLabel", ""),
		"a header without typ":          signed(ourKey(), `{"kid":"`+kid+`","alg":"RS256"}`, fixture),
		"a header with members unknown": signed(ourKey(), `{"kid":"`+kid+`","alg":"RS256","x5t":"abc","typ":"jwt"}`, fixture),
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := verifier(t, nil)
			got, err := v.Verify(t.Context(), tok, endpointKey)
			if err != nil || got.Installation != installationUUID || got.CloudID != cloudID || got.Environment.ID != environmentUUID {
				t.Errorf("%v %+v", err, got)
			}
		})
	}
}

func TestNobodyInParticularIsNoAccount(t *testing.T) {
	v, _ := verifier(t, nil)
	for _, principal := range []any{nil, "", "unknown", "anonymous", "unidentified"} {
		got, err := v.Verify(t.Context(), token("principal", principal))
		if err != nil || got.Account != "" {
			t.Errorf("%v: %v, account %q", principal, err, got.Account)
		}
	}
}

func TestClocksMayDifferByFiveSeconds(t *testing.T) {
	for seconds, want := range map[int64]Reason{-6: NotYetValid, -5: "", 0: "", 25: "", 29: "", 30: Expired, 3600: Expired} {
		v, _ := verifier(t, func(c *Config) { c.Now = at(seconds) })
		if _, err := v.Verify(t.Context(), token()); reasonOf(err) != want {
			t.Errorf("after %d s: %v", seconds, err)
		}
	}
}

func TestEnvironmentsMayBeNamedInAnyWay(t *testing.T) {
	ari := "ari:cloud:ecosystem::environment/" + appUUID + "/" + environmentUUID
	for _, tt := range []struct {
		allowed []string
		want    Reason
	}{
		{nil, ""},
		{[]string{"production"}, ""},
		{[]string{"STAGING", "PRODUCTION"}, ""},
		{[]string{environmentUUID}, ""},
		{[]string{strings.ToUpper(environmentUUID)}, ""},
		{[]string{ari}, ""},
		{[]string{"DEVELOPMENT"}, Deployment},
		{[]string{otherUUID}, Deployment},
	} {
		v, _ := verifier(t, func(c *Config) { c.Environments = tt.allowed })
		if _, err := v.Verify(t.Context(), token()); reasonOf(err) != tt.want {
			t.Errorf("%v: %v", tt.allowed, err)
		}
	}
}

func TestIsolatedCloudsAreTakenWhereConfigured(t *testing.T) {
	v, _ := verifier(t, func(c *Config) { c.IsolatedClouds = []string{"acme"} })
	for label, want := range map[string]Reason{"acme": "", "": "", "other": Isolated} {
		if _, err := v.Verify(t.Context(), token("icLabel", label)); reasonOf(err) != want {
			t.Errorf("%q: %v", label, err)
		}
	}
}

func TestSitesAreBehindTheGatewayThatIsConfigured(t *testing.T) {
	v, _ := verifier(t, func(c *Config) { c.Gateways = []string{"http://127.0.0.1:8123/gate/"} })
	got, err := v.Verify(t.Context(), token("app.apiBaseUrl", "http://127.0.0.1:8123/gate/ex/jira/"+cloudID))
	if err != nil || got.APIBase != "http://127.0.0.1:8123/gate/ex/jira/"+cloudID {
		t.Errorf("%v %+v", err, got)
	}
	if _, err := v.Verify(t.Context(), token()); reasonOf(err) != Tenant {
		t.Errorf("another gateway: %v", err)
	}
}

func TestSitesAreNamedOnlyWherePeopleMayBeSent(t *testing.T) {
	v, _ := verifier(t, nil)
	for url, want := range map[string]string{
		"https://example.atlassian.net/jira?x=1#y": "https://example.atlassian.net",
		"http://127.0.0.1:8080":                    "http://127.0.0.1:8080",
		"http://localhost:8080/":                   "http://localhost:8080",
		"http://example.com":                       "",
		"javascript:alert(1)":                      "",
		"https://user@example.com":                 "",
		"://":                                      "",
		"":                                         "",
	} {
		got, err := v.Verify(t.Context(), token("context.siteUrl", url))
		if err != nil || got.SiteURL != want {
			t.Errorf("%q: %v, %q", url, err, got.SiteURL)
		}
	}
}

func TestAConfigurationThatCannotBeIsRefused(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no app":                     {},
		"another kind of id":         {AppID: "ari:cloud:ecosystem::installation/" + appUUID},
		"keys without TLS":           {AppID: appUUID, KeysURL: "http://example.com/jwks.json"},
		"keys nowhere":               {AppID: appUUID, KeysURL: "jwks.json"},
		"keys with a password":       {AppID: appUUID, KeysURL: "https://a:b@example.com/jwks.json"},
		"gateway without TLS":        {AppID: appUUID, Gateways: []string{"http://example.com"}},
		"environment of another app": {AppID: appUUID, Environments: []string{"ari:cloud:ecosystem::environment/" + otherUUID + "/" + environmentUUID}},
		"environment that is none":   {AppID: appUUID, Environments: []string{"prod"}},
	} {
		if _, err := New(cfg); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// counted is an Observer.
type counted struct {
	tokens map[Reason]int
	keys   map[bool]int
}

func (c *counted) Token(refused Reason) { c.tokens[refused]++ }
func (c *counted) Keys(ok bool)         { c.keys[ok]++ }

func TestWhatHappensIsCounted(t *testing.T) {
	c := &counted{tokens: map[Reason]int{}, keys: map[bool]int{}}
	v, server := verifier(t, func(cfg *Config) { cfg.Observer = c })
	for _, tok := range []string{token(), token(), "nonsense", token("iss", "me")} {
		_, _ = v.Verify(t.Context(), tok)
	}
	server.set(func(s *cdn) { s.status = 500 })
	_, _ = v.Verify(t.Context(), signed(theirKey(), goodHeader(otherKid), fixture))
	want := &counted{tokens: map[Reason]int{"": 2, Malformed: 1, Issuer: 1, NoKeys: 1}, keys: map[bool]int{true: 1, false: 1}}
	if diff := cmp.Diff(want, c, cmp.AllowUnexported(counted{})); diff != "" {
		t.Error(diff)
	}
}
