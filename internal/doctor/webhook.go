package doctor

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// webhooks looks whether Jira sends what the triggers need, where the account may
// see that: only administrators may.
func (s Site) webhooks(ctx context.Context, _ jira.Contact) []Result {
	const name = "webhook"
	hooks, err := s.Client.Webhooks(ctx)
	var refused *atlassian.Error
	switch {
	case errors.Is(err, jira.ErrNoAdminWebhooks):
		return s.appWebhooks(ctx)
	case errors.As(err, &refused) && (refused.Status == http.StatusForbidden || refused.Status == http.StatusUnauthorized || refused.Status == http.StatusNotFound):
		return []Result{skip(name, "only administrators of Jira see webhooks, and the account is none")}
	case err != nil:
		return []Result{fail(name, "webhooks could not be asked for: "+err.Error(), "")}
	}
	return s.review(hooks)
}

// review says what is wrong with our webhooks.
func (s Site) review(hooks []jira.Webhook) []Result {
	const name = "webhook"
	create := "aofctl jira webhook create --url https://…"
	if s.Webhook.URL != "" {
		create = "aofctl jira webhook create --url " + s.Webhook.URL
	}
	var list []Result
	ours := 0
	for _, f := range s.Webhook.Review(hooks) {
		if !f.Ours {
			continue
		}
		ours++
		if len(f.Problems) > 0 {
			list = append(list, fail(name, "webhook "+f.ID+" to "+f.URL+": "+strings.Join(f.Problems, "; "), create))
			continue
		}
		detail := strings.Join(append([]string{"webhook " + f.ID + " sends all that triggers ask for to " + f.URL}, f.Notes...), "; ")
		if f.Signed == nil {
			detail += "; Jira does not tell whether it has a secret"
		}
		list = append(list, good(name, detail))
	}
	if ours > 0 || len(s.Webhook.Events) == 0 {
		return list
	}
	return []Result{fail(name, "no webhook of this Jira sends to "+s.where(), create)}
}

func (s Site) where() string {
	if s.Webhook.URL != "" {
		return s.Webhook.URL
	}
	return strings.Join(s.Webhook.Paths, " or ")
}

// appWebhooks looks at what can be seen through api.atlassian.com.
func (s Site) appWebhooks(ctx context.Context) []Result {
	const name = "webhook"
	hooks, err := s.Client.AppWebhooks(ctx)
	if err != nil || len(hooks) == 0 {
		return []Result{skip(name, "webhooks cannot be seen through api.atlassian.com")}
	}
	var list []Result
	for _, f := range s.Webhook.Review(hooks) {
		if f.Ours {
			list = append(list, warn(name, "webhook "+f.ID+" of the app: "+strings.Join(append(f.Problems, f.Notes...), "; "),
				"register a signed one as an administrator: aofctl jira webhook create with an API token and base_url"))
		}
	}
	return list
}
