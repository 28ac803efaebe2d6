package rovo

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// examples are the guide's requests and answers, and the events of its stream.
func examples(t *testing.T) (requests, answers, events []string) {
	t.Helper()
	for line := range strings.Lines(guide(t)) {
		example, found := strings.CutPrefix(strings.TrimSpace(line), "1 2")
		switch {
		case !found || !strings.Contains(example, `"jsonrpc"`) || strings.Contains(example, "$requestId"):
		case strings.HasPrefix(example, "data:"):
			events = strings.Split(strings.TrimPrefix(example, "data: "), " data: ")
		case strings.Contains(example, `"method"`):
			requests = append(requests, example)
		default:
			answers = append(answers, example)
		}
	}
	if len(requests) < 5 || len(answers) < 6 || len(events) != 3 {
		t.Fatalf("found %d requests, %d answers and %d events", len(requests), len(answers), len(events))
	}
	return requests, answers, events
}

// form is a request with the values taken out, so that what is left is which
// members it has, in which order, and the words that are always the same.
func form(t *testing.T, request string) string {
	t.Helper()
	if !json.Valid([]byte(request)) {
		t.Fatalf("no JSON: %s", request)
	}
	same := map[string]bool{"jsonrpc": true, "method": true, "kind": true, "role": true}
	var walk func(r gjson.Result) string
	walk = func(r gjson.Result) string {
		var parts []string
		switch {
		case r.IsObject():
			r.ForEach(func(name, value gjson.Result) bool {
				text := walk(value)
				if same[name.Str] || name.Str == "text" && strings.HasPrefix(value.Str, "A user has ") {
					text = value.Raw
				}
				parts = append(parts, name.Str+":"+text)
				return true
			})
			return "{" + strings.Join(parts, ",") + "}"
		case r.IsArray():
			for _, one := range r.Array() {
				parts = append(parts, walk(one))
			}
			return "[" + strings.Join(parts, ",") + "]"
		}
		return r.Type.String()
	}
	return walk(gjson.Parse(request))
}

func TestEarlyJiraSendsWhatTheGuideShows(t *testing.T) {
	st := newStage(t, Options{})
	alice, agent := st.acme.User("alice"), Agent{Dialect: client.JiraEAP}
	if _, err := alice.Assign(st.ctx, agent, "PROJ-1"); err != nil {
		t.Fatal(err)
	}
	talk, err := alice.Mention(st.ctx, agent, "PROJ-1", "can you analyze and suggest a fix?")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := talk.Say(st.ctx, "The test credentials are …"); err != nil {
		t.Fatal(err)
	}
	if _, err := talk.Poll(st.ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := talk.Cancel(st.ctx); err != nil {
		t.Fatal(err)
	}
	var sent []string
	for _, x := range st.rovo.Exchanges() {
		sent = append(sent, form(t, x.Request))
	}
	var want []string
	requests, _, _ := examples(t)
	for _, request := range requests {
		want = append(want, form(t, request))
	}
	if d := cmp.Diff(want, sent); d != "" {
		t.Error(d)
	}
}

func TestTheGuidesOwnAnswersHaveNoFault(t *testing.T) {
	_, answers, events := examples(t)
	for _, body := range answers {
		method := "tasks/get"
		if gjson.Get(body, "result.status.state").Str == "canceled" {
			method = "tasks/cancel"
		}
		for _, method := range []string{method, "message/send"} {
			if wrong := judgeOne(client.JiraEAP, method, body, 0); len(wrong) > 0 {
				t.Errorf("%s: %v in %s", method, wrong, body)
			}
		}
	}
	// The messages of the guide's stream are shorter than those of its answers.
	short := regexp.MustCompile(`message\.(kind|messageId|taskId|contextId) is missing`)
	j := newJudge()
	for n, body := range events {
		for _, wrong := range j.answer(client.JiraEAP, exchanged("message/stream", body, n+1)) {
			if !short.MatchString(wrong) {
				t.Errorf("%s in %s", wrong, body)
			}
		}
	}
}
