package trace

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/requirement"
)

// atOnce is how many issues are asked for at the same time; the site's own limits
// hold besides.
const atOnce = 4

// each calls fn for numbers below n, some at the same time, until one fails.
func each(ctx context.Context, n int, fn func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, atOnce) {
		wg.Go(func() {
			for i := range next {
				if err := fn(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// missing reports whether an issue or a link does not exist, or we may not see it.
func missing(err error) bool {
	var failure *atlassian.Error
	return errors.As(err, &failure) && failure.Status == http.StatusNotFound
}

// ties reads what the links of issues say. Issues that are gone have none.
func (j job) ties(ctx context.Context, keys []string) ([]requirement.Tie, error) {
	lists := make([][]requirement.Tie, len(keys))
	err := each(ctx, len(keys), func(ctx context.Context, i int) error {
		links, err := j.jira.Client().RemoteLinks(ctx, keys[i])
		if missing(err) {
			return nil
		}
		for _, l := range links {
			if tie, ok := j.tie(keys[i], l); ok {
				lists[i] = append(lists[i], tie)
			}
		}
		return asJira(err)
	})
	var out []requirement.Tie
	for _, list := range lists {
		out = append(out, list...)
	}
	return out, err
}

// tie is what a remote link says; false for one that leads elsewhere.
func (j job) tie(key string, l jira.RemoteLink) (requirement.Tie, bool) {
	if ref, ok := requirement.ParseGlobalID(j.site(), l.GlobalID); ok {
		return requirement.Tie{Key: key, Ref: ref, Via: requirement.ViaLink, Title: l.Object.Title}, true
	}
	if ref, ok := j.pageAt(l.Object.URL); ok {
		return requirement.Tie{Key: key, Ref: ref, Via: requirement.ViaPageLink, Title: l.Object.Title}, true
	}
	return requirement.Tie{}, false
}

// pageAt is the page that an address of this Confluence leads to. ID is what the
// address has behind "#".
func (j job) pageAt(address string) (requirement.Reference, bool) {
	ref, ok := confluence.ReadPageURL(address)
	u, err := url.Parse(address)
	site, siteErr := url.Parse(j.site())
	if !ok || err != nil || siteErr != nil || ref.ID == "" || !strings.EqualFold(u.Host, site.Host) {
		return requirement.Reference{}, false
	}
	return requirement.Reference{Page: ref.ID, ID: u.Fragment}, true
}

// linkOf is the remote link from an issue to a requirement, or to the page.
func (j job) linkOf(page loaded, r *requirement.Requirement) jira.RemoteLink {
	ref, name, summary := requirement.Reference{Page: page.ID}, page.Title, ""
	if r != nil {
		ref.ID, name, summary = r.ID, r.Name(), page.Title
	}
	return jira.RemoteLink{
		GlobalID: requirement.GlobalID(j.site(), ref), Relationship: "implements",
		Object: jira.RemoteObject{URL: j.place(page.Page, r), Title: clip(name, maxLinkTitle), Summary: clip(summary, maxLinkTitle)},
	}
}

// maxLinkTitle is Jira's limit for titles of links, in characters.
const maxLinkTitle = 255

// linked reports whether an issue has a link that says the same.
func (j job) linked(ctx context.Context, key string, want jira.RemoteLink) (bool, error) {
	links, err := j.jira.Client().RemoteLinks(ctx, key)
	for _, l := range links {
		if l.GlobalID == want.GlobalID {
			return l.Object.URL == want.Object.URL && l.Object.Title == want.Object.Title && l.Relationship == want.Relationship, nil
		}
	}
	return false, asJira(err)
}
