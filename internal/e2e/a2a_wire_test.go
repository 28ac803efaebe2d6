package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// TestRequestsAsTheyComeOverTheWire sends what callers send, and what they should not.
func TestRequestsAsTheyComeOverTheWire(t *testing.T) {
	onBoth(t, rovo.Options{}, "environments: [production]", func(t *testing.T, s *site) {
		ctx := bounded(t)
		s.setup(ctx)
		s.scene(t, "ids come back byte for byte", func(t *testing.T, s *site) { echoes(t, s) })
		s.scene(t, "what is no request is refused", func(t *testing.T, s *site) { refusesBodies(t, s) })
		s.scene(t, "the requests of Jira's guide work verbatim", func(t *testing.T, s *site) { worksByTheGuide(ctx, t, s) })
		s.scene(t, "lists have pages", func(t *testing.T, s *site) { hasPages(ctx, t, s) })
		s.scene(t, "callers are told once and in order", func(t *testing.T, s *site) { tellsOnce(ctx, t, s) })
		s.scene(t, "tokens that are no good are refused", func(t *testing.T, s *site) { refusesTokens(ctx, t, s) })
	})
}

func echoes(t *testing.T, s *site) {
	ids := []string{`9007199254740993`, `-0`, `1.50`, `1e3`, `"a\u00e9\/\ud83d\ude00"`, `""`, `null`, `"` + strings.Repeat("x", 1000) + `"`}
	for _, c := range []*client.Client{s.alice().Client(rovo.Agent{Dialect: client.JiraEAP}), s.plain(plainToken, client.Plain10)} {
		for _, id := range ids {
			for _, method := range []string{"tasks/get", "GetTask", "tasks/resubscribe", "nonsense"} {
				r := s.post(c, `{"jsonrpc":"2.0","id":`+id+`,"method":"`+method+`","params":{"id":"none"}}`)
				if got := r.Get("id").Raw; got != id || r.Get("jsonrpc").Str != "2.0" {
					t.Errorf("%s with the id %s is answered %s", method, id, r.Raw)
				}
			}
		}
	}
}

func refusesBodies(t *testing.T, s *site) {
	message := `"message":{"role":"user","messageId":"m-refused","parts":[{"kind":"text","text":"x"}]}`
	tests := map[string]struct {
		body   string
		status int
		code   a2a.Code
	}{
		"nothing":           {"", 200, a2a.CodeParse},
		"no JSON":           {"{", 200, a2a.CodeParse},
		"two values":        {`{"jsonrpc":"2.0","id":1,"method":"tasks/get"} {}`, 200, a2a.CodeParse},
		"a text":            {`"tasks/get"`, 200, a2a.CodeInvalidRequest},
		"a batch":           {`[{"jsonrpc":"2.0","id":1,"method":"message/send","params":{` + message + `}}]`, 200, a2a.CodeInvalidRequest},
		"an empty batch":    {`[]`, 200, a2a.CodeInvalidRequest},
		"another version":   {`{"jsonrpc":"1.0","id":1,"method":"message/send","params":{` + message + `}}`, 200, a2a.CodeInvalidRequest},
		"an id that is one": {`{"jsonrpc":"2.0","id":{},"method":"message/send","params":{` + message + `}}`, 200, a2a.CodeInvalidRequest},
		"no such method":    {`{"jsonrpc":"2.0","id":1,"method":"tasks/delete","params":{}}`, 200, a2a.CodeMethodNotFound},
		"no params":         {`{"jsonrpc":"2.0","id":1,"method":"message/send"}`, 200, a2a.CodeInvalidParams},
		"no parts":          {`{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"role":"user","messageId":"m","parts":[]}}}`, 200, a2a.CodeInvalidParams},
		"the agent's role":  {`{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"message":{"role":"agent","messageId":"m","parts":[{"kind":"text","text":"x"}]}}}`, 200, a2a.CodeInvalidParams},
		"deep":              {`{"jsonrpc":"2.0","id":1,"method":"message/send","params":` + strings.Repeat(`{"a":`, 20000) + `1` + strings.Repeat(`}`, 20000) + `}`, 200, 0},
		"too large":         {`{"jsonrpc":"2.0","id":1,"method":"message/send","params":{"x":"` + strings.Repeat("x", 2<<20) + `",` + message + `}}`, 413, a2a.CodeInvalidRequest},
	}
	for name, tt := range tests {
		for _, c := range []*client.Client{s.alice().Client(rovo.Agent{Dialect: client.JiraEAP}), s.plain(plainToken, client.Plain03)} {
			r := s.post(c, tt.body)
			if r.status != tt.status || r.code() >= 0 || tt.code != 0 && r.code() != int64(tt.code) {
				t.Errorf("%s is answered with %d %s", name, r.status, r.Raw)
			}
		}
	}
	c := s.plain(plainToken, client.Plain03)
	if r := s.post(c, `{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"x"}}`, "Content-Type", "text/plain"); r.status != http.StatusUnsupportedMediaType {
		t.Errorf("text is answered with %d %s", r.status, r.Raw)
	}
	if r := s.post(c, `{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}`, "A2A-Version", "2.0"); r.code() != int64(a2a.CodeVersion) {
		t.Errorf("another version of A2A is answered with %s", r.Raw)
	}
}

