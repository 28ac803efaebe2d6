package run_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

func TestARunForATaskStandsInTheLineOfItsContext(t *testing.T) {
	user := tool.OnBehalf{Installation: "i", Account: "u", CloudID: "c", APIBase: "https://api.atlassian.com/ex/jira/c"}
	r, err := run.ForTask(run.TaskOrder{
		ID: "r1", Task: run.TaskRef{ID: "t1", Context: "c1", OnBehalf: user},
		Event:  &event.Event{Source: event.SourceA2A, Type: "a2a_assigned", IssueKey: "PROJ-1", Project: "PROJ", Vars: map[string]any{}},
		Target: manifest.Target{Kind: manifest.TargetAgent, Name: "triager"}, Revision: "rev", Catalog: "cat", Site: "main", Seed: "seed",
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Subject != "context:c1" || r.Source != event.SourceA2A || r.Site != "main" || r.State != store.StateQueued || r.Target != "triager" || r.Revision != "rev" {
		t.Errorf("the run is %+v", r)
	}
	var work run.Work
	if err := json.Unmarshal(r.Work, &work); err != nil {
		t.Fatal(err)
	}
	if work.Task == nil || work.Task.ID != "t1" || work.Task.OnBehalf != user || work.Projects != nil {
		t.Errorf("its work is %s", r.Work)
	}
}

func TestTheRunOfATaskIsNotRepeated(t *testing.T) {
	err := run.Repeatable(store.Run{ID: "r1", Source: event.SourceA2A, TargetKind: "agent", Work: json.RawMessage(`{}`)})
	if err == nil || !strings.Contains(err.Error(), "send their message again") {
		t.Errorf("the error is %v: whoever repeats it has not the user's rights", err)
	}
}
