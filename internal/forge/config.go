package forge

import (
	"context"
	"net/http"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// configAnswer is what the administrators' page shows.
type configAnswer struct {
	Configured   bool       `json:"configured"`
	ConfiguredBy string     `json:"configuredBy,omitempty"`
	ConfiguredAt *time.Time `json:"configuredAt,omitempty"`
	Settings     Settings   `json:"settings"`
	// Agents are those that may be chosen.
	Agents []string `json:"agents"`
	// MappingRequired says that the daemon demands the mapping of accounts,
	// whatever is set.
	MappingRequired bool `json:"accountMappingRequired"`
	// MissingScopes are those that agents need and the site did not grant.
	MissingScopes []string `json:"missingScopes,omitempty"`
	// Owner is who vouched for the site on our side.
	Owner *personAnswer `json:"owner,omitempty"`
	// State goes into redirects to the daemon. ConnectURL has it already; it is
	// missing where there is nowhere to go.
	State      string `json:"state"`
	ConnectURL string `json:"connectUrl,omitempty"`
}

type personAnswer struct {
	Subject string    `json:"subject"`
	Name    string    `json:"name,omitempty"`
	At      time.Time `json:"at"`
}

func (h *Handler) getConfig(ctx context.Context, c call) (any, error) {
	if err := h.admin(ctx, &c); err != nil {
		return nil, err
	}
	return h.config(c, c.in)
}

func (h *Handler) putConfig(ctx context.Context, c call) (any, error) {
	if err := h.admin(ctx, &c); err != nil {
		return nil, err
	}
	s, wrong := readSettings(c.body)
	if len(wrong) > 0 {
		return nil, problems(wrong)
	}
	in, wrong, err := h.installations.Configure(ctx, c.claims.Installation, c.claims.Account, s)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, problems(wrong)
	}
	return h.config(c, in)
}

// admin lets administrators through. Jira shows their page to them alone; where
// the user's token came along, Jira is asked besides.
func (h *Handler) admin(ctx context.Context, c *call) error {
	if err := h.user(ctx, c); err != nil {
		return err
	}
	if h.opts.Admins == nil || c.tokens.User() == "" {
		return nil
	}
	yes, err := h.opts.Admins.MayAdminister(ctx, c.claims.APIBase, c.tokens.User())
	switch {
	case err != nil:
		return &a2a.Refusal{Status: http.StatusServiceUnavailable, Message: "Jira does not say now whether you may administer the site", RetryAfter: retryAfter, Cause: err}
	case !yes:
		return &a2a.Refusal{Status: http.StatusForbidden, Message: "Only administrators of the site may set this"}
	}
	return nil
}

func (h *Handler) config(c call, in store.Installation) (any, error) {
	settings, configured, err := settingsOf(in)
	if err != nil {
		return nil, err
	}
	settings.normalize()
	state, err := h.signer.Sign(TenantState, c.claims, in.SiteURL)
	if err != nil {
		return nil, err
	}
	a := configAnswer{
		Configured: configured, Settings: settings, Agents: tidyList(h.installations.opts.Agents()),
		MappingRequired: h.installations.opts.RequireMapping, MissingScopes: h.installations.lacking(in),
		State: state, ConnectURL: h.connectURL(state),
	}
	if configured {
		a.ConfiguredBy, a.ConfiguredAt = in.ConfiguredBy, &in.ConfiguredAt
	}
	if in.OwnerSubject != "" {
		a.Owner = &personAnswer{Subject: in.OwnerSubject, Name: in.OwnerName, At: in.OwnerAt}
	}
	return a, nil
}
