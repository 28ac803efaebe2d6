package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// Worker does the runs that the engine hands it.
type Worker struct {
	store     *store.Store
	executors map[string]Executor
	enricher  Enricher
	observer  Observer
	log       zerolog.Logger
	attend    Attend
	// silent keeps out of the log why runs failed.
	silent bool
}

// Attend puts around the work on a task what it owes to others beside its target's
// work, such as telling somebody what is done for them.
type Attend func(ctx context.Context, task Task, journal step.Journal) (context.Context, step.Journal)

// WithAttend returns a Worker whose work on each task is attended to.
func (w *Worker) WithAttend(attend Attend) *Worker {
	attended := *w
	attended.attend = attend
	return &attended
}

// WithoutTexts returns a Worker that does not log why a run failed: what an agent wrote
// or read may stand in the reason, and nothing of that is to stay anywhere.
func (w *Worker) WithoutTexts() *Worker {
	silent := *w
	silent.silent = true
	return &silent
}

// Observer is told how runs end, for metrics.
type Observer interface {
	RunEnded(targetKind, target string, state store.State, took time.Duration)
	StepEnded(e step.Entry)
}

// NewWorker makes a Worker. The executors are by kind of target.
func NewWorker(s *store.Store, executors map[string]Executor, enricher Enricher, observer Observer, log zerolog.Logger) *Worker {
	return &Worker{store: s, executors: executors, enricher: enricher, observer: observer, log: log}
}

// Work does one run, or continues it; it is what the engine calls.
func (w *Worker) Work(ctx context.Context, id string, journal step.Journal) store.Outcome {
	log := w.log.With().Str("run", id).Logger()
	ctx = log.WithContext(ctx)
	var r store.Run
	err := durable.Persist(ctx, "read the run", func() (err error) {
		r, err = w.store.Run(ctx, id)
		return err
	})
	if err != nil {
		return failed(err)
	}
	return w.outcome(ctx, r, journal)
}

func failed(err error) store.Outcome {
	return store.Outcome{State: store.StateFailed, Error: err.Error()}
}

// outcome does the run and turns whatever goes wrong, a panic included, into the
// way it ended: a run that does not end would hold up its subject for ever.
func (w *Worker) outcome(ctx context.Context, r store.Run, journal step.Journal) store.Outcome {
	var outcome store.Outcome
	err := guarded(ctx, func() (err error) {
		outcome, err = w.execute(ctx, r, journal)
		return err
	})
	if err != nil {
		outcome.State, outcome.Error = store.StateFailed, err.Error()
	}
	return outcome
}

// Ended tells of a run that has ended.
func (w *Worker) Ended(ctx context.Context, id string) {
	r, err := w.store.Run(ctx, id)
	if err != nil {
		w.log.Warn().Err(err).Str("run", id).Msg("run ended, but cannot be read")
		return
	}
	took := r.Finished.Sub(r.Started)
	line := w.log.Info()
	if r.State != store.StateSucceeded {
		line = w.log.Warn()
		if !w.silent {
			line = line.Str("error", r.Error)
		}
	}
	line.Str("run", id).Str("target", r.TargetKind+"/"+r.Target).Str("issue", r.IssueKey).Str("state", string(r.State)).
		Dur("took", took).Msg("run ended")
	w.observer.RunEnded(r.TargetKind, r.Target, r.State, took)
}

func (w *Worker) execute(ctx context.Context, r store.Run, journal step.Journal) (store.Outcome, error) {
	log := zerolog.Ctx(ctx)
	task, err := w.task(ctx, r)
	if err != nil {
		return store.Outcome{}, err
	}
	if t := task.Work.Task; t != nil {
		if ctx, err = tool.ActFor(ctx, t.OnBehalf); err != nil {
			return store.Outcome{}, err
		}
	}
	exec, ok := w.executors[r.TargetKind]
	if !ok {
		return store.Outcome{}, fmt.Errorf("no executor for targets of kind %s", r.TargetKind)
	}
	log.Info().Str("target", r.TargetKind+"/"+r.Target).Str("issue", r.IssueKey).Str("event", r.EventType).
		Str("trigger", r.Trigger).Int("attempt", r.Attempt).Msg("run at work")
	if w.attend != nil {
		ctx, journal = w.attend(ctx, task, journal)
	}
	if err := w.enrich(ctx, &task, exec, journal); err != nil {
		return store.Outcome{}, err
	}
	result, err := exec.Execute(ctx, task, journal)
	if err == nil {
		return store.Outcome{State: store.StateSucceeded, Result: result.Text}, nil
	}
	// An operator sees it where the run was asked for.
	if ctx.Err() == nil && task.Work.Command != nil && r.Trigger != operatorTrigger && r.Trigger != dryRunTrigger {
		failed := guarded(ctx, func() error { return exec.Explain(ctx, task, journal, err.Error()) })
		if failed != nil && ctx.Err() == nil {
			log.Warn().Err(failed).Msg("could not tell the person that the command failed")
		}
	}
	return store.Outcome{Result: result.Text}, err
}

