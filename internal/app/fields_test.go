package app

import (
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/sandbox"
	sandboxjira "github.com/aofctl/aofctl/internal/sandbox/jira"
)

func TestCustomFieldsAreKnownByTheNamesThatJiraTells(t *testing.T) {
	box, err := sandbox.Start(t.Context(), sandbox.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = box.Close() })
	email, token := box.Credentials()
	transport, err := atlassian.NewTransport(atlassian.Config{BaseURL: box.JiraURL(), AuthType: atlassian.AuthAPIToken, Email: email, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	client, err := jira.New(transport)
	if err != nil {
		t.Fatal(err)
	}
	var f fieldNames
	if got := f.of("customfield_10016"); got != "" {
		t.Errorf("name %q before anybody asked", got)
	}
	fault, err := box.Jira.AddFault(sandboxjira.Fault{Path: "field", Effect: sandboxjira.Answer, Status: 403})
	if err != nil {
		t.Fatal(err)
	}
	f.refresh(t.Context(), client)
	box.Jira.RemoveFault(fault.ID)
	f.refresh(t.Context(), client)
	if got := f.of("customfield_10016"); got != "" {
		t.Errorf("name %q: asked again at once", got)
	}
	f.until = time.Time{}
	f.refresh(t.Context(), client)
	if got := f.of("customfield_10016"); got != "Story Points" {
		t.Errorf("name %q", got)
	}
	if got := f.of("summary"); got != "" {
		t.Errorf("name %q of a field that is not custom", got)
	}
}
