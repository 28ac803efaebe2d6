package atlassian

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

func parseBase(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
		return nil, fmt.Errorf("%q is not an http or https URL", u.Redacted())
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%q must not have a user, query or fragment", u.Redacted())
	}
	if strings.Contains(u.Path+"/", "/rest/") {
		return nil, fmt.Errorf("%q must end before /rest: it is the address at which people open the site", u.Redacted())
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

func apiBase(cfg Config, site *url.URL) (*url.URL, error) {
	if cfg.CloudID == "" {
		return site, nil
	}
	u, err := parseBase(gatewayOf(cfg))
	if err != nil {
		return nil, fmt.Errorf("parse gateway URL: %w", err)
	}
	if strings.Trim(cfg.CloudID, "0123456789abcdefABCDEF-") != "" {
		return nil, fmt.Errorf("parse cloud_id: %q is not the id of a site, such as 11223344-a1b2-3b33-c444-def123456789", cfg.CloudID)
	}
	return u.JoinPath("ex", "jira", cfg.CloudID), nil
}

func gatewayOf(cfg Config) string { return cmp.Or(cfg.GatewayURL, "https://api.atlassian.com") }

func warnings(cfg Config, site *url.URL) []string {
	var list []string
	if cfg.InsecureSkipVerify {
		list = append(list, "certificates of "+site.Host+" are not verified (tls.verify is false): anybody on the way can read the token")
	}
	if site.Scheme == "http" && !loopback(site.Hostname()) {
		list = append(list, site.Host+" is called without TLS: anybody on the way can read the token")
	}
	if cfg.AuthType == AuthOAuth2 && cfg.OAuth.ClientID == "" {
		list = append(list, "the access token for "+site.Host+" cannot be renewed without a client id and secret: it will expire")
	}
	return list
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func userAgent(cfg Config) string {
	agent := "aofctl"
	if cfg.Version != "" {
		agent += "/" + clean(cfg.Version)
	}
	if cfg.BotName != "" {
		agent += " (" + clean(cfg.BotName) + ")"
	}
	return agent
}

// clean keeps what may stand in a header.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '(' || r == ')' {
			return -1
		}
		return r
	}, s)
}

func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Hostname(), b.Hostname()) && port(a) == port(b)
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