// task gathers what the run was admitted with.
func (w *Worker) task(ctx context.Context, r store.Run) (Task, error) {
	work, err := decodeWork(r)
	if err != nil {
		return Task{}, err
	}
	var rev store.Revision
	err = durable.Persist(ctx, "read the manifest", func() (err error) {
		rev, err = w.store.RevisionText(ctx, r.Revision)
		return err
	})
	if err != nil {
		return Task{}, fmt.Errorf("read manifest of %s/%s: %w", r.TargetKind, r.Target, err)
	}
	return Task{Run: r, Work: work, Manifest: rev.Text, Source: rev.Source}, nil
}

// enrich asks, as a step of its own, for what the target reads and the event
// does not tell. What cannot be found out stays absent and renders empty.
func (w *Worker) enrich(ctx context.Context, task *Task, exec Executor, journal step.Journal) error {
	names, err := exec.Needs(*task)
	if err != nil {
		return err
	}
	missing := w.enricher.Askable(&task.Work.Event, absent(&task.Work, append(names, identity(&task.Work.Event)...)))
	// What can be asked for changes with the program and its configuration; whether
	// it was asked for is on record.
	kind, recorded := journal.Next()
	if (recorded && kind != step.KindEnrich) || (!recorded && len(missing) == 0) {
		return nil
	}
	entry, err := journal.Do(ctx, step.KindEnrich, "enrich", func(ctx context.Context, _ string) (step.Entry, error) {
		vars, err := w.enricher.Enrich(ctx, &task.Work.Event, missing)
		if temporary(err) || unauthorized(err) {
			return step.Entry{}, fmt.Errorf("ask for what the event lacks: %w", err)
		}
		return describeEnrichment(task.Run.IssueKey, missing, vars, err)
	})
	if err != nil {
		return err
	}
	var vars map[string]any
	dec := json.NewDecoder(bytes.NewReader(entry.Output))
	dec.UseNumber()
	if err := dec.Decode(&vars); err != nil {
		return fmt.Errorf("decode enrichment: %w", err)
	}
	restore(vars)
	maps.Copy(task.Work.Event.Vars, vars)
	return w.identify(ctx, task)
}

// identify puts on the run of which issue it turned out to be, for those who look
// for it: Data Center's comment events tell the issue's id alone.
func (w *Worker) identify(ctx context.Context, task *Task) error {
	key := task.Work.Event.String("issue_key")
	if task.Run.IssueKey != "" || key == "" {
		return nil
	}
	return durable.Persist(ctx, "record the run's issue", func() error {
		return w.store.Identify(ctx, task.Run.ID, key, task.Work.Event.String("project_key"))
	})
}

// unauthorized reports whether the user for whom the work is done has to allow it
// first: see atlassian.AuthRequired.
func unauthorized(err error) bool {
	var lack interface{ AuthRequired() string }
	return errors.As(err, &lack)
}

func describeEnrichment(target string, missing []string, vars map[string]any, refused error) (step.Entry, error) {
	if vars == nil {
		vars = map[string]any{}
	}
	input, err := json.Marshal(missing)
	if err != nil {
		return step.Entry{}, fmt.Errorf("encode names: %w", err)
	}
	output, err := json.Marshal(vars)
	if err != nil {
		return step.Entry{}, fmt.Errorf("encode variables: %w", err)
	}
	entry := step.Entry{Target: target, Input: input, Output: output}
	if refused != nil {
		entry.Error = refused.Error()
	}
	return entry, nil
}

// identity names what must be known of an issue, or of a page, before anything can be
// written to it: Data Center's comment events tell its id alone.
func identity(ev *event.Event) []string {
	var names []string
	if ev.Source == event.SourceConfluence {
		names = append(names, "space_key")
		if !strings.HasPrefix(ev.Type, "page_") { // a comment, say, may be on a blog post
			names = append(names, "page_type")
		}
	}
	if ev.IssueID != "" && ev.IssueKey == "" {
		names = append(names, "issue_key")
	}
	if ev.IssueID != "" && ev.Project == "" {
		names = append(names, "project_key")
	}
	return names
}

func absent(w *Work, names []string) []string {
	var missing []string
	for _, name := range names {
		if !w.Event.Has(name) && !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	return missing
}
