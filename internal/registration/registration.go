// Package registration knows what the webhooks of a Jira have to be for a daemon
// to get what its triggers ask for, and says how those that are registered differ.
package registration

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// DefaultName is the name under which a webhook is registered.
const DefaultName = "aofctl"

// Target is what a site's webhook has to be.
type Target struct {
	// URL is where webhooks have to go; "" if only the end of it is known.
	URL string
	// Paths are where a daemon takes the site's webhooks, such as
	// "/webhook/jira": without a URL a webhook to one of them counts as ours,
	// whatever the host.
	Paths []string
	// Events are those that triggers need, as Jira names them.
	Events []string
}

// Finding is a registered webhook as it looks from here.
type Finding struct {
	jira.Webhook
	// Ours is true if it sends to the daemon.
	Ours bool
	// Problems keep deliveries from coming or from being taken; Notes do not.
	Problems []string
	Notes    []string
}

// Ours reports whether a webhook sends to the daemon.
func (t Target) Ours(w jira.Webhook) bool {
	if t.URL != "" {
		return sameURL(t.URL, w.URL)
	}
	u, err := url.Parse(w.URL)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(t.Paths, func(p string) bool { return strings.HasSuffix(strings.TrimRight(u.Path, "/"), p) })
}

// sameURL compares where two URLs lead; what they ask for does not matter.
func sameURL(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	if errX != nil || errY != nil {
		return a == b
	}
	return x.Scheme == y.Scheme && strings.EqualFold(host(x), host(y)) && strings.TrimRight(x.Path, "/") == strings.TrimRight(y.Path, "/")
}

func host(u *url.URL) string {
	return strings.TrimSuffix(u.Host, map[string]string{"https": ":443", "http": ":80"}[u.Scheme])
}

// Review looks at all webhooks of a site.
func (t Target) Review(list []jira.Webhook) []Finding {
	out := make([]Finding, 0, len(list))
	for _, w := range list {
		f := Finding{Webhook: w, Ours: t.Ours(w)}
		if f.Ours {
			f.Problems, f.Notes = t.problems(w), t.notes(w)
		}
		out = append(out, f)
	}
	for i := range out {
		out[i].Problems = append(out[i].Problems, twins(out, i)...)
	}
	return out
}

func (t Target) problems(w jira.Webhook) []string {
	var list []string
	if !w.Enabled {
		list = append(list, "it is disabled")
	}
	if w.ExcludeBody {
		list = append(list, "it sends no body (exclude body is on)")
	}
	if w.Signed != nil && !*w.Signed {
		list = append(list, "it has no secret, so its deliveries are refused")
	}
	if missing := without(t.Events, w.Events); len(missing) > 0 {
		list = append(list, "it does not send "+strings.Join(missing, ", "))
	}
	return list
}

func (t Target) notes(w jira.Webhook) []string {
	var list []string
	if w.JQL != "" {
		list = append(list, "only for issues with "+w.JQL)
	}
	if more := without(w.Events, t.Events); len(more) > 0 {
		list = append(list, "no trigger asks for "+strings.Join(more, ", "))
	}
	if !w.Expires.IsZero() {
		list = append(list, "it expires on "+w.Expires.UTC().Format("2006-01-02 15:04")+" UTC unless it is refreshed")
	}
	return list
}

// twins names the webhooks before this one that send the same events to the same
// place. One of two deliveries of an event ends as duplicate, but each costs.
func twins(list []Finding, at int) []string {
	var out []string
	w := list[at]
	for _, other := range list[:at] {
		if !w.Ours || !other.Ours || !w.Enabled || !other.Enabled || (w.JQL != other.JQL && w.JQL != "" && other.JQL != "") {
			continue
		}
		if both := common(w.Events, other.Events); len(both) > 0 {
			out = append(out, fmt.Sprintf("webhook %s sends %s, too", other.ID, strings.Join(both, ", ")))
		}
	}
	return out
}

// Differences says what an update would change of a webhook; none if nothing
// that Jira shows.
func Differences(w jira.Webhook, d jira.WebhookDraft) []string {
	var list []string
	if w.Name != d.Name {
		list = append(list, fmt.Sprintf("name: %q becomes %q", w.Name, d.Name))
	}
	if !sameURL(w.URL, d.URL) {
		list = append(list, fmt.Sprintf("url: %s becomes %s", w.URL, d.URL))
	}
	if more := without(d.Events, w.Events); len(more) > 0 {
		list = append(list, "events: adds "+strings.Join(more, ", "))
	}
	if fewer := without(w.Events, d.Events); len(fewer) > 0 {
		list = append(list, "events: leaves out "+strings.Join(fewer, ", "))
	}
	if w.JQL != d.JQL {
		list = append(list, fmt.Sprintf("jql: %q becomes %q", w.JQL, d.JQL))
	}
	if !w.Enabled {
		list = append(list, "enabled: it was not")
	}
	if w.ExcludeBody {
		list = append(list, "body: it was left out")
	}
	if w.Signed != nil && !*w.Signed {
		list = append(list, "secret: it had none")
	}
	return list
}

// Find returns the webhook that a draft is about: the one with its URL, or else
// the one with its name that sends to a path of ours.
func (t Target) Find(list []jira.Webhook, d jira.WebhookDraft) (jira.Webhook, bool) {
	for _, w := range list {
		if sameURL(w.URL, d.URL) {
			return w, true
		}
	}
	for _, w := range list {
		if w.Name == d.Name && (Target{Paths: t.Paths}).Ours(w) {
			return w, true
		}
	}
	return jira.Webhook{}, false
}

// without returns what is in a and not in b.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func common(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}
