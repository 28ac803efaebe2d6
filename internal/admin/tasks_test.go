package admin_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/keeper"
	"github.com/aofctl/aofctl/internal/store"
)

// task gives an agent a task in the name of a caller, and returns its id.
func (d *daemon) task(t *testing.T, caller a2a.Caller, text string) string {
	t.Helper()
	k := keeper.New(keeper.Config{Store: d.store, Log: zerolog.Nop(),
		Prepare: func(_ context.Context, _ a2a.Call, _ a2a.Message, taskID, contextID string) (keeper.Work, error) {
			return keeper.Work{Run: store.Run{ID: "run-of-" + taskID, Source: store.TaskSource, Subject: "context:" + contextID, State: store.StateQueued, TargetKind: "agent", Target: "triager"}}, nil
		}})
	reply, err := k.Send(t.Context(), a2a.Call{Caller: caller, Agent: "triager", Version: "1.0"},
		a2a.SendRequest{Message: a2a.Message{ID: text, Role: a2a.User, Parts: []a2a.Part{a2a.TextOf(text)}}})
	if err != nil {
		t.Fatal(err)
	}
	return reply.Task.ID
}

func TestTasksOfAllCallersAreShownWithoutWhatWasSaid(t *testing.T) {
	d := newDaemon(t, "")
	plain := d.task(t, a2a.Caller{Installation: "token:planner"}, "a secret wish")
	user := d.task(t, a2a.Caller{Jira: true, Installation: "site-1", Account: "alice"}, "another wish")
	if err := d.store.Narrate(t.Context(), user, "1", a2a.Status{State: a2a.Working, Message: &a2a.Message{Parts: []a2a.Part{a2a.TextOf("Reading PROJ-1")}}}); err != nil {
		t.Fatal(err)
	}
	list := d.tasks(t, "/api/v1/tasks")
	if len(list) != 2 || list[0].ID != user || list[1].ID != plain {
		t.Fatalf("the tasks are %+v, want the newest first", list)
	}
	if got := list[0]; !got.Jira || got.Account != "alice" || got.State != a2a.Working || got.Note != "Reading PROJ-1" || got.Run != "run-of-"+user {
		t.Errorf("the task is %+v", got)
	}
	if got := list[1]; got.Jira || got.Installation != "token:planner" || got.Agent != "triager" || got.Messages != 1 || got.Version != "1.0" {
		t.Errorf("the task is %+v", got)
	}
	if list = d.tasks(t, "/api/v1/tasks?state=working"); len(list) != 1 || list[0].ID != user {
		t.Errorf("working are %+v", list)
	}
	if list = d.tasks(t, "/api/v1/tasks?installation=token:planner"); len(list) != 1 || list[0].ID != plain {
		t.Errorf("those of the planner are %+v", list)
	}
	one := d.get(t, "/api/v1/tasks/"+plain)
	one.has(t, http.StatusOK, plain)
	if strings.Contains(one.body, "secret wish") {
		t.Errorf("what was said is shown: %s", one.body)
	}
	d.get(t, "/api/v1/tasks/nope").has(t, http.StatusNotFound, "nope")
	d.get(t, "/api/v1/tasks?state=odd").has(t, http.StatusBadRequest, "input-required")
}

func (d *daemon) tasks(t *testing.T, path string) []store.TaskOverview {
	t.Helper()
	got := d.get(t, path)
	got.has(t, http.StatusOK, "")
	var list []store.TaskOverview
	if err := json.Unmarshal([]byte(got.body), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestWithoutAnAppThereAreNoInstallations(t *testing.T) {
	d := newDaemon(t, "")
	d.get(t, "/api/v1/installations").has(t, http.StatusOK, "[]")
	d.get(t, "/api/v1/installations/site-1").has(t, http.StatusNotFound, "site-1")
}
