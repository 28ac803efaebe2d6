package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
)

// Listening is how a daemon hears of Confluence.
type Listening struct {
	// Path is where it takes webhooks; "" if it takes none.
	Path string
	// Signed is true if it knows a secret that webhooks are signed with.
	Signed bool
	// Events are those that triggers ask for.
	Events []string
}

// webhooks looks whether a Data Center sends what the triggers need, where the account
// may see that: only administrators may. Rules of Cloud's Automation cannot be seen.
func (w Wiki) webhooks(ctx context.Context, api confluence.API) []Result {
	const name = "webhook"
	switch {
	case w.Listening.Path == "" || len(w.Listening.Events) == 0:
		return nil
	case api.Kind() == confluence.Cloud:
		return []Result{skip(name, "the rules of Automation that post to "+w.Listening.Path+" cannot be seen; triggers ask for "+strings.Join(w.Listening.Events, ", "))}
	case !w.Listening.Signed:
		return []Result{fail(name, "triggers ask for events, and no webhook could be verified", "set webhook_secret_env of platforms.confluence")}
	}
	hooks, err := api.Webhooks(ctx)
	var refused *atlassian.Error
	switch {
	case errors.As(err, &refused) && (refused.Status == http.StatusForbidden || refused.Status == http.StatusUnauthorized || refused.Status == http.StatusNotFound):
		return []Result{skip(name, "only administrators of Confluence see webhooks, and the account is none")}
	case err != nil:
		return []Result{fail(name, "webhooks could not be asked for: "+err.Error(), "")}
	}
	return w.Listening.review(hooks)
}

// review says what is wrong with our webhooks. Several may share the events.
func (l Listening) review(hooks []confluence.Webhook) []Result {
	const name = "webhook"
	const cure = "General configuration, Webhooks, in Confluence: docs/confluence.md"
	var list []Result
	var sent []string
	ours := 0
	for _, h := range hooks {
		if u, err := url.Parse(h.URL); err != nil || !strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), l.Path) {
			continue
		}
		ours++
		switch {
		case !h.Active:
			list = append(list, fail(name, "webhook "+h.ID+" to "+h.URL+" is switched off", cure))
		case !h.Signed:
			list = append(list, fail(name, "webhook "+h.ID+" to "+h.URL+" has no secret: its deliveries are refused", cure))
		default:
			sent = append(sent, h.Events...)
			list = append(list, good(name, "webhook "+h.ID+" sends to "+h.URL))
		}
	}
	if ours == 0 {
		return []Result{fail(name, "no webhook of this Confluence sends to "+l.Path, cure)}
	}
	missing := slices.DeleteFunc(slices.Clone(l.Events), func(e string) bool { return slices.Contains(sent, e) })
	if len(missing) > 0 {
		list = append(list, fail(name, "triggers ask for "+strings.Join(missing, ", ")+", and no webhook sends that", cure))
	}
	return list
}
