package forge

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

// installed takes the event that Forge sends once the app is installed. Forge
// waits for 5 s, and sends it up to four times.
// https://developer.atlassian.com/platform/forge/remote/essentials/
func (h *Handler) installed(ctx context.Context, c call) (any, error) {
	in, err := h.installations.Installed(ctx, c.claims, event(ctx, c))
	return nil, h.lived(ctx, "installed", in, err, c)
}

// upgraded takes the event of a new major version: of others nobody is told.
func (h *Handler) upgraded(ctx context.Context, c call) (any, error) {
	in, err := h.installations.Upgraded(ctx, c.claims, event(ctx, c))
	return nil, h.lived(ctx, "upgraded", in, err, c)
}

// lived keeps the app's own token of an event, which comes with no user's. One
// that comes late, for an installation that was deleted since, is done with.
func (h *Handler) lived(ctx context.Context, what string, in store.Installation, err error, c call) error {
	if errors.Is(err, store.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	zerolog.Ctx(ctx).Info().Str("installation", in.ID).Str("site", in.SiteURL).Str("cloud", in.Cloud).Str("version", in.Version).
		Str("environment", in.EnvironmentType).Msg("the Forge app was " + what)
	if c.tokens.System() == "" {
		return nil
	}
	return h.installations.KeepSystem(ctx, in.ID, c.tokens.System())
}

// uninstalled deletes all of an installation before Forge goes on to remove it,
// for which it waits 55 s. The body is not looked at: its form is documented
// nowhere, and the token says all.
// https://developer.atlassian.com/platform/forge/manifest-reference/modules/preuninstall/
func (h *Handler) uninstalled(ctx context.Context, c call) (any, error) {
	in, err := h.installations.Get(ctx, c.claims.Installation)
	if err == nil {
		if err := belongs(in, c.claims); err != nil {
			return nil, err
		}
	}
	// Who hangs up does not stop it.
	if err := h.installations.Uninstall(context.WithoutCancel(ctx), c.claims.Installation); err != nil {
		return nil, err
	}
	zerolog.Ctx(ctx).Info().Str("installation", c.claims.Installation).Msg("the Forge app is being uninstalled; all of the site was deleted")
	return nil, nil
}

// event reads the body. One that is about another installation than the token is
// not believed.
func event(ctx context.Context, c call) LifecycleEvent {
	e, ok := ReadEvent(c.body)
	if !ok {
		zerolog.Ctx(ctx).Warn().Str("installation", c.claims.Installation).Msg("the body of a life-cycle event is no JSON object; the token alone counts")
		return LifecycleEvent{}
	}
	if e.Installation != "" && e.Installation != c.claims.Installation || e.Cloud != "" && e.Cloud != c.claims.CloudID {
		zerolog.Ctx(ctx).Warn().Str("installation", c.claims.Installation).Msg("the body of a life-cycle event is about another installation than its token; the token alone counts")
		return LifecycleEvent{}
	}
	return e
}
