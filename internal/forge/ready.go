package forge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/store"
)

// Reason is why work may not begin, in a word.
type Reason string

// The reasons, in the order in which they are looked for.
const (
	// Ready says that there is none.
	Ready Reason = ""
	// Uninstalled: the site has no such installation, or not for long.
	Uninstalled Reason = "uninstalled"
	// NotConfigured: no administrator has saved the settings yet.
	NotConfigured Reason = "not-configured"
	// ScopesOutdated: the site granted the app less than its agents need now.
	ScopesOutdated Reason = "scopes-outdated"
	// NotMapped: the user has to confirm who they are, and did not yet.
	NotMapped Reason = "account-not-mapped"
	// NoUserToken: there is no token of the user that still holds.
	NoUserToken Reason = "no-user-token"
)

// Missing is what keeps work from beginning.
type Missing struct {
	Reason Reason
	// Text tells the user what to do, in Markdown, with the link in it.
	Text string
	// Link is the page of the site where it is done; "" if it is not known.
	Link string
	// Scopes are those that are not granted, for ScopesOutdated.
	Scopes []string
}

// Readiness says what keeps the work of a user from beginning: the first thing
// that is missing, Ready if nothing is. When something changes about that, here or
// on another replica, Changed tells.
func (i *Installations) Readiness(ctx context.Context, installation, account string) (Missing, error) {
	in, err := i.store.Installation(ctx, installation)
	if errors.Is(err, store.ErrNotFound) || err == nil && in.Leaving {
		return Missing{Reason: Uninstalled, Text: "The app is not installed in this site any more."}, nil
	}
	if err != nil {
		return Missing{}, err
	}
	settings, configured, err := settingsOf(in)
	if err != nil {
		return Missing{}, err
	}
	if !configured {
		return missing(NotConfigured, adminPage(in), "**An administrator has to set up this app first.** Ask one to save the settings on %s. The work begins by itself then.",
			"the app's configuration page"), nil
	}
	if lacking := i.lacking(in); len(lacking) > 0 {
		m := missing(ScopesOutdated, adminPage(in), "**An administrator has to update this app first**, because its agents need more permissions than it was given ("+
			code(lacking)+"). Ask one to accept the update under *Connected apps*, or on %s. The work begins by itself then.", "the app's configuration page")
		m.Scopes = lacking
		return m, nil
	}
	return i.userReadiness(ctx, in, settings, account)
}

func (i *Installations) userReadiness(ctx context.Context, in store.Installation, settings Settings, account string) (Missing, error) {
	if settings.RequireMapping || i.opts.RequireMapping {
		_, err := i.store.AccountMapping(ctx, in.ID, account)
		if errors.Is(err, store.ErrNotFound) {
			return missing(NotMapped, personalPage(in), "**Please connect your account first**, on %s. The work begins by itself then.", "your personal settings"), nil
		}
		if err != nil {
			return Missing{}, err
		}
	}
	_, _, err := i.UserToken(ctx, in.ID, account)
	if errors.Is(err, ErrNoToken) {
		return missing(NoUserToken, personalPage(in), "**Jira has not passed on your permission to work for you, or it has expired.** "+
			"The work goes on by itself with the next request that Jira makes for you. If it does not, allow the app to act for you on %s, and write to the agent again.", "your personal settings"), nil
	}
	return Missing{}, err
}

// lacking are scopes that agents need and the site did not grant. Without word of
// what it granted for its version, none are known to lack.
func (i *Installations) lacking(in store.Installation) []string {
	if in.Scopes == nil || major(in.Version) != major(in.ScopesVersion) {
		return nil
	}
	var lacking []string
	for _, scope := range i.opts.Scopes() {
		if !slices.Contains(in.Scopes, scope) && !slices.Contains(lacking, scope) {
			lacking = append(lacking, scope)
		}
	}
	slices.Sort(lacking)
	return lacking
}

func missing(reason Reason, link, text, page string) Missing {
	if link != "" {
		page = "[" + page + "](" + link + ")"
	}
	return Missing{Reason: reason, Link: link, Text: fmt.Sprintf(text, page)}
}

func code(list []string) string { return "`" + strings.Join(list, "`, `") + "`" }

// adminPage is where administrators configure the app: its page is the one that
// Jira opens for that, with useAsConfig.
// https://developer.atlassian.com/platform/forge/manifest-reference/modules/jira-admin-page/
func adminPage(in store.Installation) string { return page(in, "/jira/settings/apps/configure/") }

// personalPage is where a user's own settings of the app are.
// https://developer.atlassian.com/platform/forge/manifest-reference/modules/jira-personal-settings-page/
func personalPage(in store.Installation) string { return page(in, "/jira/settings/personal/apps/") }

func page(in store.Installation, path string) string {
	if in.SiteURL == "" || in.App == "" || in.Environment == "" {
		return ""
	}
	return in.SiteURL + path + in.App + "/" + in.Environment
}
