package doctor

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
)

func TestWebhooksOfConfluenceAreHeldAgainstWhatTriggersAskFor(t *testing.T) {
	listening := Listening{Path: "/webhook/confluence", Signed: true, Events: []string{"comment_created", "page_updated"}}
	hook := func(change func(*confluence.Webhook)) confluence.Webhook {
		h := confluence.Webhook{ID: "1", URL: "https://h/aof/webhook/confluence/", Events: []string{"page_updated", "comment_created"}, Active: true, Signed: true}
		change(&h)
		return h
	}
	for name, c := range map[string]struct {
		hooks []confluence.Webhook
		want  []string
	}{
		"as it should be": {[]confluence.Webhook{hook(func(*confluence.Webhook) {})}, []string{"ok webhook 1 sends to"}},
		"none":            {nil, []string{"failed no webhook of this Confluence"}},
		"another's":       {[]confluence.Webhook{hook(func(h *confluence.Webhook) { h.URL = "https://h/webhook/jira" })}, []string{"failed no webhook of this Confluence"}},
		"switched off":    {[]confluence.Webhook{hook(func(h *confluence.Webhook) { h.Active = false })}, []string{"failed webhook 1 to", "failed triggers ask for comment_created, page_updated"}},
		"without secret":  {[]confluence.Webhook{hook(func(h *confluence.Webhook) { h.Signed = false })}, []string{"has no secret", "failed triggers ask for"}},
		"too few events": {[]confluence.Webhook{hook(func(h *confluence.Webhook) { h.Events = h.Events[:1] })},
			[]string{"ok webhook 1", "failed triggers ask for comment_created, and no webhook sends that"}},
		"two that share": {[]confluence.Webhook{hook(func(h *confluence.Webhook) { h.Events = h.Events[:1] }), hook(func(h *confluence.Webhook) { h.Events = h.Events[1:] })},
			[]string{"ok webhook 1", "ok webhook 1"}},
	} {
		got := listening.review(c.hooks)
		if len(got) != len(c.want) {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		for i, r := range got {
			if line := string(r.State) + " " + r.Detail; !strings.Contains(line, c.want[i]) {
				t.Errorf("%s: %q, want %q", name, line, c.want[i])
			}
		}
	}
}
