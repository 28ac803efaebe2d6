package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// TestTasksWaitForWhatTheyNeedAndGoOnByThemselves takes from users, one after the
// other, all that work for them needs.
func TestTasksWaitForWhatTheyNeedAndGoOnByThemselves(t *testing.T) {
	scenes := []struct {
		name string
		play func(ctx context.Context, t *testing.T, s *site)
	}{
		{"the settings of the site", waitsForSettings},
		{"the user's account", waitsForAccount},
		{"the scopes", waitsForScopes},
		{"the user's token", waitsForToken},
		{"a token that holds, in the middle of the work", waitsForFreshToken},
		{"several are told one after the other", waitsForAll},
		{"and may be canceled meanwhile", waitsInVain},
	}
	onBoth(t, rovo.Options{}, "", func(t *testing.T, s *site) {
		ctx := bounded(t)
		for _, scene := range scenes {
			s.scene(t, scene.name, func(t *testing.T, s *site) {
				site := s.box.Rovo.Tenant("")
				if _, err := site.Install(ctx); err != nil {
					t.Fatal(err)
				}
				scene.play(ctx, t, s)
			})
		}
		s.judged()
	})
}

// waiting begins a conversation whose task has to wait, and says so with a link.
func (s *site) waiting(ctx context.Context, u *rovo.User, a rovo.Agent, text, link string) (*rovo.Conversation, client.Task) {
	s.t.Helper()
	talk, err := u.Mention(ctx, a, s.issue(), text)
	if err != nil {
		s.t.Fatal(err)
	}
	task := talk.Task()
	if task.State != a2a.AuthRequired || !strings.Contains(task.Text, s.page(link)) {
		s.t.Fatalf("the task is %+v; want a link to %s", task, s.page(link))
	}
	return talk, task
}

// page is the link to a page of the app, as Jira's guide has it.
func (s *site) page(path string) string {
	app := s.box.Rovo.App()
	return s.box.Jira.BaseURL() + path + app.ID + "/" + app.Environment
}

const (
	adminPage    = "/jira/settings/apps/configure/"
	personalPage = "/jira/settings/personal/apps/"
)

// continued has the task of a conversation that waited come to its end, with no word
// of its user.
func (s *site) continued(ctx context.Context, talk *rovo.Conversation, waited client.Task) {
	s.t.Helper()
	task, err := talk.Until(ctx, over)
	if err != nil || task.ID != waited.ID || task.State != a2a.Completed || len(talk.Tasks()) != 1 {
		s.t.Errorf("the task %s went on as %+v, %v; the user saw %+v", waited.ID, task, err, talk.Transcript())
	}
}

func (s *site) configured(ctx context.Context, settings any) {
	s.t.Helper()
	if err := s.box.Rovo.Tenant("").Configure(ctx, settings); err != nil {
		s.t.Fatal(err)
	}
}

func waitsForSettings(ctx context.Context, t *testing.T, s *site) {
	for _, agent := range []rovo.Agent{{Dialect: client.JiraEAP}, {}, {Streaming: true}} {
		if _, err := s.box.Rovo.Tenant("").Install(ctx); err != nil {
			t.Fatal(err)
		}
		talk, task := s.waiting(ctx, s.alice(), agent, "look at it", adminPage)
		more := s.say(ctx, talk, "And the logo too.")
		if more.ID != task.ID || more.State != a2a.AuthRequired {
			t.Errorf("a message to it gives %+v", more)
		}
		s.configured(ctx, nil)
		s.continued(ctx, talk, task)
		if got := talk.Task().Text; got != "Done, with the logo." {
			t.Errorf("%+v: the answer is %q", agent, got)
		}
	}
}

