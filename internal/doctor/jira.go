package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/registration"
)

// Jira is what is asked of a site; the methods are described at jira.Client.
type Jira interface {
	Contact(ctx context.Context) (jira.Contact, error)
	Myself(ctx context.Context) (jira.User, error)
	ProjectKeys(ctx context.Context) ([]string, error)
	Permissions(ctx context.Context, project string, names []string) (map[string]bool, error)
	PersonalTokens(ctx context.Context) ([]jira.PersonalToken, error)
	Webhooks(ctx context.Context) ([]jira.Webhook, error)
	AppWebhooks(ctx context.Context) ([]jira.Webhook, error)
}

// Site is a Jira to look at.
type Site struct {
	Subject string
	Client  Jira
	// URL is where requests go, Proxy what stands in between, without a password;
	// "" for nothing.
	URL, Proxy string
	// Credentials names where the credentials come from, Token is true if they are
	// a personal access token.
	Credentials string
	Token       bool
	// Allowed reports whether a project is allowed; nil allows all.
	Allowed func(project string) bool
	// Needs are the permissions that agents need, with what for.
	Needs []Need
	// Webhook is what the webhook has to be; without events there need be none.
	Webhook registration.Target
	Now     func() time.Time
}

// Check looks at the site. Nothing but the connection is looked at if there is none.
func (s Site) Check() Check {
	return Check{Subject: s.Subject, Name: "reachable", Run: s.run}
}

func (s Site) run(ctx context.Context) []Result {
	contact, err := s.Client.Contact(ctx)
	var e *atlassian.Error
	if errors.As(err, &e) && (e.Unauthorized() || e.Status == http.StatusForbidden) {
		return append(append([]Result{s.reached(contact)}, clock(contact)...), s.refused(err))
	}
	if err != nil {
		return []Result{s.unreachable(err), skip("credentials", "Jira was not reached")}
	}
	list := []Result{s.reached(contact)}
	// Time is told also to strangers.
	list = append(list, clock(contact)...)
	me, err := s.Client.Myself(ctx)
	if err != nil {
		return append(list, s.refused(err))
	}
	list = append(list, good("credentials", "as "+me.DisplayName))
	parts := []func(context.Context, jira.Contact) []Result{s.expiry, s.permissions, s.webhooks}
	found := make([][]Result, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() { found[i] = part(ctx, contact) })
	}
	all.Wait()
	for _, results := range found {
		list = append(list, results...)
	}
	return list
}

func (s Site) reached(c jira.Contact) Result {
	detail := s.URL
	switch {
	case c.Version == "":
	case c.Cloud():
		detail += ", Cloud " + c.Version
	default:
		detail += ", Data Center " + c.Version
	}
	detail += ", answered in " + c.Received.Sub(c.Sent).Round(time.Millisecond).String()
	if s.Proxy != "" {
		detail += " through proxy " + s.Proxy
	}
	return good("reachable", detail)
}

// refused is a Jira that does not tell who we are.
func (s Site) refused(err error) Result {
	var e *atlassian.Error
	cure := "set valid credentials of the account in " + s.Credentials
	switch {
	case !errors.As(err, &e):
	case e.Anonymous:
		return fail("credentials", "Jira answers as if nobody had signed in: "+e.Detail(), cure)
	case e.Status == http.StatusForbidden:
		cure = "let the account into Jira (product access), or solve the CAPTCHA by signing in once in a browser"
	case !e.Unauthorized():
		cure = "see what Jira says; it may pass"
	}
	return fail("credentials", "Jira does not tell who we are: "+err.Error(), cure)
}

// soon is how long before its end a token is worth a warning.
const soon = 14 * 24 * time.Hour

// expiry looks when tokens end, where Jira tells: on Data Center.
func (s Site) expiry(ctx context.Context, c jira.Contact) []Result {
	if !s.Token || c.Cloud() {
		return nil
	}
	list, err := s.Client.PersonalTokens(ctx)
	if err != nil {
		return nil // not every version tells, and not every account may ask
	}
	next, expires := jira.NextToExpire(list)
	if !expires {
		return nil
	}
	day := next.Expires.UTC().Format(time.DateOnly)
	detail := fmt.Sprintf("personal access token %q of the account expires on %s", next.Name, day)
	if next.Expires.Sub(s.Now()) > soon {
		return []Result{good("token", detail)}
	}
	return []Result{warn("token", detail, "make a new one in the account's profile, put it into "+s.Credentials+" and restart the daemon")}
}
