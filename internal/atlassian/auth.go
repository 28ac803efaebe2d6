package atlassian

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// authenticator adds our identity to requests to the site and to no others: a
// redirect must not carry the token to somebody else.
type authenticator struct {
	next   http.RoundTripper
	header string
	origin *url.URL
	agent  string
}

// RoundTrip implements http.RoundTripper.
func (a *authenticator) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", a.agent)
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Del("Authorization")
	if sameOrigin(req.URL, a.origin) {
		req.Header.Set("Authorization", a.header)
	}
	return a.next.RoundTrip(req)
}

// newAuth returns the Authorization header. Mistakes that a request would only
// meet as a puzzling 401 are told here.
func newAuth(cfg Config, api *url.URL) (string, error) {
	if strings.TrimSpace(cfg.Token) == "" {
		return "", fmt.Errorf("authenticate at %s: the token is empty", api.Host)
	}
	token := strings.TrimSpace(cfg.Token)
	if strings.ContainsAny(token, "\r\n") {
		return "", fmt.Errorf("authenticate at %s: the token has a line break in it", api.Host)
	}
	switch cfg.AuthType {
	case AuthAPIToken:
		email := strings.TrimSpace(cfg.Email)
		if email == "" {
			return "", errors.New("authenticate: auth type api_token needs an e-mail address")
		}
		if strings.Contains(email, ":") {
			return "", errors.New("authenticate: the e-mail address must not have a colon")
		}
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(email+":"+token)), nil
	case AuthPAT:
		return "Bearer " + token, nil
	default:
		return "", fmt.Errorf("authenticate: auth type %q is neither api_token nor pat", cfg.AuthType)
	}
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

// sameOriginReads follows a redirect only for a read and only within the site.
// net/http would make a GET of a redirected POST, whose success means nothing.
func sameOriginReads(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet && first.Method != http.MethodHead {
		return http.ErrUseLastResponse
	}
	if !sameOrigin(req.URL, first.URL) || len(via) >= 5 {
		return http.ErrUseLastResponse
	}
	return nil
}
