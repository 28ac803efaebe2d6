package run

import (
	"fmt"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
)

// taskTrigger is the name that runs of tasks have in the place of a trigger's.
const taskTrigger = "a2a"

// TaskOrder is what the run of a task is made of.
type TaskOrder struct {
	// ID is the run's.
	ID   string
	Task TaskRef
	// Event is what the message that began the task says.
	Event *event.Event
	// Target does the work, with the manifest of that revision and the catalogue in
	// force.
	Target   manifest.Target
	Revision string
	Catalog  string
	// Site is the Jira site that the run works on, and Projects those that it may
	// touch unless its target says. Projects is nil for the issue's own.
	Site     string
	Projects []string
	// Seed is secret and random.
	Seed string
}

// ForTask makes the run of a task. Runs of one context stand in line behind each
// other, and behind nothing else: people work in several contexts on one issue.
func ForTask(o TaskOrder) (store.Run, error) {
	work, err := encodeWork(Work{Event: *o.Event, Seed: o.Seed, Site: o.Site, Projects: o.Projects, Task: &o.Task})
	if err != nil {
		return store.Run{}, fmt.Errorf("make run of task %s: %w", o.Task.ID, err)
	}
	ev := o.Event
	return store.Run{
		ID: o.ID, Source: event.SourceA2A, Site: o.Site, Subject: "context:" + o.Task.Context, Project: ev.Project, IssueKey: ev.IssueKey,
		EventType: ev.Type, Actor: actorName(ev.Actor), Trigger: taskTrigger, TargetKind: string(o.Target.Kind), Target: o.Target.Name,
		Revision: o.Revision, Catalog: o.Catalog, Work: work, State: store.StateQueued,
	}, nil
}
