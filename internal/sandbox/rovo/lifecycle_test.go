package rovo

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// guide reads Atlassian's guide to remote agents, which is not part of the repository.
func guide(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("AOF_SHARED")
	if dir == "" {
		here, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for dir = here; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "..", "shared", "seeds")); err == nil {
				dir = filepath.Join(dir, "..", "shared")
				break
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "seeds", "jira-remote-agents.txt"))
	if err != nil {
		t.Skip("the guide is not there")
	}
	return string(text)
}

// names are the names of all members of an object, with those of objects in it.
func names(r gjson.Result) []string {
	var list []string
	r.ForEach(func(name, value gjson.Result) bool {
		list = append(list, name.Str)
		if value.IsObject() {
			for _, inner := range names(value) {
				list = append(list, name.Str+"."+inner)
			}
		}
		return true
	})
	slices.Sort(list)
	return list
}

func TestInstallationsAreToldAsTheGuideShows(t *testing.T) {
	st := newStage(t, Options{})
	before := st.acme.Installation()
	d, err := st.acme.Install(st.ctx)
	if err != nil || !d.Taken || len(d.Attempts) != 1 || d.Attempts[0].Status != 204 {
		t.Fatalf("%+v %v", d, err)
	}
	body := gjson.Parse(st.remote.events[0])
	if body.Get("id").Str != st.acme.Installation() || st.acme.Installation() == before ||
		body.Get("context").Str != "ari:cloud:jira::site/"+st.acme.CloudID() || body.Get("eventType").Str != "avi:forge:installed:app" {
		t.Errorf("told %s", body)
	}
	if st.remote.paths[0] != "/atlassian/installed aof-installed-endpoint " {
		t.Errorf("came to %q", st.remote.paths[0])
	}
	for line := range strings.Lines(guide(t)) {
		example, found := strings.CutPrefix(strings.TrimSpace(line), "1 2")
		if found && strings.Contains(example, `"installerAccountId"`) {
			clean := regexpComment.ReplaceAllString(example, "$1")
			if want := names(gjson.Parse(clean)); !slices.Equal(want, names(body)) {
				t.Errorf("the guide has %v, told was %v", want, names(body))
			}
			return
		}
	}
	t.Error("the guide has no example")
}

func TestEventsAreDeliveredAgainWithTheReason(t *testing.T) {
	st := newStage(t, Options{Limits: Limits{EventPause: time.Millisecond, Event: 20 * time.Second}})
	st.remote.answers = []int{500, 302, 401, 200}
	d, err := st.acme.Install(st.ctx)
	if err != nil || len(d.Attempts) != 4 {
		t.Fatalf("%+v %v", d, err)
	}
	for n, want := range []string{"", reasonRemote, reasonRemote, reasonToken} {
		retry := gjson.Get(st.remote.events[n], "retryContext")
		if retry.Get("retryReason").Str != want || retry.Get("retryCount").Int() != int64(n) {
			t.Errorf("attempt %d: %s", n, retry)
		}
	}
	st.remote.answers = []int{500, 500, 500, 500, 200}
	if d, err := st.acme.Reinform(st.ctx); err == nil || len(d.Attempts) != 4 || d.Taken {
		t.Errorf("%+v %v", d, err)
	}
}

func TestASlowRemoteTimesOut(t *testing.T) {
	st := newStage(t, Options{Limits: Limits{EventPause: time.Millisecond, Event: time.Millisecond, Uninstall: time.Millisecond}})
	st.remote.hold = make(chan struct{})
	defer close(st.remote.hold)
	if d, err := st.acme.Install(st.ctx); err == nil || len(d.Attempts) != 4 || d.Attempts[3].Reason != reasonTimeout {
		t.Errorf("%+v %v", d, err)
	}
	if d, err := st.acme.Uninstall(st.ctx); err == nil || len(d.Attempts) != 1 || d.Attempts[0].Reason != reasonTimeout {
		t.Errorf("%+v %v", d, err)
	}
}

func TestUpgradesAreToldOfNewMajorVersionsAlone(t *testing.T) {
	st := newStage(t, Options{})
	st.acme.Consent("read:jira-work")
	if d, err := st.acme.Upgrade(st.ctx, "1.4.0"); err != nil || len(d.Attempts) != 0 || len(st.remote.events) != 0 {
		t.Fatalf("%+v %v", d, err)
	}
	st.acme.Consent("read:jira-work")
	if d, err := st.acme.Upgrade(st.ctx, "2.0.0"); err != nil || len(d.Attempts) != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	body := gjson.Parse(st.remote.events[0])
	if body.Get("app.version").Str != "2.0.0" || body.Get("eventType").Str != "avi:forge:upgraded:app" || len(body.Get("permissions.scopes").Array()) != len(st.rovo.App().Scopes) ||
		!strings.HasPrefix(st.remote.paths[0], "/atlassian/upgraded aof-upgraded-endpoint") {
		t.Errorf("told %s at %s", body, st.remote.paths[0])
	}
	token, _ := st.tokens(st.acme, "alice")
	if status, _ := st.api(st.acme, token, "GET", "/rest/api/3/myself", ""); status != 200 {
		t.Errorf("the scopes came back with the upgrade: %d", status)
	}
}

func TestUninstallingTakesTheTokens(t *testing.T) {
	st := newStage(t, Options{})
	alice, system := st.tokens(st.acme, "alice")
	other, _ := st.tokens(st.globex, "alice")
	if _, err := st.acme.Uninstall(st.ctx); err != nil || !strings.HasPrefix(st.remote.paths[0], "/atlassian/uninstalled aof-uninstall-endpoint") {
		t.Fatalf("%v %v", st.remote.paths, err)
	}
	for token, want := range map[string]int{alice: 401, system: 401} {
		if status, _ := st.api(st.acme, token, "GET", "/rest/api/3/myself", ""); status != want {
			t.Errorf("status %d", status)
		}
	}
	if status, _ := st.api(st.globex, other, "GET", "/rest/api/3/myself", ""); status != 200 {
		t.Errorf("the other site: %d", status)
	}
}

func TestPagesOfTheAppCallTheRemote(t *testing.T) {
	st := newStage(t, Options{})
	if err := st.acme.Setup(st.ctx); err != nil {
		t.Fatal(err)
	}
	alice := st.acme.User("alice")
	if err := alice.Connect(st.ctx, "Alice"); err != nil {
		t.Fatal(err)
	}
	if err := alice.Disconnect(st.ctx); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/atlassian/installed aof-installed-endpoint ", "/atlassian/config aof-config " + st.acme.User("bob").Account(),
		"/atlassian/account aof-account " + alice.Account(), "/atlassian/account aof-account " + alice.Account(),
	}
	if !slices.Equal(st.remote.paths, want) || st.remote.events[1] != "{}" || st.remote.events[2] != `{"name":"Alice"}` || st.remote.events[3] != "" {
		t.Errorf("came to %q with %q", st.remote.paths, st.remote.events)
	}
	st.remote.answers = []int{http.StatusUnprocessableEntity}
	if err := st.acme.Configure(st.ctx, map[string]any{"agents": []string{"nobody"}}); err == nil || !strings.Contains(err.Error(), "422") {
		t.Errorf("what the page refuses: %v", err)
	}
	if err := st.acme.User("nobody").Connect(st.ctx, "x"); err == nil {
		t.Error("nobody connected an account")
	}
}

// regexpComment are the remarks within the guide's example, each up to the next
// member.
var regexpComment = regexp.MustCompile(`// .*?("[a-zA-Z]+": |\})`)
