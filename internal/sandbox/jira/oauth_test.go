package jira

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// token asks for tokens with a body of a kind.
func (s *site) token(path, kind, body string) answer {
	s.t.Helper()
	return s.send("POST", path, body, func(r *http.Request) { r.Header.Set("Content-Type", kind) })
}

func (s *site) refresh(token string) answer {
	s.t.Helper()
	return s.token("/oauth/token", "application/json", fmt.Sprintf(`{"grant_type":"refresh_token","client_id":%q,"client_secret":%q,"refresh_token":%q}`, OAuthClientID, OAuthClientSecret, token))
}

func text(v any) string { s, _ := v.(string); return s }

const gateway = "/ex/jira/" + CloudID

func TestRefreshTokensAreGoodOnce(t *testing.T) {
	s := newSite(t, Options{})
	first := s.want(200, s.refresh(OAuthRefreshToken))
	if first["token_type"] != "Bearer" || first["expires_in"] != 3600.0 || text(first["refresh_token"]) == OAuthRefreshToken {
		t.Errorf("tokens %v", first)
	}
	again := s.want(403, s.refresh(OAuthRefreshToken))
	if again["error"] != "unauthorized_client" || again["error_description"] != "refresh_token is invalid" {
		t.Errorf("a spent token: %v", again)
	}
	second := s.want(200, s.refresh(text(first["refresh_token"])))
	for _, access := range []any{first["access_token"], second["access_token"]} {
		me := s.want(200, s.send("GET", gateway+"/rest/api/2/myself", "", bearer(text(access))))
		if me["accountId"] != s.account("bot") {
			t.Errorf("myself %v", me)
		}
	}
	if err := s.Reset(); err != nil {
		t.Fatal(err)
	}
	s.want(401, s.send("GET", gateway+"/rest/api/2/myself", "", bearer(text(second["access_token"]))))
	s.want(200, s.refresh(OAuthRefreshToken))
}

func TestAccessTokensExpire(t *testing.T) {
	c := newClock()
	s := newSite(t, Options{Now: c.now, OAuth: OAuth{TTL: time.Minute, User: "alice", RefreshToken: "mine"}})
	first := s.want(200, s.refresh("mine"))
	at := gateway + "/rest/api/2/myself"
	s.want(200, s.send("GET", at, "", bearer(text(first["access_token"]))))
	c.add(time.Minute)
	s.want(401, s.send("GET", at, "", bearer(text(first["access_token"]))))
	second := s.want(200, s.refresh(text(first["refresh_token"])))
	if n := len(s.oauth.access); n != 1 {
		t.Errorf("%d access tokens are kept", n)
	}
	s.ExpireOAuth()
	s.want(401, s.send("GET", at, "", bearer(text(second["access_token"]))))
}

func TestTheGatewayIsForTokensOfApps(t *testing.T) {
	s := newSite(t, Options{})
	token := text(s.want(200, s.refresh(OAuthRefreshToken))["access_token"])
	s.want(401, s.send("GET", "/rest/api/2/myself", "", bearer(token)))
	s.want(401, s.send("GET", gateway+"/rest/api/2/myself", "", bearer(BotToken)))
	s.want(200, s.do("GET", gateway+"/rest/api/2/myself", ""))
	s.want(200, s.send("GET", gateway+"/rest/agile/1.0/board", "", bearer(token)))
	s.want(404, s.send("GET", "/ex/jira/other/rest/api/2/myself", "", bearer(token)))
	s.want(404, s.send("GET", gateway+gateway+"/rest/api/2/myself", "", bearer(token)))
	list := s.send("GET", "/oauth/token/accessible-resources", "", bearer(token))
	if list.status != 200 || !strings.Contains(list.raw, CloudID) || !strings.Contains(list.raw, s.BaseURL()) {
		t.Errorf("resources: %d %s", list.status, list.raw)
	}
	s.want(401, s.send("GET", "/oauth/token/accessible-resources", "", bearer("x")))
}

func TestTokenRequestsThatAreRefused(t *testing.T) {
	s := newSite(t, Options{})
	for body, want := range map[string]int{
		`{`: 400, `{}`: 401,
		`{"grant_type":"refresh_token","client_id":"sandbox-client","client_secret":"wrong","refresh_token":"sandbox-refresh-token"}`: 401,
		`{"grant_type":"password","client_id":"sandbox-client","client_secret":"sandbox-client-secret"}`:                              400,
		`{"grant_type":"authorization_code","client_id":"sandbox-client","client_secret":"sandbox-client-secret","code":"x"}`:         403,
	} {
		a := s.token("/oauth/token", "application/json", body)
		if a.status != want || a.body["error"] == nil {
			t.Errorf("%s: %d %s", body, a.status, a.raw)
		}
	}
	if a := s.token("/oauth/token", "text/plain", "x"); a.status != 400 {
		t.Errorf("text: %d", a.status)
	}
}

func TestCodesAndAppsGetTokens(t *testing.T) {
	s := newSite(t, Options{})
	code, ok := s.AuthorizeOAuth("alice")
	if _, unknown := s.AuthorizeOAuth("nobody"); !ok || unknown {
		t.Fatal("codes are given to the wrong people")
	}
	body := "grant_type=authorization_code&client_id=" + OAuthClientID + "&client_secret=" + OAuthClientSecret + "&code=" + code
	pair := s.want(200, s.token("/oauth/token", "application/x-www-form-urlencoded", body))
	me := s.want(200, s.send("GET", gateway+"/rest/api/2/myself", "", bearer(text(pair["access_token"]))))
	if me["accountId"] != s.account("alice") {
		t.Errorf("myself %v", me)
	}
	s.want(403, s.token("/oauth/token", "application/x-www-form-urlencoded", body))

	dc := newDC(t, Options{})
	own := "grant_type=client_credentials&scope=WRITE&client_id=" + OAuthClientID + "&client_secret=" + OAuthClientSecret
	pair = dc.want(200, dc.token("/rest/oauth2/latest/token", "application/x-www-form-urlencoded", own))
	if pair["refresh_token"] != nil {
		t.Errorf("an app by itself gets %v", pair)
	}
	dc.want(200, dc.send("GET", "/rest/api/2/myself", "", bearer(text(pair["access_token"]))))
	dc.want(400, dc.token("/rest/oauth2/latest/token", "application/json", `{}`))
}

