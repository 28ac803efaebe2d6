package wire

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/a2a"
)

func requestsOf(t testing.TB, d Dialect) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata/requests", d.String(), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list [][]byte
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, body)
	}
	return list
}

func TestTheCallerTheMethodAndTheHeaderTellTheDialect(t *testing.T) {
	for _, c := range []struct {
		jira           bool
		method, header string
		want           Dialect
		refused        bool
	}{
		{true, "message/send", "", JiraEAP, false},
		{true, "tasks/get", "1.0", JiraEAP, false},
		{true, "SendMessage", "", Jira10, false},
		{true, "SendMessage", "1.0", Jira10, false},
		{true, "GetTask", "0.3", Jira10, false},
		{true, "", "", JiraEAP, false},
		{true, "Unknown", "", JiraEAP, false},
		{true, "SendMessage", "2.0", Jira10, true},
		{false, "message/send", "", Plain03, false},
		{false, "message/send", "0.3", Plain03, false},
		{false, "message/send", "0.3.0", Plain03, false},
		{false, "message/send", "1.0", Plain03, false},
		{false, "SendMessage", "1.0", Plain10, false},
		{false, "SendMessage", "1.0.1", Plain10, false},
		{false, "SendMessage", " 1 ", Plain10, false},
		{false, "SendMessage", "", Plain10, false},
		{false, "SendMessage", "0.3", Plain10, false},
		{false, "Unknown", "", Plain03, false},
		{false, "Unknown", "1.0", Plain10, false},
		{false, "", "", Plain03, false},
		{false, "message/send", "0.2", Plain03, true},
		{false, "message/send", "99.0", Plain03, true},
		{false, "SendMessage", "99.0", Plain10, true},
		{false, "SendMessage", "1.1", Plain10, true},
		{false, "SendMessage", "v1.0", Plain10, true},
		{false, "Unknown", "latest", Plain03, true},
	} {
		got, wrong := Detect(c.jira, c.method, c.header)
		if got != c.want || c.refused != (wrong != nil) || wrong != nil && wrong.Code != a2a.CodeVersion {
			t.Errorf("%+v is %s: %v", c, got, wrong)
		}
	}
}

func TestDialectsDifferInWhenTheyAnswer(t *testing.T) {
	type rules struct{ waits, ended, ids, endsAtQuestion, endsAtSignIn bool }
	want := map[Dialect]rules{
		JiraEAP: {false, true, false, false, false},
		Jira10:  {false, true, false, false, false},
		Plain03: {false, true, true, true, false},
		Plain10: {true, false, true, false, false},
	}
	for d, w := range want {
		got := rules{d.WaitsFor(), d.SubscribesToEnded(), d.FramesIDs(), d.Ends(a2a.InputRequired), d.Ends(a2a.AuthRequired)}
		if got != w {
			t.Errorf("%s: %+v", d, got)
		}
		for _, s := range a2a.States() {
			if s.Terminal() && !d.Ends(s) || s == a2a.Working && d.Ends(s) {
				t.Errorf("%s ends at %s: %v", d, s, d.Ends(s))
			}
		}
	}
}

func TestAMessageThatAsksForNothingIsAnsweredAsItsDialectWants(t *testing.T) {
	const message = `"message":{"messageId":"m","role":"user","parts":[{"text":"x"}]}`
	for _, c := range []struct {
		d       Dialect
		config  string
		wait    bool
		history int
	}{
		{JiraEAP, `{}`, false, 0}, {JiraEAP, `{"blocking":true}`, false, 0}, {JiraEAP, `{"historyLength":3}`, false, 3},
		{Jira10, `{}`, false, 0}, {Jira10, `{"returnImmediately":false}`, false, 0},
		{Plain03, `{}`, false, a2a.AllHistory}, {Plain03, `{"blocking":true}`, true, a2a.AllHistory}, {Plain03, `{"blocking":false,"historyLength":0}`, false, 0},
		{Plain10, `{}`, true, a2a.AllHistory}, {Plain10, `{"returnImmediately":true}`, false, a2a.AllHistory}, {Plain10, `{"returnImmediately":false}`, true, a2a.AllHistory},
	} {
		value, wrong := read(t, c.d, "SendMessage", `{`+message+`,"configuration":`+c.config+`}`)
		if wrong != nil {
			t.Fatal(wrong)
		}
		if got := value.(a2a.SendRequest); got.Wait != c.wait || got.History != c.history {
			t.Errorf("%s %s: waits %v, history %d", c.d, c.config, got.Wait, got.History)
		}
	}
}

func TestAReceiverIsToldInTheVersionInWhichItAsked(t *testing.T) {
	event := a2a.Event{Status: &a2a.StatusUpdate{TaskID: "t", ContextID: "c", Status: a2a.Status{State: a2a.Completed}}}
	task := a2a.Task{ID: "t", ContextID: "c", Status: a2a.Status{State: a2a.Completed}}
	for _, c := range []struct {
		config a2a.PushConfig
		body   string
		header http.Header
	}{
		{
			a2a.PushConfig{Version: "1.0", Token: "tok", Schemes: []string{"Bearer"}, Credentials: "abc"},
			`{"statusUpdate":{"taskId":"t","contextId":"c","status":{"state":"TASK_STATE_COMPLETED"}}}`,
			http.Header{"Content-Type": {"application/a2a+json"}, "Authorization": {"Bearer abc"}, "X-A2a-Notification-Token": {"tok"}},
		},
		{
			a2a.PushConfig{Version: "0.3", Token: "tok", Schemes: []string{"Bearer"}},
			`{"id":"t","contextId":"c","status":{"state":"completed"},"kind":"task"}`,
			http.Header{"Content-Type": {"application/json"}, "X-A2a-Notification-Token": {"tok"}},
		},
	} {
		body, header, err := Notification(c.config, event, task)
		if err != nil || string(body) != c.body {
			t.Errorf("%s: %s %v", c.config.Version, body, err)
		}
		if d := cmp.Diff(c.header, header); d != "" {
			t.Error(d)
		}
	}
	if _, _, err := Notification(a2a.PushConfig{Version: "1.0"}, a2a.Event{Task: &a2a.Task{Metadata: []byte("{")}}, task); err == nil {
		t.Error("what is no JSON was written")
	}
}
