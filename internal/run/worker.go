package run

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// Worker does the runs that the engine hands it.
type Worker struct {
	store     *store.Store
	executors map[string]Executor
	enricher  Enricher
	observer  Observer
	log       zerolog.Logger
	// ended is called with the id of each run that is over.
	ended func(id string)
}

// Observer is told how runs end, for metrics.
type Observer interface {
	RunEnded(targetKind, target string, state store.State, took time.Duration)
	StepEnded(e step.Entry)
}

// NewWorker makes a Worker. The executors are by kind of target.
func NewWorker(s *store.Store, executors map[string]Executor, enricher Enricher, observer Observer, log zerolog.Logger) *Worker {
	return &Worker{store: s, executors: executors, enricher: enricher, observer: observer, log: log, ended: func(string) {}}
}

// Work does one run; it is what the engine calls. It returns an error only if
// the process is stopping.
func (w *Worker) Work(ctx context.Context, id string, journal step.Journal) error {
	log := w.log.With().Str("run", id).Logger()
	ctx = log.WithContext(ctx)
	var r store.Run
	err := persist(ctx, func() (err error) {
		r, err = w.store.Run(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	if r.State.Terminal() {
		w.ended(id)
		return nil
	}
	outcome, err := w.execute(ctx, r, &historian{inner: journal, store: w.store, observer: w.observer, run: id})
	if stopping := ctx.Err(); stopping != nil {
		return stopping
	}
	if err != nil {
		outcome = store.Outcome{State: store.StateFailed, Error: err.Error(), Result: outcome.Result}
	}
	if err := persist(ctx, func() error { return w.store.Finish(ctx, id, outcome) }); err != nil {
		return err
	}
	w.tell(log, r, outcome)
	w.ended(id)
	return nil
}

func (w *Worker) execute(ctx context.Context, r store.Run, journal *historian) (store.Outcome, error) {
	log := zerolog.Ctx(ctx)
	task, err := w.task(ctx, r)
	if err != nil {
		return store.Outcome{}, err
	}
	exec, ok := w.executors[r.TargetKind]
	if !ok {
		return store.Outcome{}, fmt.Errorf("no executor for targets of kind %s", r.TargetKind)
	}
	log.Info().Str("target", r.TargetKind+"/"+r.Target).Str("issue", r.IssueKey).Str("event", r.EventType).
		Str("trigger", r.Trigger).Int("attempt", r.Attempt).Msg("run started")
	if err := w.enrich(ctx, &task, exec, journal); err != nil {
		return store.Outcome{}, err
	}
	result, err := exec.Execute(ctx, task, journal)
	if err == nil {
		return store.Outcome{State: store.StateSucceeded, Result: result.Text}, nil
	}
	if ctx.Err() == nil && task.Work.Command != nil {
		if failed := exec.Explain(ctx, task, journal, err.Error()); failed != nil && ctx.Err() == nil {
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
	rev, err := w.store.RevisionText(ctx, r.Revision)
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
	missing := w.enricher.Askable(&task.Work.Event, absent(&task.Work, names))
	if len(missing) == 0 {
		return nil
	}
	entry, err := journal.Do(ctx, step.KindEnrich, "enrich", func(ctx context.Context, _ string) (step.Entry, error) {
		vars, err := w.enricher.Enrich(ctx, &task.Work.Event, missing)
		if temporary(err) {
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
	return nil
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

func absent(w *Work, names []string) []string {
	var missing []string
	for _, name := range names {
		if !w.Event.Has(name) {
			missing = append(missing, name)
		}
	}
	return missing
}

func (w *Worker) tell(log zerolog.Logger, r store.Run, o store.Outcome) {
	took := time.Since(r.Started).Round(time.Millisecond)
	line := log.Info()
	if o.State != store.StateSucceeded {
		line = log.Warn().Str("error", o.Error)
	}
	line.Str("target", r.TargetKind+"/"+r.Target).Str("issue", r.IssueKey).Str("state", string(o.State)).
		Dur("took", took).Msg("run ended")
	w.observer.RunEnded(r.TargetKind, r.Target, o.State, took)
}

// historian keeps a readable record of the steps beside the engine's journal.
type historian struct {
	inner    step.Journal
	store    *store.Store
	observer Observer
	run      string
}

// Do implements step.Journal.
func (h *historian) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	fresh := false
	entry, err := h.inner.Do(ctx, kind, name, func(ctx context.Context, id string) (step.Entry, error) {
		fresh = true
		return fn(ctx, id)
	})
	var failure *step.Failure
	if err != nil && !errors.As(err, &failure) {
		return entry, err // interrupted: nothing happened that is on record
	}
	if fresh {
		h.observer.StepEnded(entry)
	}
	if failed := h.store.RecordStep(ctx, h.run, entry); failed != nil {
		zerolog.Ctx(ctx).Error().Err(failed).Int("step", entry.Index).Msg("step is missing in the history")
	}
	return entry, err
}

// persist repeats a change to our own store until it goes through or the
// process stops: giving up would leave the run neither at work nor over.
func persist(ctx context.Context, change func() error) error {
	const longest = 5 * time.Second
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := change()
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return err
		}
		zerolog.Ctx(ctx).Error().Err(err).Dur("again_in", pause).Msg("store refused a change")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