func TestRegistrationsOfAppsExpireAndLearnTheirIDs(t *testing.T) {
	c := newClock()
	s := newSite(t, Options{Now: c.now, OAuth: OAuth{TTL: 1000 * time.Hour}})
	r := newReceiver(t)
	app := bearer(text(s.want(200, s.refresh(OAuthRefreshToken))["access_token"]))
	send := func(method, path, body string) answer {
		return s.send(method, gateway+"/rest/api/2/webhook"+path, body, func(q *http.Request) { app(q) })
	}
	s.want(403, s.do("GET", "/rest/api/2/webhook", ""))
	s.want(403, s.do("GET", gateway+"/rest/api/2/webhook", ""))
	made := s.want(200, send("POST", "", `{"url":"`+r.url+`","webhooks":[
		{"events":["jira:issue_created"],"jqlFilter":"project = PROJ"},
		{"events":["jira:issue_created","jira:issue_updated"],"jqlFilter":"project != FEAT","fieldIdsFilter":["summary"]},
		{"events":["jira:issue_created"],"jqlFilter":"project = FEAT"},
		{"events":["jira:issue_created"],"jqlFilter":"("}]}`))
	list, _ := made["webhookRegistrationResult"].([]any)
	if len(list) != 4 || dig(list[0], "createdWebhookId") != 1.0 || dig(list[3], "errors") == nil {
		t.Fatalf("made %v", made)
	}
	key := s.issue(NewIssue{})
	s.settle()
	for _, fields := range []map[string]any{{"labels": []string{"x"}}, {"summary": "y"}} {
		if err := s.As("alice").Update(key, fields); err != nil {
			t.Fatal(err)
		}
	}
	s.settle()
	got := r.all()
	if len(got) != 2 || fmt.Sprint(got[0].body["matchedWebhookIds"]) != "[1 2]" || fmt.Sprint(got[1].body["matchedWebhookIds"]) != "[2]" {
		t.Fatalf("%d deliveries", len(got))
	}
	if got[0].header.Get("X-Hub-Signature") != "" {
		t.Error("a registration of an app has no secret to sign with")
	}
	c.add(29 * 24 * time.Hour)
	s.want(200, send("PUT", "/refresh", `{"webhookIds":[2]}`))
	c.add(2 * 24 * time.Hour)
	if page := s.want(200, send("GET", "", "")); page["total"] != 1.0 {
		t.Errorf("left: %v", page)
	}
	s.want(202, send("DELETE", "", `{"webhookIds":[2,77]}`))
	s.issue(NewIssue{})
	s.settle()
	if n := len(r.all()); n != 2 {
		t.Errorf("%d deliveries after all registrations ended", n)
	}
	for _, bad := range []string{`{}`, `{"url":"x","webhooks":[]}`, `{"url":"` + r.url + `","webhooks":[],"more":1}`} {
		if a := send("POST", "", bad); a.status != 400 {
			t.Errorf("%s gets %d", bad, a.status)
		}
	}
	if s.want(200, s.do("GET", "/rest/webhooks/1.0/webhook", "")); len(s.registered()) != 0 {
		t.Error("administrators see the registrations of apps")
	}
}

func TestMediaWantsItsOwnCredentialsOnly(t *testing.T) {
	s := newSite(t, Options{})
	id := s.upload(s.issue(NewIssue{}), "log.txt", "text")
	ask := func(path string, prepare func(*http.Request)) answer {
		req, _ := http.NewRequest("GET", s.url+path, nil)
		prepare(req)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return answer{status: resp.StatusCode, header: resp.Header}
	}
	bot, _ := s.User("bot")
	sent := ask("/rest/api/2/attachment/content/"+id, basic(bot))
	to := sent.header.Get("Location")
	if sent.status != 303 || !strings.HasPrefix(to, "http://localhost:") {
		t.Fatalf("sent with %d to %s", sent.status, to)
	}
	path := to[strings.Index(to, mediaPath):]
	for name, c := range map[string]struct {
		path    string
		prepare func(*http.Request)
		want    int
	}{
		"as sent":         {path, func(*http.Request) {}, 200},
		"with our header": {path, basic(bot), 400},
		"without token":   {mediaPath + id + "/binary", func(*http.Request) {}, 403},
		"another file":    {strings.Replace(path, id, "10002", 1), func(*http.Request) {}, 403},
		"no redirect":     {"/rest/api/2/attachment/content/" + id + "?redirect=false", basic(bot), 200},
	} {
		if a := ask(c.path, c.prepare); a.status != c.want {
			t.Errorf("%s: %d, want %d", name, a.status, c.want)
		}
	}
	r := httptest.NewRequest("GET", "https://x.atlassian.net/", nil)
	if got := s.mediaURL(r, &attachment{id: 1, name: "a b"}); !strings.HasPrefix(got, "https://x.atlassian.net/media/file/1/binary?token=") {
		t.Errorf("behind a name: %s", got)
	}
	r.Host = "localhost:80"
	if got := s.mediaURL(r, &attachment{id: 1}); !strings.HasPrefix(got, "http://127.0.0.1:80/") {
		t.Errorf("behind localhost: %s", got)
	}
}
