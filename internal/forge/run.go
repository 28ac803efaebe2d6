package forge

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

const (
	// sweepEvery is how often expired tokens are deleted, and what was left
	// undone is done.
	sweepEvery = time.Minute
	// lookAfter is how long news are gathered before changes are looked for: the
	// store tells of all that it writes.
	lookAfter = 200 * time.Millisecond
	// purgeWithin leaves some of the 55 s that Forge gives an uninstallation.
	// https://developer.atlassian.com/platform/forge/manifest-reference/modules/preuninstall/
	purgeWithin = 50 * time.Second
)

// Changed returns a channel that is closed when something changed that work may
// have waited for, here or on another replica: take it before asking Readiness.
// It needs Run.
func (i *Installations) Changed() <-chan struct{} { return i.changed.wait() }

// Uninstall deletes all of an installation: what others keep by Purge, then what
// is kept here. From its beginning on nothing new is kept. It may be done again,
// also after a crash half-way; Run does so by itself.
func (i *Installations) Uninstall(ctx context.Context, installation string) error {
	ctx, cancel := context.WithTimeout(ctx, purgeWithin)
	defer cancel()
	if err := i.store.RetireInstallation(ctx, installation); err != nil {
		return err
	}
	return i.finish(ctx, installation)
}

func (i *Installations) finish(ctx context.Context, installation string) error {
	if err := i.opts.Purge(ctx, installation); err != nil {
		return fmt.Errorf("purge installation %s: %w", installation, err)
	}
	return i.store.RemoveInstallation(ctx, installation)
}

// Run deletes what has expired, ends deletions that were interrupted, asks sites
// for their addresses, and tells of changes, until ctx is done.
func (i *Installations) Run(ctx context.Context) {
	last, err := i.store.LastInstallationChange(ctx)
	if err != nil && ctx.Err() == nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("changes of installations are looked for from the first one on")
	}
	i.changed.wake() // of what changed until now nobody was told
	i.tidy(ctx)
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		news := i.store.Changed()
		last = i.look(ctx, last)
		select {
		case <-ctx.Done():
			return
		case <-i.kick:
			i.learnSites(ctx)
		case <-ticker.C:
			i.tidy(ctx)
		case <-news:
			pause(ctx, lookAfter)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// look wakes those who wait if an installation changed since the change with the
// number, and returns the number of the last one.
func (i *Installations) look(ctx context.Context, after int64) int64 {
	ids, last, err := i.store.ChangedInstallations(ctx, after)
	if err != nil {
		if ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("changes of installations cannot be read; trying again")
		}
		return after
	}
	if len(ids) > 0 {
		i.changed.wake()
	}
	return last
}

func (i *Installations) tidy(ctx context.Context) {
	log := zerolog.Ctx(ctx)
	if _, err := i.store.SweepInstallations(ctx); err != nil && ctx.Err() == nil {
		log.Warn().Err(err).Msg("expired tokens are not deleted; trying again")
	}
	list, err := i.store.Installations(ctx)
	if err != nil && ctx.Err() == nil {
		log.Warn().Err(err).Msg("installations cannot be read; trying again")
	}
	for _, in := range list {
		if in.Leaving {
			i.resume(ctx, in)
		}
	}
	i.learnSites(ctx)
}

func (i *Installations) resume(ctx context.Context, in store.Installation) {
	log := zerolog.Ctx(ctx)
	if err := i.finish(ctx, in.ID); err != nil {
		log.Error().Err(err).Str("installation", in.ID).Msg("an uninstalled site is not deleted yet; trying again")
		return
	}
	log.Info().Str("installation", in.ID).Msg("the deletion of an uninstalled site was ended")
}
