package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/run"
)

var _ run.Pages = (*wiki)(nil)

// names says why a text does not name a page of this Confluence; nil if it may.
func (w *wiki) names(text string) error {
	if w == nil {
		return errors.New("there is no Confluence: platforms.confluence is not enabled in the daemon's configuration")
	}
	_, ok := confluence.ReadPageURL(text)
	if !ok {
		return fmt.Errorf("%q is neither the id of a page nor its address as browsers show it", text)
	}
	named, err := url.Parse(strings.TrimSpace(text))
	own, errOwn := url.Parse(w.config.Site.BaseURL)
	if err == nil && errOwn == nil && named.Host != "" && !strings.EqualFold(named.Host, own.Host) {
		return fmt.Errorf("%q is at %s, and this daemon's Confluence at %s", text, named.Host, own.Host)
	}
	return nil
}

// Page implements run.Pages.
func (w *wiki) Page(ctx context.Context, named string) (run.Page, bool, error) {
	ref, ok := confluence.ReadPageURL(named)
	if !ok || w.names(named) != nil {
		return run.Page{}, false, nil //nolint:nilerr // what is not a page's name names none
	}
	api, err := w.client.API(ctx)
	if err != nil {
		return run.Page{}, false, err
	}
	var page confluence.Page
	if ref.ID != "" {
		page, err = api.Page(ctx, ref.ID, confluence.PageRead{Draft: true})
	} else {
		page, err = api.PageByTitle(ctx, ref.SpaceKey, ref.Title, confluence.PageRead{})
	}
	if confluence.NotFound(err) {
		return run.Page{}, false, nil
	}
	return run.Page{ID: page.ID, Space: page.SpaceKey, Title: page.Title, URL: page.URL}, err == nil, err
}
