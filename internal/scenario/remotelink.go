package scenario

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// linkPages makes the remote links that issues have from the start. The pages are
// there by then.
func (w *world) linkPages() error {
	for n, i := range w.scenario.Given.Issues {
		key := keyOf(w.scenario.Given, n)
		for _, l := range i.RemoteLinks {
			link, err := w.remoteLink(l)
			if err == nil {
				err = w.box.Jira.As(or(i.Reporter, "alice")).RemoteLink(key, link)
			}
			if err != nil {
				return fmt.Errorf("link issue %q of line %d: %w", i.Summary, i.Line, err)
			}
		}
	}
	return nil
}

func (w *world) remoteLink(l manifest.GivenRemoteLink) (jira.RemoteLink, error) {
	url, title := w.addressed(l.URL), l.Title
	if l.Page != "" {
		p, err := w.pageNamed(l.Page, "")
		if err != nil {
			return jira.RemoteLink{}, err
		}
		url, title = p.URL, or(title, p.Title)
	}
	object, err := json.Marshal(map[string]string{"url": url, "title": or(title, url)})
	return jira.RemoteLink{GlobalID: w.addressed(l.GlobalID), Relationship: l.Relationship, Object: object}, err
}

// remoteLinkDiff compares the links of an issue to what is outside Jira.
func (w *world) remoteLinkDiff(want manifest.WantIssue, issue jira.Issue) []string {
	if want.RemoteLinks == nil {
		return nil
	}
	is := []any{}
	for _, l := range issue.RemoteLinks {
		var object struct{ URL, Title string }
		_ = json.Unmarshal(l.Object, &object)
		one := map[string]any{"url": object.URL, "title": object.Title, "global_id": l.GlobalID, "relationship": l.Relationship}
		if p := w.pageAt(object.URL); p != "" {
			one["page"] = p
		}
		is = append(is, one)
	}
	if want.RemoteLinks == "nothing" {
		want.RemoteLinks = []any{}
	}
	if why := match(want.RemoteLinks, is); why != "" {
		return []string{"remote_links: " + why}
	}
	return nil
}

// pageAt is the title of the page that people see at an address, "" for none.
func (w *world) pageAt(url string) string {
	url, _, _ = strings.Cut(url, "#")
	for _, id := range w.box.Confluence.Pages() {
		p, _ := w.box.Confluence.Page(id)
		byID := strings.Contains(url, "/pages/"+id+"/") || strings.HasSuffix(url, "/pages/"+id) || strings.HasSuffix(url, "pageId="+id)
		if strings.HasPrefix(url, w.box.ConfluenceURL()) && byID || url == p.URL {
			return p.Title
		}
	}
	return ""
}
