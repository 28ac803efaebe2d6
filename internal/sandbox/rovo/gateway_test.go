package rovo

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// api asks the gateway for something of a site with a token.
func (st *stage) api(t *Tenant, token, method, path, body string) (int, string) {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.ctx, method, t.APIBase()+path, strings.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := st.rovo.opts.Client.Do(req)
	if err != nil {
		st.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// tokens are those that come with a request for somebody.
func (st *stage) tokens(t *Tenant, who string) (user, system string) {
	st.t.Helper()
	h, err := t.Credentials(t.User(who).invocation(Agent{}))
	if err != nil {
		st.t.Fatal(err)
	}
	return h.Get("X-Forge-Oauth-User"), h.Get("X-Forge-Oauth-System")
}

func TestTokensActAsTheirAccountOnTheirSite(t *testing.T) {
	st := newStage(t, Options{})
	alice, system := st.tokens(st.acme, "alice")
	again, _ := st.tokens(st.acme, "alice")
	bob, _ := st.tokens(st.acme, "bob")
	if alice == again || alice == "" || system == "" {
		t.Errorf("the tokens are %q, %q and %q", alice, again, system)
	}
	for token, account := range map[string]string{alice: st.acme.User("alice").Account(), bob: st.acme.User("bob").Account(), system: AgentAccount} {
		if status, body := st.api(st.acme, token, "GET", "/rest/api/3/myself", ""); status != 200 || !strings.Contains(body, `"accountId":"`+account+`"`) {
			t.Errorf("%s: %d %s", account, status, body)
		}
		if status, body := st.api(st.acme, token, "POST", "/rest/api/2/issue/PROJ-1/comment", `{"body":"by `+account+`"}`); status != 201 {
			t.Errorf("%s comments: %d %s", account, status, body)
		}
		if status, _ := st.api(st.globex, token, "GET", "/rest/api/3/issue/PROJ-1", ""); status != 403 {
			t.Errorf("%s on another site: %d", account, status)
		}
	}
	issue, _ := st.acme.Jira().Issue("PROJ-1")
	for _, c := range issue.Comments {
		if c.Body != "by "+c.Author {
			t.Errorf("%s wrote %q", c.Author, c.Body)
		}
	}
	if err := st.acme.Jira().Hide("bob", "PROJ-1"); err != nil {
		t.Fatal(err)
	}
	if status, _ := st.api(st.acme, bob, "GET", "/rest/api/3/issue/PROJ-1", ""); status != 404 {
		t.Errorf("what Bob does not see: %d", status)
	}
	if status, _ := st.api(st.acme, alice, "GET", "/rest/api/3/issue/PROJ-1", ""); status != 200 {
		t.Errorf("Alice: %d", status)
	}
}

func TestTokensThatAreNotGoodAreRefused(t *testing.T) {
	st := newStage(t, Options{})
	alice, system := st.tokens(st.acme, "alice")
	for name, token := range map[string]string{"nobody's": "ATCT-user-x", "none": ""} {
		if status, _ := st.api(st.acme, token, "GET", "/rest/api/3/issue/PROJ-1", ""); status != 401 {
			t.Errorf("%s: %d", name, status)
		}
	}
	if status, body := st.api(st.acme, "", "GET", "/rest/api/3/serverInfo", ""); status != 200 || !strings.Contains(body, st.acme.Jira().BaseURL()) {
		t.Errorf("serverInfo: %d %s", status, body)
	}
	st.acme.Consent("read:jira-work")
	limited, _ := st.tokens(st.acme, "alice")
	if status, _ := st.api(st.acme, limited, "GET", "/rest/api/3/search/jql?jql=project=PROJ", ""); status != 200 {
		t.Errorf("reading with the scope for it: %d", status)
	}
	for _, path := range []string{"/rest/api/3/myself", "/rest/api/3/issue/PROJ-1/comment"} {
		method := map[bool]string{true: "GET", false: "POST"}[path == "/rest/api/3/myself"]
		if status, body := st.api(st.acme, limited, method, path, "{}"); status != 401 || !strings.Contains(body, "scope does not match") {
			t.Errorf("%s without the scope for it: %d %s", path, status, body)
		}
	}
	st.rovo.ExpireTokens(st.acme.User("alice").Account())
	if status, _ := st.api(st.acme, alice, "GET", "/rest/api/3/issue/PROJ-1", ""); status != 401 {
		t.Errorf("expired: %d", status)
	}
	if status, _ := st.api(st.acme, system, "GET", "/rest/api/3/issue/PROJ-1", ""); status != 200 {
		t.Errorf("the app's own: %d", status)
	}
	for _, path := range []string{"/ex/jira/nowhere/rest/api/3/serverInfo", "/ex/jira/" + st.acme.CloudID() + "/__sandbox/issues", "/ex/jira/"} {
		if resp, err := st.rovo.opts.Client.Get(st.rovo.opts.BaseURL + path); err != nil || resp.StatusCode != 404 {
			t.Errorf("%s: %v %v", path, resp, err)
		} else {
			resp.Body.Close()
		}
	}
}

func TestTheGatewayTellsWhoseTokensCame(t *testing.T) {
	st := newStage(t, Options{})
	alice, system := st.tokens(st.acme, "alice")
	st.api(st.acme, alice, "GET", "/rest/api/3/issue/PROJ-1", "")
	st.api(st.acme, system, "DELETE", "/rest/api/3/issue/PROJ-9", "")
	st.api(st.globex, alice, "GET", "/rest/api/3/field", "")
	st.api(st.acme, "stolen", "GET", "/rest/api/3/field", "")
	var got []string
	for _, r := range st.rovo.Requests() {
		got = append(got, strings.Join([]string{r.Method, r.Path, r.CloudID[:2], r.Kind, r.Tenant, r.Account, http.StatusText(r.Status)}, " "))
	}
	me := st.acme.User("alice").Account()
	want := []string{
		"GET /rest/api/3/issue/PROJ-1 11 user acme " + me + " OK",
		"DELETE /rest/api/3/issue/PROJ-9 11 system acme " + AgentAccount + " Not Found",
		"GET /rest/api/3/field 22 user acme " + me + " Forbidden",
		"GET /rest/api/3/field 11 other   Unauthorized",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	kinds := map[string]bool{}
	for _, s := range st.rovo.Secrets() {
		kinds[s.Kind+" "+s.Tenant+" "+s.Account] = true
		if s.Kind == "user" && s.Token != alice {
			t.Errorf("an unknown token: %+v", s)
		}
	}
	if len(kinds) != 3 || !kinds["invocation acme "+me] || !kinds["system acme "+AgentAccount] {
		t.Errorf("the secrets are of %v", kinds)
	}
}
