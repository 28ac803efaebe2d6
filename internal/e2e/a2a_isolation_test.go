package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/sandbox/rovo"
)

// owner is somebody with a task that waits for an answer.
type owner struct {
	name string
	c    *client.Client
	task client.Task
}

// owners are two people in each of two tenants, whose accounts are the same there,
// and two plain callers, each in both versions.
func (s *site) owners(ctx context.Context) []*owner {
	s.t.Helper()
	var list []*owner
	for _, tenant := range []string{"sandbox", "beta"} {
		for _, who := range []string{"alice", "bob"} {
			for _, dialect := range jiraDialects {
				list = append(list, &owner{name: tenant + " " + who + " " + string(dialect), c: s.box.Rovo.Tenant(tenant).User(who).Client(rovo.Agent{Dialect: dialect})})
			}
		}
	}
	for _, dialect := range []client.Dialect{client.Plain03, client.Plain10} {
		list = append(list, &owner{name: "script " + string(dialect), c: s.plain(plainToken, dialect)}, &owner{name: "other " + string(dialect), c: s.plain(otherToken, dialect)})
	}
	for _, o := range list {
		o.task = s.begin(ctx, o.c, "ask me first of "+o.name)
		s.becomes(ctx, o.c, o.task.ID, is(a2a.InputRequired))
		if !o.c.Dialect.Jira() {
			if r := s.method(o.c, "CreateTaskPushNotificationConfig", `{"taskId":"`+o.task.ID+`","id":"own","url":"`+s.told.url+`"}`); r.code() != 0 {
				s.t.Fatal(r.Raw)
			}
		}
	}
	return list
}

// same says whether two callers are the same to the daemon, whatever they speak.
func (o *owner) same(other *owner) bool {
	return o.name[:strings.LastIndexByte(o.name, ' ')] == other.name[:strings.LastIndexByte(other.name, ' ')]
}

// requests are all that can be asked about a task in the words of a dialect.
func requests(d client.Dialect, task, contextID, url string) map[string]string {
	message := func(at string) string {
		if d == client.JiraEAP || d == client.Plain03 {
			return `{"message":{"kind":"message","role":"user","messageId":"` + client.NewID() + `",` + at + `,"parts":[{"kind":"text","text":"the stolen one"}]}}`
		}
		return `{"message":{"role":"ROLE_USER","messageId":"` + client.NewID() + `",` + at + `,"parts":[{"text":"the stolen one"}]}}`
	}
	toTask, toContext := fmt.Sprintf(`"taskId":%q`, task), fmt.Sprintf(`"contextId":%q`, contextID)
	id := fmt.Sprintf(`{"id":%q}`, task)
	push := fmt.Sprintf(`{"taskId":%q,"id":"own","url":%q,"pushNotificationConfig":{"id":"own","url":%q}}`, task, url, url)
	one := fmt.Sprintf(`{"id":%q,"taskId":%q,"pushNotificationConfigId":"own"}`, map[bool]string{true: task, false: "own"}[d == client.Plain03], task)
	if d == client.Plain03 {
		one = fmt.Sprintf(`{"id":%q,"pushNotificationConfigId":"own"}`, task)
	}
	switch d {
	case client.JiraEAP, client.Plain03:
		all := map[string]string{"tasks/get": id, "tasks/cancel": id, "tasks/resubscribe": id, "message/send": message(toTask), "message/send ": message(toContext),
			"message/stream": message(toTask), "message/stream ": message(toContext), "message/send  ": message(toTask + "," + toContext)}
		if d == client.Plain03 {
			all["tasks/pushNotificationConfig/set"], all["tasks/pushNotificationConfig/get"] = push, one
			all["tasks/pushNotificationConfig/list"], all["tasks/pushNotificationConfig/delete"] = id, one
		}
		return all
	}
	all := map[string]string{"GetTask": id, "CancelTask": id, "SubscribeToTask": id, "SendMessage": message(toTask), "SendMessage ": message(toContext),
		"SendStreamingMessage": message(toTask), "SendStreamingMessage ": message(toContext), "SendMessage  ": message(toTask + "," + toContext)}
	if d == client.Plain10 {
		all["CreateTaskPushNotificationConfig"], all["GetTaskPushNotificationConfig"] = push, one
		all["ListTaskPushNotificationConfigs"], all["DeleteTaskPushNotificationConfig"] = fmt.Sprintf(`{"taskId":%q}`, task), one
	}
	return all
}

// TestIdsOfOthersAreAnsweredAsThoseThatDoNotExist has everybody try everything with
// the tasks and contexts of everybody else.
func TestIdsOfOthersAreAnsweredAsThoseThatDoNotExist(t *testing.T) {
	onBoth(t, rovo.Options{}, "", func(t *testing.T, s *site) {
		ctx := bounded(t)
		s.setup(ctx)
		all := s.owners(ctx)
		for _, intruder := range all {
			none := client.NewID()
			for _, victim := range all {
				if intruder.same(victim) {
					continue
				}
				absent := requests(intruder.c.Dialect, none, none, s.told.url)
				for method, params := range requests(intruder.c.Dialect, victim.task.ID, victim.task.ContextID, s.told.url) {
					got := s.method(intruder.c, strings.TrimSpace(method), params)
					want := s.method(intruder.c, strings.TrimSpace(method), absent[method])
					told := strings.NewReplacer(victim.task.ID, none, victim.task.ContextID, none).Replace(got.Raw)
					if got.status != 200 || told != want.Raw || !got.Get("error.code").Exists() || got.code() > int64(a2a.CodeTaskNotFound) {
						t.Errorf("%s asks for %s of %s: %d %s; what does not exist is %s", intruder.name, method, victim.name, got.status, got.Raw, want.Raw)
					}
				}
			}
		}
		s.untouched(ctx, all)
		s.listsAreOwn(all)
		s.judged()
	})
}

// untouched checks that everybody's task still is as it was, and goes on for its owner.
func (s *site) untouched(ctx context.Context, all []*owner) {
	s.t.Helper()
	for _, o := range all {
		if task, err := o.c.Get(ctx, o.task.ID); err != nil || task.State != a2a.InputRequired {
			s.t.Errorf("the task of %s is %+v, %v", o.name, task, err)
		}
		if _, err := o.c.Send(ctx, client.Message{ContextID: o.task.ContextID, Text: "the own one"}); err != nil {
			s.t.Errorf("%s answers: %v", o.name, err)
		}
		if task := s.ends(ctx, o.c, o.task.ID); task.Text != "You mean the own one." {
			s.t.Errorf("the task of %s is %+v", o.name, task)
		}
	}
}

// listsAreOwn checks that programs are listed their own tasks, and no others.
func (s *site) listsAreOwn(all []*owner) {
	s.t.Helper()
	for _, o := range all {
		if o.c.Dialect != client.Plain10 {
			continue
		}
		r := s.method(o.c, "ListTasks", `{"includeArtifacts":true}`)
		for _, other := range all {
			if listed := strings.Contains(r.Raw, other.task.ID); listed != o.same(other) {
				s.t.Errorf("%s is listed the task of %s: %v", o.name, other.name, listed)
			}
			filtered := s.method(o.c, "ListTasks", `{"contextId":"`+other.task.ContextID+`"}`)
			if listed := strings.Contains(filtered.Raw, other.task.ID); listed != o.same(other) {
				s.t.Errorf("%s is listed the context of %s: %s", o.name, other.name, filtered.Raw)
			}
		}
	}
}