// theGuide are the requests of Jira's guide to remote agents, each on a line of its
// own, which are not part of the repository.
func theGuide(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(os.Getenv("AOF_SHARED"), "seeds/jira-remote-agents.txt")
	for dir, _ := os.Getwd(); os.Getenv("AOF_SHARED") == "" && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if candidate := filepath.Join(dir, "../shared/seeds/jira-remote-agents.txt"); exists(candidate) {
			file = candidate
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skip("the guide is not there")
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		body, ok := strings.CutPrefix(strings.TrimSpace(line), "1 2")
		if ok && strings.Contains(body, `"method"`) && !strings.Contains(body, "$requestId") {
			list = append(list, body)
		}
	}
	if len(list) < 5 {
		t.Fatalf("the guide has %d requests", len(list))
	}
	return list
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// worksByTheGuide sends the guide's requests as the guide's user. Tasks and contexts
// have the ids that they have here.
func worksByTheGuide(ctx context.Context, t *testing.T, s *site) {
	const user, task, contextID = "22222", "909aef32-059d-46d7-ade3-38fa4d2c5162", "4bdcf71e-0441-4564-95a3-f1c50594b60c"
	s.box.Jira.AddUser(jira.User{Handle: "guided", AccountID: user, DisplayName: "Guided", AccountType: "atlassian"})
	c := s.box.Rovo.Tenant("").User(user).Client(rovo.Agent{Dialect: client.JiraEAP})
	g := s.models.hold("issue", 0) // so that there is something to cancel
	defer g.release()
	var at client.Task
	for _, body := range theGuide(t) {
		if strings.Contains(body, task) || strings.Contains(body, contextID) {
			if r := s.post(c, body); r.code() == 0 { // its ids are nobody's here
				t.Errorf("%s\nis answered %s", body, r.Raw)
			}
		}
		r := s.post(c, strings.NewReplacer(task, at.ID, contextID, at.ContextID).Replace(body))
		_, id, _ := strings.Cut(body, `"id": "`)
		id, _, _ = strings.Cut(id, `"`)
		result := r.Get("result")
		if r.status != 200 || r.Get("id").Str != id || result.Get("kind").Str != "task" || result.Get("id").Str == "" || result.Get("contextId").Str == "" ||
			result.Get("status.message.parts.0.text").Str == "" || result.Get("status.message.taskId").Str != result.Get("id").Str {
			t.Errorf("%s\nis answered %d %s", body, r.status, r.Raw)
		}
		if strings.Contains(body, contextID) && result.Get("id").Str != at.ID {
			t.Errorf("the chat went to another task: %s", r.Raw)
		}
		if strings.Contains(body, "tasks/cancel") != (result.Get("status.state").Str == "canceled") {
			t.Errorf("%s\nis answered %s", body, r.Raw)
		}
		at = client.Task{ID: result.Get("id").Str, ContextID: result.Get("contextId").Str}
	}
	if _, err := c.Get(ctx, at.ID); err != nil {
		t.Error(err)
	}
}

func hasPages(ctx context.Context, t *testing.T, s *site) {
	c := s.plain(otherToken, client.Plain10)
	const n = 7
	want := map[string]bool{}
	for i := range n {
		task := s.begin(ctx, c, fmt.Sprint("task ", i))
		s.ends(ctx, c, task.ID)
		want[task.ID] = true
	}
	token, pages := "", 0
	for more := true; more; more = token != "" {
		r := s.method(c, "ListTasks", fmt.Sprintf(`{"pageSize":3,"status":"TASK_STATE_COMPLETED","pageToken":%q}`, token))
		if r.Get("result.totalSize").Int() != n || !r.Get("result.nextPageToken").Exists() {
			t.Fatalf("a page is %s", r.Raw)
		}
		for _, task := range r.Get("result.tasks").Array() {
			if !want[task.Get("id").Str] {
				t.Errorf("task %s is listed twice, or is nobody's", task.Get("id").Str)
			}
			delete(want, task.Get("id").Str)
		}
		token = r.Get("result.nextPageToken").Str
		pages++
	}
	if len(want) > 0 || pages != 3 {
		t.Errorf("%d pages leave out %v", pages, want)
	}
}

// tellsOnce has a program be told of its task: each event of A2A 1.0, in order.
func tellsOnce(ctx context.Context, t *testing.T, s *site) {
	c := s.plain(plainToken, client.Plain10)
	r := s.post(c, `{"jsonrpc":"2.0","id":1,"method":"SendMessage","params":{"configuration":{"returnImmediately":true,"taskPushNotificationConfig":{"url":"`+s.told.url+`","token":"tok-1"}},
		"message":{"role":"ROLE_USER","messageId":"`+client.NewID()+`","parts":[{"text":"look at it"}]}}}`, "A2A-Version", "1.0")
	id := r.Get("result.task.id").Str
	if id == "" {
		t.Fatal(r.Raw)
	}
	s.ends(ctx, c, id)
	var list []notice
	s.await("the end to be told", func() bool {
		list = s.told.of(id)
		return len(list) > 0 && strings.Contains(list[len(list)-1].Raw, "COMPLETED")
	})
	seen := map[string]bool{}
	for i, one := range list {
		if seen[one.Raw] || one.header.Get("X-A2A-Notification-Token") != "tok-1" {
			t.Errorf("notification %d of %d is %v %s", i, len(list), one.header, one.Raw)
		}
		seen[one.Raw] = true
	}
	for i, one := range list[1:] {
		if at := one.Get("statusUpdate.status.timestamp").Str; at != "" && at < list[i].Get("statusUpdate.status.timestamp").Str {
			t.Errorf("notification %d comes too early: %s", i+1, one.Raw)
		}
	}
}

func refusesTokens(ctx context.Context, t *testing.T, s *site) {
	refused := func(what string, err error, status int) {
		t.Helper()
		var no *client.HTTPError
		if !errors.As(err, &no) || no.Status != status {
			t.Errorf("%s: %v, want %d", what, err, status)
		}
	}
	for _, spoil := range rovo.Spoils() {
		_, err := s.alice().Spoiled(spoil).Client(rovo.Agent{}).Get(ctx, "x")
		if spoil.Name == "far too long" { // no header may be so long
			refused(spoil.Name, err, http.StatusRequestHeaderFieldsTooLarge)
			continue
		}
		refused(spoil.Name, err, http.StatusUnauthorized)
	}
	for _, endpoint := range []string{rovo.InstalledEndpoint, rovo.UninstallEndpoint, rovo.ConfigEndpoint, rovo.AccountEndpoint} {
		c := *s.alice().Client(rovo.Agent{})
		c.Sign = func(r *http.Request) error {
			head, err := s.box.Rovo.Tenant("").Credentials(rovo.Invocation{Endpoint: endpoint, Account: s.alice().Account()})
			for name := range head {
				r.Header.Set(name, head.Get(name))
			}
			return err
		}
		_, err := c.Send(ctx, client.Message{Text: "do it"})
		refused("a token for "+endpoint, err, http.StatusUnauthorized)
	}
	_, err := s.alice().Claiming(s.bob().Account()).Client(rovo.Agent{}).Get(ctx, "x")
	if codeOf(err) != a2a.CodeTaskNotFound {
		t.Error(err)
	}
	_, err = s.alice().Claiming(s.bob().Account()).Mention(ctx, rovo.Agent{}, s.issue(), "do it")
	refused("a message that speaks for Bob", err, http.StatusForbidden)
	_, err = s.plain("nobodys-token", client.Plain10).Get(ctx, "x")
	refused("a token of nobody's", err, http.StatusUnauthorized)
	silent := s.plain("", client.Plain10)
	silent.Sign = nil
	_, err = silent.Get(ctx, "x")
	refused("no token", err, http.StatusUnauthorized)
}

// TestWithoutKeysRequestsAreToComeAgain has the keys of Forge be away when the daemon
// starts, and come back.
func TestWithoutKeysRequestsAreToComeAgain(t *testing.T) {
	s := newSite(t, kinds[0], rovo.Options{}, "")
	s.box.Rovo.FailKeys(http.StatusInternalServerError)
	s.daemons = []*daemon{s.places[0].launch()}
	ctx := bounded(t)
	var away *client.HTTPError
	s.await("the daemon to answer", func() bool {
		_, err := s.alice().Client(rovo.Agent{}).Get(ctx, "x")
		return errors.As(err, &away) && away.Status != http.StatusBadGateway
	})
	if away.Status != http.StatusServiceUnavailable {
		t.Errorf("without keys: %v", away)
	}
	s.box.Rovo.FailKeys(0)
	s.await("the keys to be there", func() bool { return s.box.Rovo.Tenant("").Setup(ctx) == nil })
	s.settled(ctx, s.mention(ctx, rovo.Agent{}, s.issue(), "do it"), a2a.Completed, "Done.")
}

// TestOtherEnvironmentsOfTheAppAreRefused calls from one that is not admitted.
func TestOtherEnvironmentsOfTheAppAreRefused(t *testing.T) {
	s := newSite(t, kinds[0], rovo.Options{App: rovo.App{EnvironmentType: "DEVELOPMENT"}}, "environments: [production]")
	s.startAll()
	ctx := bounded(t)
	var refused *client.HTTPError
	if _, err := s.alice().Client(rovo.Agent{}).Get(ctx, "x"); !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("a request: %v", err)
	}
	if err := s.box.Rovo.Tenant("").Setup(ctx); err == nil {
		t.Error("the app was installed")
	}
}
