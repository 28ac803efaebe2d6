package forge

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/forge/fit"
)

// page makes tokens of a user on the pages of the app.
func (w *world) page(site, account, module string) string {
	return w.verifier.let(site+"-"+account+"-"+module, claims(site, account, module))
}

func TestAnAdministratorSetsWhatHoldsForTheSite(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.installed("acme")
		w.installed("other")
		get := request{method: "GET", path: "/atlassian/config", token: w.page("acme", "ann", "aof-admin")}
		var before, after configAnswer
		w.want(http.StatusOK, get, &before)
		if before.Configured || before.State == "" || before.ConnectURL != "" || before.Settings.Agents == nil || before.Settings.Projects == nil {
			t.Errorf("before: %+v", before)
		}
		if diff := cmp.Diff([]string{"triage", "writer"}, before.Agents); diff != "" {
			t.Error(diff)
		}
		put := request{
			method: "PUT", path: "/atlassian/config", token: w.page("acme", "ann", "aof-config"),
			body: `{"agents":["triage"," triage "],"projects":["team*","OPS",""],"requireAccountMapping":true,"defaultAgent":"triage"}`,
		}
		w.want(http.StatusOK, put, &after)
		want := Settings{Agents: []string{"triage"}, Projects: []string{"TEAM*", "OPS"}, RequireMapping: true, DefaultAgent: "triage"}
		if diff := cmp.Diff(want, after.Settings); diff != "" || !after.Configured || after.ConfiguredBy != "ann" || !after.ConfiguredAt.Equal(w.clock.now()) {
			t.Errorf("after: %+v\n%s", after, diff)
		}
		w.restart()
		s, configured, err := w.i.Settings(w.ctx(), "installation-acme")
		if diff := cmp.Diff(want, s); diff != "" || !configured || err != nil {
			t.Errorf("kept: %t, %v\n%s", configured, err, diff)
		}
		if _, configured, err := w.i.Settings(w.ctx(), "installation-other"); configured || err != nil {
			t.Errorf("the other site: %t, %v", configured, err)
		}
		if _, configured, err := w.i.Settings(w.ctx(), "unknown"); configured || err != nil {
			t.Errorf("an unknown site: %t, %v", configured, err)
		}
	})
}

