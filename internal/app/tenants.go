package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/keeper"
	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/forge"
	"github.com/aofctl/aofctl/internal/forge/fit"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// tenants are the sites that the Forge app is installed into.
type tenants struct {
	app           *App
	verifier      *fit.Verifier
	installations *forge.Installations
	handler       *forge.Handler
}

// buildForge makes what knows the app's installations.
func (a *App) buildForge(_ context.Context, offered *offers) (*tenants, error) {
	f := a.opts.Daemon.Forge
	verifier, err := fit.New(fit.Config{AppID: f.AppID, KeysURL: f.JWKSURL, Environments: f.Environments, Gateways: []string{f.Gateway}, Now: a.opts.Now, Observer: observer{a.metrics}})
	if err != nil {
		return nil, fmt.Errorf("platforms.forge: %w", err)
	}
	keys, err := atlassian.ParseKeys(a.secrets.value(f.EncryptionKey))
	if err != nil {
		return nil, fmt.Errorf("platforms.forge: %s: %w", secretName(f.EncryptionKey), err)
	}
	signer, err := forge.NewSigner(a.secrets.value(f.SigningSecret), a.opts.Now)
	if err != nil {
		return nil, fmt.Errorf("platforms.forge: %s: %w", secretName(f.SigningSecret), err)
	}
	if err := a.secrets.err(); err != nil {
		return nil, err
	}
	t := &tenants{app: a, verifier: verifier}
	outside := &http.Client{Timeout: 10 * time.Second}
	t.installations = forge.New(a.store, forge.Options{Keys: keys, RequireMapping: f.RequireAccountMapping, Agents: offered.names,
		Scopes: func() []string { return offered.current().scopes }, Purge: t.purge, HTTP: outside, Now: a.opts.Now})
	handling := forge.HandlerOptions{PublicURL: a.opts.Daemon.A2A.PublicURL, Admins: forge.JiraAdmins{HTTP: outside}}
	if f.UserHeader != "" {
		handling.People = forge.ProxyPeople{Subject: f.UserHeader, Name: f.UserNameHeader}
	}
	t.handler = forge.NewHandler(verifier, t.installations, signer, handling)
	a.sites.personas.trust(t.installations, forge.ErrNoToken)
	return t, nil
}

// reconsider lets tasks begin whenever something has changed that they may wait
// for: settings, an account that was connected, a token that came.
func (t *tenants) reconsider(ctx context.Context, k *keeper.Keeper) {
	for {
		changed := t.installations.Changed()
		if err := k.Reconsider(ctx, "", ""); err != nil && ctx.Err() == nil {
			zerolog.Ctx(ctx).Warn().Err(err).Msg("could not look which tasks may begin; it is tried again")
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// purge deletes what is kept of an installation beside itself.
func (t *tenants) purge(ctx context.Context, installation string) error {
	if err := t.app.store.PurgeTenant(ctx, installation); err != nil {
		return err
	}
	return t.app.forgetUsers(ctx, installation)
}

// installations is what an operator sees of the installations; nothing where there is no app.
func (g *agents) installations(ctx context.Context) ([]admin.Installation, error) {
	if g == nil || g.tenants == nil {
		return nil, nil
	}
	list, err := g.tenants.installations.List(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]admin.Installation, 0, len(list))
	for _, in := range list {
		out = append(out, overviewOf(in))
	}
	return out, nil
}

func overviewOf(in store.Installation) admin.Installation {
	out := admin.Installation{ID: in.ID, Site: in.SiteURL, Cloud: in.Cloud, Environment: in.EnvironmentType, Version: in.Version, State: "configured", Scopes: in.Scopes,
		InstalledBy: in.InstalledBy, ConfiguredBy: in.ConfiguredBy, Created: in.CreatedAt, Updated: in.UpdatedAt}
	switch {
	case in.Leaving:
		out.State = "leaving"
	case in.Settings == nil:
		out.State = string(forge.NotConfigured)
	default:
		out.Settings = in.Settings
	}
	return out
}

// hold says what keeps a user's work from beginning.
func (t *tenants) hold(ctx context.Context, call a2a.Call) (*a2a.Status, error) {
	missing, err := t.installations.Readiness(ctx, call.Caller.Installation, call.Caller.Account)
	switch {
	case err != nil:
		return nil, err
	case missing.Reason == forge.Ready:
		return t.admit(ctx, call)
	case missing.Reason == forge.Uninstalled:
		return nil, refusalOf(store.ErrNotFound)
	}
	return agentSays(a2a.AuthRequired, missing.Text), nil
}

// admit rejects work of agents that the site's administrators do not admit.
func (t *tenants) admit(ctx context.Context, call a2a.Call) (*a2a.Status, error) {
	who, err := t.assignment(ctx, call)
	if err != nil {
		return nil, err
	}
	_, settings, err := t.settings(ctx, call.Caller.Installation)
	if err != nil {
		return nil, err
	}
	offer, found := t.app.agents.offers.find(who.agent)
	if found && !settings.AllowsAgent(offer.Target.Name) {
		return agentSays(a2a.Rejected, "The administrators of this site do not let "+offer.Target.Name+" work here. They choose the agents on the app's settings page."), nil
	}
	return nil, nil
}

// assignment says for whom a task of a user is worked on.
func (t *tenants) assignment(ctx context.Context, call a2a.Call) (assignment, error) {
	one, settings, err := t.settings(ctx, call.Caller.Installation)
	if err != nil {
		return assignment{}, err
	}
	out := assignment{agent: call.Agent, user: tool.OnBehalf{Installation: one.ID, Account: call.Caller.Account, CloudID: one.Cloud, APIBase: one.APIBase, SiteURL: one.SiteURL}}
	if out.agent == "" {
		out.agent = settings.DefaultAgent
	}
	out.site, out.within = t.app.sites.placeOf(out.user, settings.Projects)
	return out, nil
}

func (t *tenants) settings(ctx context.Context, installation string) (store.Installation, forge.Settings, error) {
	one, err := t.installations.Get(ctx, installation)
	if err != nil {
		return one, forge.Settings{}, refusalOf(err)
	}
	settings, _, err := t.installations.Settings(ctx, installation)
	return one, settings, refusalOf(err)
}

// agentSays is a status with words of the agent's.
func agentSays(state a2a.State, text string) *a2a.Status {
	return &a2a.Status{State: state, Message: &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(text)}}}
}
