package forge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/store"
)

const (
	siteTimeout = 10 * time.Second
	maxSiteInfo = 64 << 10
)

// cleanSite makes the address of a site of what a token or the site itself says:
// its scheme and host alone; "" if it is none.
func cleanSite(text string) string {
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil || u.User != nil || !plainHost(u.Host) || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return ""
	}
	return u.Scheme + "://" + strings.ToLower(u.Host)
}

// loopback is where a simulated site may be.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// plainHost holds nothing that means something in a Markdown link.
func plainHost(host string) bool {
	return host != "" && len(host) <= 255 && !strings.ContainsFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != ':'
	})
}

// learnSites asks the sites whose addresses are not known for them. A site answers
// that to anybody, without a token.
// https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-server-info/
func (i *Installations) learnSites(ctx context.Context) {
	if i.opts.HTTP == nil {
		return
	}
	list, err := i.store.Installations(ctx)
	if err != nil {
		zerolog.Ctx(ctx).Warn().Err(err).Msg("addresses of sites are not asked for")
		return
	}
	for _, in := range list {
		if in.SiteURL != "" || in.Leaving {
			continue
		}
		if err := i.learnSite(ctx, in); err != nil {
			zerolog.Ctx(ctx).Warn().Err(err).Str("installation", in.ID).Msg("the address of a site is not known yet")
		}
	}
}

func (i *Installations) learnSite(ctx context.Context, in store.Installation) error {
	ctx, cancel := context.WithTimeout(ctx, siteTimeout)
	defer cancel()
	site, err := i.askSite(ctx, in.APIBase)
	if err != nil {
		return fmt.Errorf("ask a site for its address: %w", err)
	}
	_, err = i.store.ChangeInstallation(ctx, in.ID, func(in *store.Installation) bool {
		if in.SiteURL == "" {
			in.SiteURL = site
		}
		return true // links can be shown now
	})
	return err
}

func (i *Installations) askSite(ctx context.Context, base string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+"/rest/api/3/serverInfo", nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept", "application/json")
	resp, err := i.opts.HTTP.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxSiteInfo))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the answer has status %d", resp.StatusCode)
	}
	var info struct{ BaseURL string }
	if err := json.Unmarshal(body, &info); err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	if site := cleanSite(info.BaseURL); site != "" {
		return site, nil
	}
	return "", fmt.Errorf("%.200q is no address of a site", info.BaseURL)
}
