package rovo

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
)

// control sends a request to the controls and checks the status.
func (st *stage) control(want int, method, path, body string) gjson.Result {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.ctx, method, st.rovo.opts.BaseURL+controlPath+path, strings.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
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
	if resp.StatusCode != want {
		st.t.Errorf("%s %s %s: %d %s", method, path, body, resp.StatusCode, raw)
	}
	return gjson.ParseBytes(raw)
}

// until polls a conversation until it has a value at a path.
func (st *stage) until(id, path, want string) gjson.Result {
	st.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		got := st.control(200, "GET", "conversations/"+id, "")
		if got.Get(path).Str == want {
			return got
		}
		if time.Now().After(deadline) {
			st.t.Fatalf("%s never was %q: %s", path, want, got)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAConversationIsHadOverHTTP(t *testing.T) {
	for _, streaming := range []string{"false", "true"} {
		st := newStage(t, Options{})
		begun := st.control(201, "POST", "conversations", `{"as":"bob","issue":"PROJ-1","dialect":"jira-eap","mention":"look","streaming":`+streaming+`}`)
		id := begun.Get("id").Str
		if begun.Get("tenant").Str != "acme" || begun.Get("task.state").Str != "submitted" || begun.Get("account").Str != st.acme.User("bob").Account() {
			t.Fatalf("begun: %s", begun)
		}
		st.tasks.move(0, a2a.InputRequired, "Which browser?")
		st.until(id, "task.state", "input-required")
		st.control(200, "POST", "conversations/"+id+"/say", `{"text":"Firefox"}`)
		st.tasks.move(0, a2a.Working, "Reading")
		st.until(id, "task.text", "Reading")
		st.control(200, "POST", "conversations/"+id+"/drop", "")
		st.tasks.move(0, a2a.Failed, "No")
		st.until(id, "task.state", "failed")
		st.control(409, "POST", "conversations/"+id+"/cancel", "")
		st.control(200, "POST", "conversations/"+id+"/retry", "")
		st.control(200, "POST", "conversations/"+id+"/cancel", "")
		last := st.until(id, "task.state", "canceled")
		if n := len(last.Get("tasks").Array()); n != 2 || last.Get("error").Exists() {
			t.Errorf("ended: %s", last)
		}
		if all := st.control(200, "GET", "conversations", ""); len(all.Array()) != 1 {
			t.Errorf("all: %s", all)
		}
		st.rovo.Close()
		st.clean()
	}
}

func TestThePlatformIsControlledOverHTTP(t *testing.T) {
	st := newStage(t, Options{})
	told := st.control(200, "GET", "", "")
	if told.Get("app_id").Str != appARI+AppID || told.Get("jwks_url").Str != st.rovo.JWKSURL() || len(told.Get("tenants").Array()) != 2 ||
		told.Get("tenants.1.api").Str != st.globex.APIBase() || told.Get("remote").Str != st.remote.url {
		t.Errorf("told %s", told)
	}
	st.control(200, "POST", "install", `{"tenant":"globex"}`)
	st.control(200, "POST", "upgrade", `{"tenant":"globex","version":"3.0.0"}`)
	st.control(204, "POST", "configure", `{"settings":{"projects":["PROJ"]}}`)
	st.control(204, "POST", "connect", `{"as":"bob","name":"Bob"}`)
	st.control(200, "POST", "uninstall", `{}`)
	if got := st.control(200, "POST", "setup", `{"remote":"`+st.remote.url+`/"}`); got.Get("remote").Str != st.remote.url {
		t.Errorf("set up: %s", got)
	}
	want := "installed upgraded config account uninstalled installed config"
	var paths []string
	for _, p := range st.remote.paths {
		paths = append(paths, strings.TrimPrefix(strings.Fields(p)[0], "/atlassian/"))
	}
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("the remote was told %q, want %q", got, want)
	}
	st.control(204, "POST", "consent", `{"scopes":["read:jira-work"]}`)
	minted := st.control(200, "POST", "credentials", `{"as":"bob","module":"triage"}`)
	user := minted.Get("headers.X-Forge-Oauth-User.0").Str
	if minted.Get("account").Str != st.acme.User("bob").Account() || user == "" || !strings.HasPrefix(minted.Get("headers.Authorization.0").Str, "Bearer ey") {
		t.Errorf("minted %s", minted)
	}
	if status, _ := st.api(st.acme, user, "GET", "/rest/api/3/myself", ""); status != 401 {
		t.Errorf("beyond its scopes: %d", status)
	}
	st.control(204, "POST", "tokens/expire", "")
	said := st.control(200, "POST", "messages", `{"issue":"PROJ-1","kind":"mention","text":"look","dialect":"jira-1.0"}`)
	if said.Get("data.comment.id").Str == "" || said.Get("data.issue.fields.key").Str != "PROJ-1" || said.Get("text").Str != "A user has mentioned you in a comment." {
		t.Errorf("said %s", said)
	}
	st.control(200, "POST", "keys", `{"rotate":true,"withdraw":true,"fail":503,"max_age_seconds":60}`)
	if code, _, _ := st.keys(); code != 503 {
		t.Errorf("keys: %d", code)
	}
	st.control(204, "PUT", "remote", `{"url":"http://127.0.0.1:1"}`)
	for _, path := range []string{"requests", "violations", "exchanges"} {
		if got := st.control(200, "GET", path, ""); !got.IsArray() {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestMistakesWithTheControlsAreTold(t *testing.T) {
	st := newStage(t, Options{})
	for _, c := range []struct {
		want       int
		path, body string
	}{
		{404, "install", `{"tenant":"nowhere"}`}, {400, "upgrade", `{}`}, {400, "install", `{"tenat":"acme"}`}, {400, "install", `[`},
		{404, "credentials", `{"as":"nobody"}`}, {400, "messages", `{"kind":"shout","issue":"PROJ-1"}`}, {400, "messages", `{"kind":"chat","issue":"PROJ-99"}`},
		{400, "keys", `{"fail":200}`}, {404, "conversations", `{"issue":"PROJ-99"}`}, {400, "conversations", `{"issue":"PROJ-1","dialect":"a2a-1.0"}`},
		{404, "conversations/none/say", `{"text":"x"}`}, {404, "nothing", ``},
	} {
		st.control(c.want, "POST", c.path, c.body)
	}
	id := st.control(201, "POST", "conversations", `{"issue":"PROJ-1"}`).Get("id").Str
	st.control(400, "POST", "conversations/"+id+"/say", `{}`)
	st.control(502, "POST", "conversations/"+id+"/retry", ``)
	st.rovo.SetRemote("http://127.0.0.1:1")
	st.control(502, "POST", "setup", `{}`)
	st.control(502, "POST", "conversations", `{"issue":"PROJ-1"}`)
	st.rovo.Close()
}

func TestOneWatchesWhileAnotherSpeaks(t *testing.T) {
	for name, agent := range ways() {
		t.Run(name, func(t *testing.T) {
			st := newStage(t, Options{})
			talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
			if err != nil {
				t.Fatal(err)
			}
			watched := make(chan error, 1)
			go func() {
				_, err := talk.Until(st.ctx, func(client.Task) bool { return false })
				watched <- err
			}()
			for range 5 {
				if _, err := talk.Say(st.ctx, "more"); err != nil {
					t.Fatal(err)
				}
				talk.Drop()
			}
			st.tasks.move(0, a2a.Completed, "Done")
			if err := <-watched; err != nil || talk.Task().Text != "Done" {
				t.Errorf("%+v %v", talk.Task(), err)
			}
			st.clean()
		})
	}
}

func TestWatchingEndsWithItsContext(t *testing.T) {
	st := newStage(t, Options{})
	for name, agent := range ways() {
		talk, err := st.acme.User("alice").Assign(st.ctx, agent, "PROJ-1")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(st.ctx)
		stop()
		if _, err := talk.Settle(ctx); err == nil {
			t.Errorf("%s: it goes on", name)
		}
		talk.Drop()
	}
}
