// Package run is a run's life: it turns stored deliveries into events, asks the
// router where they go, admits runs in order, starts each when its turn has
// come, and records how it ends. What a target does is not its business: see
// the Executor that it is given.
package run

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// Command is what a person asked for in a comment.
type Command struct {
	// Name is the command without its slash.
	Name string `json:"name"`
	// Args is the rest of its line, ArgsList its words, Body the lines below it.
	Args     string   `json:"args,omitempty"`
	ArgsList []string `json:"args_list,omitempty"`
	Body     string   `json:"body,omitempty"`
	// Params are the key=value words of Args.
	Params map[string]string `json:"params,omitempty"`
}

// Work is what a run has to do, kept with it.
type Work struct {
	Event   event.Event `json:"event"`
	Command *Command    `json:"command,omitempty"`
	// Params are what the operator set in the trigger.
	Params map[string]any `json:"params,omitempty"`
	// Response is to be posted before the target starts; "" for nothing.
	Response string `json:"response,omitempty"`
	// Seed is random and stays with the run: what has to be unguessable, and the
	// same again after a crash, is derived from it.
	Seed string `json:"seed"`
	// Site is the Jira site that the run of another platform's event works on, and
	// Projects are those of its issues' projects that it may touch unless its target
	// says; both are empty for an event of Jira's.
	Site     string   `json:"site,omitempty"`
	Projects []string `json:"projects,omitempty"`
	// Depth is how many answers of automations to each other led to the run.
	Depth int `json:"depth,omitempty"`
	// DryRun changes nothing outside: what would be written is recorded only.
	DryRun bool `json:"dry_run,omitempty"`
	// Task is the task of A2A that the run works on; nil if nobody waits for one.
	Task *TaskRef `json:"task,omitempty"`
}

// TaskRef names a task of A2A, and whose it is.
type TaskRef struct {
	ID      string `json:"id"`
	Context string `json:"context"`
	// OnBehalf is the user of Jira who asked for it; the zero value for callers that
	// have no account there, whose runs act as the daemon.
	OnBehalf tool.OnBehalf `json:"on_behalf,omitzero"`
	// Within are the projects, as keys or globs, beyond which nothing is reached for
	// the user; nil for no such bound.
	Within []string `json:"within,omitzero"`
	// Chat is true if the task began with a message in a chat, and not with a work
	// item.
	Chat bool `json:"chat,omitempty"`
}

// Task is a run that is at work.
type Task struct {
	Run  store.Run
	Work Work
	// Manifest is the text of the target's manifest as it was when the run was
	// admitted, and Source where that stood.
	Manifest string
	Source   string
}

// Result is what a target made of a task. A task that could not be done at all
// is an error instead.
type Result struct {
	// Text is the final text.
	Text string
}

// Executor does tasks: one for each kind of target.
type Executor interface {
	// Needs names the context variables that the task reads, so that what the
	// event lacks can be asked for.
	Needs(task Task) ([]string, error)
	// Execute does the task, each piece of it as a step of the journal. It may
	// be called again for the same task after a crash.
	Execute(ctx context.Context, task Task, journal step.Journal) (Result, error)
	// Explain tells the person whose command failed, in a short comment.
	Explain(ctx context.Context, task Task, journal step.Journal, cause string) error
}

// Enricher asks the platform for context variables that an event lacks.
type Enricher interface {
	// Askable returns those of the named variables that the platform could tell
	// of this event. It asks nobody.
	Askable(ev *event.Event, names []string) []string
	// Enrich returns the variables, among those named, that it could find out.
	Enrich(ctx context.Context, ev *event.Event, names []string) (map[string]any, error)
}

func encodeWork(w Work) (json.RawMessage, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return nil, &durable.HopelessError{Cause: fmt.Errorf("encode work: %w", err)}
	}
	return body, nil
}

func decodeWork(r store.Run) (Work, error) {
	var w Work
	dec := json.NewDecoder(bytes.NewReader(r.Work))
	dec.UseNumber()
	if err := dec.Decode(&w); err != nil {
		return Work{}, fmt.Errorf("decode work of run %s: %w", r.ID, err)
	}
	if w.Event.Vars == nil {
		w.Event.Vars = map[string]any{}
	}
	restore(w.Event.Vars)
	restore(w.Params)
	return w, nil
}

// restore gives numbers back the types that they had before they were written
// as JSON, so that templates print 42 and not 42.0.
func restore(vars map[string]any) {
	for name, value := range vars {
		vars[name] = native(value)
	}
}

func native(value any) any {
	switch v := value.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // it was a float64 before
		return f
	case []any:
		for i := range v {
			v[i] = native(v[i])
		}
	case map[string]any:
		restore(v)
	}
	return value
}
