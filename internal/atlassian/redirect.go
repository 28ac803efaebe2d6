package atlassian

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type downloadKey struct{}

// AsDownload marks a GET that fetches a file. It may be redirected to the hosts
// where Atlassian keeps files, without our credentials, and its answer may be a
// web page.
func AsDownload(ctx context.Context) context.Context {
	return context.WithValue(ctx, downloadKey{}, true)
}

func isDownload(ctx context.Context) bool {
	marked, _ := ctx.Value(downloadKey{}).(bool)
	return marked
}

const maxRedirects = 5

// redirects follows a redirect only for a read and only within the site, or for
// a download to where files are kept, never from https to http. net/http would
// make a GET of a redirected POST, whose success means nothing.
func redirects(downloads []string) func(*http.Request, []*http.Request) error {
	if downloads == nil {
		downloads = []string{"atlassian.com", "atlassian.net", "atl-paas.net"}
	}
	return func(req *http.Request, via []*http.Request) error {
		first := via[0]
		reads := first.Method == http.MethodGet || first.Method == http.MethodHead
		within := sameOrigin(req.URL, first.URL)
		away := isDownload(first.Context()) && fileHost(req.URL, first.URL, downloads)
		if !reads || len(via) >= maxRedirects || (!within && !away) {
			return http.ErrUseLastResponse
		}
		return nil
	}
}

func fileHost(target, first *url.URL, hosts []string) bool {
	if target.Scheme != "https" && first.Scheme == "https" {
		return false
	}
	host := strings.ToLower(target.Hostname())
	return slices.ContainsFunc(hosts, func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) })
}