func waitsForAccount(ctx context.Context, t *testing.T, s *site) {
	s.configured(ctx, map[string]any{"requireAccountMapping": true})
	talk, task := s.waiting(ctx, s.alice(), rovo.Agent{Streaming: true}, "look at it", personalPage)
	other, theirs := s.waiting(ctx, s.bob(), rovo.Agent{}, "look at it", personalPage)
	if err := s.alice().Connect(ctx, "alice@example.com"); err != nil {
		t.Fatal(err)
	}
	s.continued(ctx, talk, task)
	if still, err := other.Poll(ctx); err != nil || still.State != a2a.AuthRequired {
		t.Errorf("Bob's task is %+v, %v", still, err)
	}
	if err := s.bob().Connect(ctx, "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	s.continued(ctx, other, theirs)
}

// waitsForScopes has a new version need more than the site granted.
func waitsForScopes(ctx context.Context, t *testing.T, s *site) {
	s.configured(ctx, nil)
	granted := []string{"read:app-system-token", "read:app-user-token", "read:jira-work"}
	s.upgraded(ctx, "2.0.0", granted)
	talk, task := s.waiting(ctx, s.alice(), rovo.Agent{Streaming: true}, "look at it", adminPage)
	if !strings.Contains(task.Text, "write:jira-work") {
		t.Errorf("it does not say what is missing: %s", task.Text)
	}
	for n, word := range strings.Split(task.Text, "`") {
		if n%2 == 1 {
			granted = append(granted, word)
		}
	}
	s.upgraded(ctx, "3.0.0", granted)
	s.continued(ctx, talk, task)
}

// upgraded tells the daemon of another version with what the site granted it.
func (s *site) upgraded(ctx context.Context, version string, scopes []string) {
	s.t.Helper()
	site, app := s.box.Rovo.Tenant(""), s.box.Rovo.App()
	head, err := site.Credentials(rovo.Invocation{Endpoint: rovo.UpgradedEndpoint})
	if err != nil {
		s.t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{
		"id": site.Installation(), "upgraderAccountId": s.bob().Account(), "eventType": "avi:forge:upgraded:app",
		"app": map[string]any{"id": app.ID, "version": version, "name": app.Name}, "environment": map[string]any{"id": app.Environment},
		"permissions": map[string]any{"scopes": scopes, "external": map[string]any{}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	headers := map[string]string{}
	for name := range head {
		headers[name] = head.Get(name)
	}
	a, err := s.try(http.MethodPost, s.front.url+"/atlassian/upgraded", string(body), headers)
	if err != nil || a.status >= 300 {
		s.t.Fatalf("%+v %v", a, err)
	}
}

func waitsForToken(ctx context.Context, t *testing.T, s *site) {
	s.configured(ctx, nil)
	talk, task := s.waiting(ctx, s.bob().Tokenless(), rovo.Agent{Streaming: true}, "look at it", personalPage)
	// The next request that Jira makes for the user brings the token.
	if _, err := s.bob().Client(rovo.Agent{}).Get(ctx, task.ID); err != nil {
		t.Fatal(err)
	}
	s.continued(ctx, talk, task)
}

// waitsForFreshToken has all tokens of the user expire while the model is asked.
func waitsForFreshToken(ctx context.Context, t *testing.T, s *site) {
	s.configured(ctx, nil)
	g := s.models.hold("hold-expiry", 0)
	key := s.issue()
	talk, err := s.alice().Mention(ctx, rovo.Agent{Streaming: true}, key, "write slowly hold-expiry")
	if err != nil {
		t.Fatal(err)
	}
	s.held(g, 1)
	s.box.Rovo.ExpireTokens(s.alice().Account())
	g.release()
	waited, err := talk.Until(ctx, is(a2a.AuthRequired))
	if err != nil || waited.State != a2a.AuthRequired {
		t.Fatalf("%+v, %v", waited, err)
	}
	if _, err := s.alice().Client(rovo.Agent{}).Get(ctx, waited.ID); err != nil {
		t.Fatal(err)
	}
	s.continued(ctx, talk, waited)
	if got := s.comments(key); len(got) != 1 {
		t.Errorf("the comments are %q", got)
	}
}

func waitsForAll(ctx context.Context, t *testing.T, s *site) {
	talk, task := s.waiting(ctx, s.bob().Tokenless(), rovo.Agent{Streaming: true}, "look at it", adminPage)
	s.configured(ctx, map[string]any{"requireAccountMapping": true})
	told := func(page string) func(client.Task) bool {
		return func(now client.Task) bool { return strings.Contains(now.Text, s.page(page)) }
	}
	if now, err := talk.Until(ctx, told(personalPage)); err != nil || now.State != a2a.AuthRequired {
		t.Fatalf("%+v, %v", now, err)
	}
	if err := s.bob().Connect(ctx, "bob@example.com"); err != nil {
		t.Fatal(err)
	}
	lacking := func(now client.Task) bool {
		return strings.Contains(now.Text, "Jira has not passed on your permission")
	}
	if now, err := talk.Until(ctx, lacking); err != nil || now.State != a2a.AuthRequired {
		t.Fatalf("%+v, %v", now, err)
	}
	if _, err := s.bob().Client(rovo.Agent{}).Get(ctx, task.ID); err != nil {
		t.Fatal(err)
	}
	s.continued(ctx, talk, task)
}

func waitsInVain(ctx context.Context, t *testing.T, s *site) {
	talk, task := s.waiting(ctx, s.alice(), rovo.Agent{}, "look at it", adminPage)
	if canceled, err := talk.Cancel(ctx); err != nil || canceled.State != a2a.Canceled {
		t.Errorf("%+v, %v", canceled, err)
	}
	s.configured(ctx, nil)
	after, err := talk.Retry(ctx)
	if err != nil || after.ID == task.ID {
		t.Errorf("%+v, %v", after, err)
	}
	s.settled(ctx, talk, a2a.Completed, "Done.")
	if before, err := s.alice().Client(rovo.Agent{}).Get(ctx, task.ID); err != nil || before.State != a2a.Canceled {
		t.Errorf("%+v, %v", before, err)
	}
}
