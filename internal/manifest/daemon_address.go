package manifest

import (
	"net/url"
	"regexp"
	"strings"
)

// gateway is where a site is reached by its cloud id
// (https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/).
const gateway = "https://api.atlassian.com/ex/jira/"

var (
	cloudID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
	// pagePattern is where in a path the pages and the API of a Jira begin.
	pagePattern = regexp.MustCompile(`/(?:rest(?:/.*)?|browse/.*|secure/.*|plugins/servlet/.*|projects/[A-Z][A-Z0-9_]+(?:/.*)?|login\.jsp)$`)
)

// siteURL is the address of a site, also if what was pasted is the host alone, a
// page of the site or its API.
func (l *daemonLoader) siteURL(s str) string {
	if !s.set {
		return ""
	}
	raw := strings.TrimSpace(s.value)
	if !strings.Contains(raw, "://") && plainHost.MatchString(raw) {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.User != nil {
		return l.address(s) // says what is wrong
	}
	if site := sitePath(u); site != strings.TrimRight(u.Path, "/") {
		u.Path, u.RawPath, u.RawQuery, u.Fragment = site, "", "", ""
	}
	fixed := s
	fixed.value = u.String()
	out := l.address(fixed)
	if out != "" && out != strings.TrimRight(strings.TrimSpace(s.value), "/") {
		l.warnf(s.pos, "base_url is read as %s", out)
	}
	return out
}

// plainHost is an address without a scheme: a host name with a dot, or localhost,
// with or without a port and a path.
var plainHost = regexp.MustCompile(`^(?:[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|localhost)(?::[0-9]+)?(?:/.*)?$`)

// sitePath is the part of a path that belongs to the site's address: on Cloud
// none, save at the gateway; else what stands before pages and the API.
func sitePath(u *url.URL) string {
	if cloudHost(u.String()) {
		return ""
	}
	return strings.TrimRight(pagePattern.ReplaceAllString(strings.TrimRight(u.Path, "/"), ""), "/")
}

// siteAddress finds the address of a site that is given by its cloud id only,
// and the cloud id of a site that is given by its address at the gateway.
func (l *daemonLoader) siteAddress(s *JiraSite, decl jiraDecl) {
	if !decl.BaseURL.absent() {
		if id, ok := strings.CutPrefix(s.BaseURL, gateway); ok && s.CloudID.IsZero() && cloudID.MatchString(id) {
			s.CloudID = Secret{Value: id}
		}
		return
	}
	if s.CloudID.IsZero() {
		l.errorf(decl.pos, `the site has no address: field "base_url" is missing`)
		return
	}
	id := s.CloudID.Value
	if s.CloudID.Env != "" {
		id, _ = l.env(s.CloudID.Env)
	}
	switch {
	case id == "":
	case !cloudID.MatchString(id):
		l.errorf(latest(decl.CloudID.pos, decl.CloudIDEnv.pos, decl.Auth.CloudID.pos, decl.Auth.CloudIDEnv.pos),
			"the cloud id is not an id such as 11223344-a1b2-3b33-c444-def123456789: see https://yourcompany.atlassian.net/_edge/tenant_info")
	default:
		s.BaseURL = gateway + id
	}
}
