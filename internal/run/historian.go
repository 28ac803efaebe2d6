package run

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// historian keeps a readable record of the steps beside the engine's journal.
type historian struct {
	inner    step.Journal
	store    *store.Store
	observer Observer
	run      string
	// posted are the steps of which it is not known yet that they are on record.
	posted []posting
}

type posting struct {
	entry step.Entry
	wait  func() error
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
	h.post(ctx, entry)
	return entry, err
}

func (h *historian) post(ctx context.Context, entry step.Entry) {
	wait, err := h.store.PostStep(ctx, h.run, entry)
	if err != nil {
		wait = func() error { return err }
	}
	h.posted = append(h.posted, posting{entry, wait})
}

// settle makes sure that all steps are on record, as the sums of a run have to
// count them. It gives up only if the process is stopping.
func (h *historian) settle(ctx context.Context) error {
	for _, p := range h.posted {
		err := p.wait()
		if err != nil {
			err = persist(ctx, "record a step", func() error { return h.store.RecordStep(ctx, h.run, p.entry) })
		}
		if errors.Is(err, store.ErrRefused) {
			zerolog.Ctx(ctx).Error().Err(err).Int("step", p.entry.Index).Msg("step is missing in the history")
			continue
		}
		if err != nil {
			return err
		}
	}
	h.posted = nil
	return nil
}
