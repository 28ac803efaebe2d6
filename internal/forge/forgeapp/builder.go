package forgeapp

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// builder collects what is wrong.
type builder struct {
	problems manifest.Problems
}

func (b *builder) errorf(source, format string, args ...any) {
	b.add(manifest.Error, source, fmt.Sprintf(format, args...))
}

func (b *builder) warnf(source, format string, args ...any) {
	b.add(manifest.Warning, source, fmt.Sprintf(format, args...))
}

// add notes a problem of the manifest at "path:line". Without a source it is one of
// the configuration, and its path is for the caller to fill in.
func (b *builder) add(severity manifest.Severity, source, message string) {
	p := manifest.Problem{Path: source, Severity: severity, Message: message}
	if i := strings.LastIndexByte(source, ':'); i >= 0 {
		if line, err := strconv.Atoi(source[i+1:]); err == nil {
			p.Path, p.Line, p.Column = source[:i], line, 1
		}
	}
	b.problems = append(b.problems, p)
}

var appID = regexp.MustCompile(`^ari:cloud:ecosystem::app/[^\s]+$`)

func (b *builder) appID(id string) string {
	switch {
	case id == "" || id == PlaceholderID:
		b.warnf("", "there is no platforms.forge.app_id: the manifest has a placeholder in its place, with which nothing can be deployed; forge register gives the id")
		return PlaceholderID
	case !appID.MatchString(id):
		b.errorf("", "the id of a Forge app is ari:cloud:ecosystem::app/ and a UUID, found %q", id)
	}
	return id
}

// publicURL is where Atlassian's cloud has to reach the daemon.
func (b *builder) publicURL(text string) string {
	u, err := url.Parse(text)
	switch {
	case text == "":
		b.errorf("", "platforms.a2a.public_url is missing: Atlassian calls the daemon there, such as https://agents.company.com")
	case err != nil || u.Host == "":
		b.errorf("", "platforms.a2a.public_url %q is no address", text)
	case u.Scheme != "https":
		b.errorf("", "platforms.a2a.public_url must begin with https: Forge calls nothing else, found %q", text)
	case !public(u.Hostname()):
		b.errorf("", "platforms.a2a.public_url must be an address that Atlassian's cloud reaches, found %q", text)
	}
	return strings.TrimRight(text, "/")
}

// public reports whether a host may be reached from outside, as far as its name
// tells. Forge takes only names with a dot.
func public(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return strings.Contains(host, ".") && !strings.HasSuffix(host, ".localhost") && !strings.HasSuffix(host, ".local") && !strings.HasSuffix(host, ".internal")
}
