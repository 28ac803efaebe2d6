package confluence_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	sandbox "github.com/aofctl/aofctl/internal/sandbox/confluence"
)

func TestWebhooksAreSeenByAdministratorsOfADataCenter(t *testing.T) {
	users := sandbox.DefaultUsers()
	users[2].Admin = true
	s := open(t, sandbox.Options{Kind: sandbox.DataCenter, Users: users})
	for _, w := range []sandbox.Webhook{
		{Name: "aofctl", URL: "https://h/webhook/confluence", Secret: "s", Events: []string{"page_created"}},
		{Name: "other", URL: "https://o/", Events: []string{"page_updated"}, Disabled: true},
	} {
		if _, err := s.Register(w); err != nil {
			t.Fatal(err)
		}
	}
	got := ok(s.API.Webhooks(t.Context()))(t)
	want := []confluence.Webhook{
		{ID: "1", Name: "aofctl", URL: "https://h/webhook/confluence", Events: []string{"page_created"}, Active: true, Signed: true},
		{ID: "2", Name: "other", URL: "https://o/", Events: []string{"page_updated"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := open(t, sandbox.Options{Kind: sandbox.DataCenter}).API.Webhooks(t.Context()); err == nil {
		t.Error("somebody who is no administrator sees them")
	}
	var unsupported *confluence.UnsupportedError
	if _, err := open(t, sandbox.Options{Kind: sandbox.Cloud}).API.Webhooks(t.Context()); !errors.As(err, &unsupported) {
		t.Errorf("of Cloud: %v", err)
	}
}