func TestWrongSettingsAreToldByTheirFields(t *testing.T) {
	w := newWorld(t)
	w.installed("acme")
	long := make([]string, maxProjects+1)
	for i := range long {
		long[i] = fmt.Sprint("P", i)
	}
	tooMany, err := json.Marshal(Settings{Projects: long})
	must(t, err)
	for body, want := range map[string][]string{
		``:                                     {""},
		`[]`:                                   {""},
		`{} {}`:                                {""},
		`{"agents":"triage"}`:                  {"agents"},
		`{"installation":"installation-x"}`:    {"installation"},
		"{\"defaultAgent\":\"\xff\"}":          {""},
		`{"agents":["nobody","triage"]}`:       {"agents[0]"},
		`{"projects":["OK","a b","[A","x/y"]}`: {"projects[1]", "projects[2]", "projects[3]"},
		string(tooMany):                        {"projects"},
		`{"projects":["` + strings.Repeat("A", maxPattern+1) + `"]}`: {"projects[0]"},
		`{"defaultAgent":"nobody"}`:                                  {"defaultAgent"},
		`{"agents":["writer"],"defaultAgent":"triage"}`:              {"defaultAgent"},
	} {
		var got failure
		w.want(http.StatusUnprocessableEntity, request{method: "PUT", path: "/atlassian/config", token: w.page("acme", "ann", "aof-config"), body: body}, &got)
		var fields []string
		for _, p := range got.Problems {
			if p.Message == "" {
				t.Errorf("%s: %s has no message", body, p.Field)
			}
			fields = append(fields, p.Field)
		}
		if diff := cmp.Diff(want, fields); diff != "" || got.Error == "" {
			t.Errorf("%.80s (-want +got):\n%s", body, diff)
		}
	}
	if _, configured, err := w.i.Settings(w.ctx(), "installation-acme"); configured || err != nil {
		t.Errorf("something was set: %v", err)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(`{"agents":["triage"],"projects":["TEAM*"],"requireAccountMapping":true,"defaultAgent":"triage"}`))
	f.Add([]byte(`{"agents":null,"projects":[""]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, problems := readSettings(body)
		if len(problems) > 0 || len(s.check([]string{"triage"})) > 0 {
			return
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again, problems := readSettings(text)
		if diff := cmp.Diff(s, again); diff != "" || len(problems) > 0 {
			t.Errorf("%q is read differently when written: %v\n%s", body, problems, diff)
		}
	})
}

func TestSettingsAllowWhatTheyName(t *testing.T) {
	all, some := Settings{}, Settings{Agents: []string{"a"}}
	if !some.AllowsAgent("a") || some.AllowsAgent("b") || !all.AllowsAgent("b") {
		t.Error("agents")
	}
}

func TestOnlyAdministratorsSetAnythingWhereJiraCanBeAsked(t *testing.T) {
	w := newWorld(t)
	w.installed("acme")
	status, said := http.StatusOK, `{"permissions":{"ADMINISTER":{"havePermission":true}}}`
	var asked, stolen string
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Get("Authorization") + "x" }))
	defer thief.Close()
	jira := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked = r.URL.RequestURI() + " " + r.Header.Get("Authorization")
		rw.Header().Set("Location", thief.URL)
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, said)
	}))
	defer jira.Close()
	w.handler.Admins = JiraAdmins{HTTP: jira.Client()}
	c := claims("acme", "ann", "aof-config")
	c.APIBase = jira.URL + "/ex/jira/cloud-acme"
	r := request{method: "PUT", path: "/atlassian/config", token: w.verifier.let("t", c), body: `{}`, user: "of-ann"}
	w.want(http.StatusOK, r, nil)
	if asked != "/ex/jira/cloud-acme/rest/api/3/mypermissions?permissions=ADMINISTER Bearer of-ann" {
		t.Errorf("asked %s", asked)
	}
	for _, tt := range []struct {
		status int
		said   string
		want   int
	}{
		{200, `{"permissions":{"ADMINISTER":{"havePermission":false}}}`, 403}, {200, `{}`, 403}, {401, ``, 403}, {403, ``, 403},
		{500, ``, 503}, {200, `<html>`, 503}, {302, ``, 503},
	} {
		status, said = tt.status, tt.said
		w.want(tt.want, r, nil)
	}
	if stolen != "" {
		t.Errorf("followed to another address with %q", stolen)
	}
	jira.Close()
	w.want(http.StatusServiceUnavailable, r, nil)
	r.user = "" // without a token, that Jira showed the page has to do
	w.want(http.StatusOK, r, nil)
}

func TestAUserConfirmsAndTakesBackForOneselfAlone(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for _, site := range []string{"acme", "other"} {
			w.configured(site, Settings{RequireMapping: true})
			for _, account := range []string{"ann", "bob"} {
				must(t, w.i.KeepUser(w.ctx(), "installation-"+site, account, "token"))
				if r := w.reason(site, account); r != NotMapped {
					t.Errorf("%s of %s waits for %q", account, site, r)
				}
			}
		}
		var a accountAnswer
		ann := w.page("acme", "ann", "aof-personal")
		w.want(http.StatusOK, request{method: "GET", path: "/atlassian/account", token: ann}, &a)
		if a.Mapped || !a.Required || !a.HasToken || a.Confirms != "here" || a.State == "" || a.Person != nil {
			t.Errorf("before: %+v", a)
		}
		w.want(http.StatusOK, request{method: "PUT", path: "/atlassian/account", token: ann, body: `{"name":" Ann ","account":"bob"}`}, &a)
		want := &personAnswer{Subject: "atlassian:ann", Name: "Ann", At: w.clock.now()}
		if diff := cmp.Diff(want, a.Person); diff != "" || !a.Mapped {
			t.Errorf("after: %+v\n%s", a, diff)
		}
		for who, want := range map[[2]string]Reason{{"acme", "ann"}: Ready, {"acme", "bob"}: NotMapped, {"other", "ann"}: NotMapped} {
			if r := w.reason(who[0], who[1]); r != want {
				t.Errorf("%v waits for %q, want %q", who, r, want)
			}
		}
		// Others take back nothing of it.
		w.want(http.StatusOK, request{method: "DELETE", path: "/atlassian/account", token: w.page("acme", "bob", "aof-personal")}, nil)
		w.want(http.StatusOK, request{method: "DELETE", path: "/atlassian/account", token: w.page("other", "ann", "aof-personal")}, nil)
		if r := w.reason("acme", "ann"); r != Ready {
			t.Errorf("she waits for %q", r)
		}
		a = accountAnswer{}
		w.want(http.StatusOK, request{method: "DELETE", path: "/atlassian/account", token: ann}, &a)
		if a.Mapped || a.HasToken || a.Person != nil {
			t.Errorf("taken back: %+v", a)
		}
		for _, body := range []string{`[]`, `{`, `{"name":"two\nlines"}`, `{"name":"` + strings.Repeat("x", maxName+1) + `"}`, "{\"name\":\"\xff\"}"} {
			w.want(http.StatusUnprocessableEntity, request{method: "PUT", path: "/atlassian/account", token: ann, body: body}, nil)
		}
		w.want(http.StatusForbidden, request{method: "GET", path: "/atlassian/account", token: w.page("acme", "", "aof-personal")}, nil)
	})
}

func TestTheKeysOfTheAppAreUsedWhereNoneAreGiven(t *testing.T) {
	m := Modules{Config: []string{"mine"}}.orOurs()
	want := AppModules()
	want.Config = []string{"mine"}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	if err := fit.Refuse(errors.New("x")); err == nil {
		t.Error("no refusal")
	}
}
