package doctor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
)

// Wiki is a Confluence to look at.
type Wiki struct {
	Subject string
	// Open gives what speaks to it, once it is known which kind it is.
	Open func(ctx context.Context) (confluence.API, error)
	// URL is where requests go, Proxy what stands in between, without a password; ""
	// for nothing. Credentials names where the credentials come from.
	URL, Proxy, Credentials string
	// Users are the agents and flows that have each tool, as in "agent keeper".
	Users map[string][]string
	// Scopes are the scopes of OAuth 2.0 that a tool needs on Cloud.
	Scopes func(tool string) []string
	// Spaces are those that agents and flows are to work in.
	Spaces []SpaceNeed
	// Listening is how the daemon hears of it.
	Listening Listening
}

// SpaceNeed is a space by its key, and the agents and flows that read and write in it.
type SpaceNeed struct {
	Key              string
	Readers, Writers []string
}

// Check looks at whether Confluence takes us for somebody, whether the token has the
// scopes of the tools in use, as far as reading tells, and at the spaces.
func (w Wiki) Check() Check { return Check{Subject: w.Subject, Name: "account", Run: w.run} }

func (w Wiki) run(ctx context.Context) []Result {
	api, err := w.Open(ctx)
	var me confluence.User
	if err == nil {
		me, err = api.Me(ctx)
	}
	if err != nil {
		return []Result{w.refused(err)}
	}
	name := map[confluence.Kind]string{confluence.Cloud: "Cloud", confluence.DataCenter: "Data Center"}[api.Kind()]
	list := []Result{good("account", fmt.Sprintf("Confluence %s knows us as %s", name, me.DisplayName))}
	if api.Kind() == confluence.Cloud {
		list = append(list, w.scopes(ctx, api)...)
	}
	list = append(list, w.webhooks(ctx, api)...)
	for _, need := range w.Spaces {
		list = append(list, space(ctx, api, need))
	}
	return list
}

// refused is a Confluence that does not tell who we are.
func (w Wiki) refused(err error) Result {
	var e *atlassian.Error
	told := errors.As(err, &e)
	switch {
	case lacksScope(err):
		return fail("account", "the token lacks a scope: "+err.Error(), "grant the scopes that docs/configuration.md lists for Confluence, and consent anew")
	case told && e.Anonymous:
		return fail("account", "Confluence answers as if nobody had signed in: "+e.Detail(), "set valid credentials of the account in "+w.Credentials)
	case told && e.Unauthorized():
		return fail("account", "Confluence does not accept our credentials: "+err.Error(), "make a new token and put it into "+w.Credentials)
	case told && e.Status == http.StatusForbidden:
		return fail("account", "Confluence does not let us in: "+err.Error(), "give the account access to Confluence")
	case confluence.NotFound(err), told && e.Status != 0:
		return fail("account", "there is no Confluence at "+w.URL+": "+err.Error(), "check base_url of platforms.confluence, with its context path")
	}
	what, cure := Site{Proxy: w.Proxy}.cause(err)
	return fail("account", w.URL+": "+what, strings.ReplaceAll(cure, "Jira", "Confluence"))
}

// lacksScope reports whether a token is good, and not for this:
// https://jira.atlassian.com/browse/CONFCLOUD-75668 shows the words.
func lacksScope(err error) bool {
	var e *atlassian.Error
	return errors.As(err, &e) && !e.Anonymous && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) &&
		strings.Contains(strings.ToLower(e.Detail()), "scope")
}

// scopes tries what reads with each scope that a tool in use needs. Nobody can tell
// without writing whether those for writing are there.
func (w Wiki) scopes(ctx context.Context, api confluence.API) []Result {
	users := map[string][]string{}
	for _, tool := range slices.Sorted(maps.Keys(w.Users)) {
		for _, scope := range w.Scopes(tool) {
			for _, user := range w.Users[tool] {
				users[scope] = append(users[scope], tool+" of "+user)
			}
		}
	}
	var list []Result
	for _, try := range tries(ctx, api) {
		if len(users[try.scope]) == 0 {
			continue
		}
		if err := try.ask(); lacksScope(err) {
			forWhat := users[try.scope]
			list = append(list, fail("scopes", fmt.Sprintf("the token lacks %s, for %s", try.scope, strings.Join(forWhat[:min(len(forWhat), 3)], ", ")),
				"grant it to the app or the token, and consent anew"))
		}
	}
	return list
}

type attempt struct {
	scope string
	ask   func() error
}

// tries are requests of which each needs one scope. The page is the home page of some
// space; without one only that can be tried which needs none.
func tries(ctx context.Context, api confluence.API) []attempt {
	one := confluence.Part{Limit: 1}
	spaces, err := api.Spaces(ctx, confluence.SpaceQuery{Part: one})
	list := []attempt{
		{"read:space:confluence", func() error { return err }},
		{"read:content-details:confluence", func() error {
			_, err := api.Search(ctx, confluence.Query{CQL: "type = page", Part: one})
			return err
		}},
	}
	if err != nil || len(spaces.Items) == 0 || spaces.Items[0].HomepageID == "" {
		return list
	}
	home := spaces.Items[0].HomepageID
	return append(list,
		attempt{"read:page:confluence", func() error { _, err := api.Page(ctx, home, confluence.PageRead{}); return err }},
		attempt{"read:comment:confluence", func() error {
			_, err := api.Comments(ctx, home, confluence.CommentQuery{Part: one})
			return err
		}},
		attempt{"read:attachment:confluence", func() error { _, err := api.Attachments(ctx, home, "", one); return err }},
		attempt{"read:hierarchical-content:confluence", func() error { _, err := api.Children(ctx, home, one); return err }},
		attempt{"read:content.metadata:confluence", func() error { _, err := api.Ancestors(ctx, home); return err }},
	)
}

// space looks whether a space is there, and may be written in where agents write.
func space(ctx context.Context, api confluence.API, need SpaceNeed) Result {
	name := "space " + need.Key
	s, err := api.Space(ctx, need.Key)
	switch {
	case confluence.NotFound(err):
		return fail(name, fmt.Sprintf("it does not exist, or our account may not see it; %s is to work there", need.Readers[0]),
			"let the account see the space, or mend scope.spaces there")
	case err != nil:
		return fail(name, "it could not be asked for: "+err.Error(), "")
	case len(need.Writers) == 0:
		return good(name, "can be read")
	}
	may, err := api.Writable(ctx, s)
	var unknown *confluence.UnsupportedError
	switch {
	case errors.As(err, &unknown), lacksScope(err):
		return skip(name, "can be read; "+err.Error())
	case err != nil:
		return fail(name, "what we may do there could not be asked for: "+err.Error(), "")
	case !may:
		return fail(name, fmt.Sprintf("our account may not write pages there; %s is to", need.Writers[0]),
			"grant the account to add pages in the space's permissions, or take the writing tools away")
	}
	return good(name, "can be read and written")
}
