package manifest

import (
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/aofctl/aofctl/internal/hosts"
)

// A2A is where other agents, and Jira's Rovo among them, ask ours for work.
type A2A struct {
	// PublicURL is by which callers reach the daemon, without a slash at its end; ""
	// if the address that it listens on is meant.
	PublicURL string
	// DefaultAgent answers at the address that names none; "" for runtime's, or the
	// only one that is offered.
	DefaultAgent string
	// Agents are names or globs of the agents, fleets and flows that are offered;
	// empty means all agents.
	Agents []string
	// Tokens are those of plain callers, as "name=token" separated by commas or
	// line ends; zero for none.
	Tokens Secret
	// Public lets everybody call without a token.
	Public bool
	// Push lets callers name addresses that are told of their tasks: at public hosts
	// with TLS, and at PushHosts.
	Push      bool
	PushHosts hosts.List
}

// Forge is the Forge app through which Jira calls.
type Forge struct {
	// AppID is the app's, as an ARI.
	AppID string
	// JWKSURL is where the keys are that Atlassian signs its tokens with.
	JWKSURL string
	// Gateway is where the REST APIs of all sites are, without a slash at its end.
	Gateway string
	// Environments are types of environments of the app, or their UUIDs, that may
	// call; empty means all of the app.
	Environments []string
	// SigningSecret signs what goes through people's browsers.
	SigningSecret Secret
	// EncryptionKey seals the tokens of users.
	EncryptionKey Secret
	// RequireAccountMapping has users connect their account before an agent works
	// for them.
	RequireAccountMapping bool
	// UserHeader is where a proxy in front of the daemon says who a person in a
	// browser is, and UserNameHeader by what name; "" where nobody says so.
	UserHeader, UserNameHeader string
}

// What Atlassian's production uses,
// https://developer.atlassian.com/platform/forge/remote/essentials/.
const (
	forgeJWKS    = "https://forge.cdn.prod.atlassian-dev.net/.well-known/jwks.json"
	forgeGateway = "https://api.atlassian.com"
	forgeAppARI  = "ari:cloud:ecosystem::app/"
)

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// a2a reads the platform; nil if it is switched off or not there. Jira calls the
// same endpoint, so Forge alone has one, too.
func (l *daemonLoader) a2a(decl a2aDecl, forge *Forge) *A2A {
	given := decl.pos != (pos{})
	switch {
	case !given && forge != nil:
		return &A2A{Push: true}
	case !given:
		return nil
	case !decl.Enabled.or(true) && forge != nil:
		l.errorf(decl.Enabled.pos, "Jira calls the endpoint of A2A: switch forge off as well, or leave a2a on")
		return nil
	case !decl.Enabled.or(true):
		return nil
	}
	a := &A2A{PublicURL: l.publicURL(decl.PublicURL), DefaultAgent: decl.DefaultAgent.value, Agents: l.globs(decl.Agents), Public: decl.Public.value,
		Push: decl.PushNotifications.or(true), PushHosts: l.receivers(decl.PushHosts),
		Tokens: l.secret(secretForms{name: "tokens", inline: decl.Tokens, env: decl.TokensEnv, file: decl.TokensFile})}
	for _, pattern := range decl.Agents {
		if pattern.set { // as globs leaves others out
			l.daemon.offerAt = append(l.daemon.offerAt, pattern.pos)
		}
	}
	l.daemon.offerDefaultAt = decl.DefaultAgent.pos
	switch {
	case a.Public && !a.Tokens.IsZero():
		l.errorf(decl.Public.pos, "give either public: true or tokens: with public, everybody may call without one")
	case a.Public:
		l.warnf(decl.Public.pos, "everybody who reaches the port may have agents work, at your cost")
	case a.Tokens.IsZero() && forge == nil:
		l.errorf(decl.pos, "nobody could call: name the variable with the callers' tokens in tokens_env, or set up forge, or set public: true")
	}
	return a
}

// publicURL is the address that callers are told.
func (l *daemonLoader) publicURL(s str) string {
	if !s.set {
		return ""
	}
	u, err := url.Parse(strings.TrimSpace(s.value))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		l.errorf(s.pos, "public_url must be the address by which callers reach the daemon, such as https://agents.company.com, found %q", shorten(s.value))
		return ""
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u.String()
}

// forge reads the platform; nil if it is switched off or not there.
func (l *daemonLoader) forge(decl forgeDecl) *Forge {
	if decl.pos == (pos{}) || !decl.Enabled.or(true) {
		return nil
	}
	f := &Forge{
		AppID: l.forgeApp(decl), JWKSURL: l.forgeURL(decl.JWKSURL, "jwks_url", forgeJWKS), Gateway: l.forgeURL(decl.Gateway, "gateway_url", forgeGateway),
		Environments: l.environments(decl.Environments), RequireAccountMapping: decl.RequireMapping.value,
		SigningSecret: l.secret(secretForms{name: "signing_secret", inline: decl.SigningSecret, env: decl.SigningSecretEnv, file: decl.SigningSecretFile}),
		EncryptionKey: l.secret(secretForms{name: "encryption_key", inline: decl.EncryptionKey, env: decl.EncryptionKeyEnv, file: decl.EncryptionKeyFile}),
	}
	f.UserHeader, f.UserNameHeader = l.header(decl.UserHeader), l.header(decl.UserNameHeader)
	if f.UserHeader == "" && f.UserNameHeader != "" {
		l.errorf(decl.UserNameHeader.pos, "a name alone identifies nobody: give user_header as well")
	}
	if f.SigningSecret.IsZero() {
		l.errorf(decl.pos, "forge needs a signing secret: name its variable in signing_secret_env; `openssl rand -hex 32` makes one")
	}
	if f.EncryptionKey.IsZero() {
		l.errorf(decl.pos, "forge needs a key that seals the tokens of users: name its variable in encryption_key_env; `openssl rand -hex 32` makes one")
	}
	return f
}

// header is the name of a header that only a proxy may set.
func (l *daemonLoader) header(s str) string {
	if s.absent() {
		return ""
	}
	if !httpguts.ValidHeaderFieldName(s.value) || containsFold([]string{"Host", "Authorization", "Cookie", "User-Agent"}, s.value) {
		l.errorf(s.pos, "%q is no header in which a proxy says who somebody is, such as X-Forwarded-User", shorten(s.value))
	}
	return s.value
}

// forgeApp is the app's id. The UUID alone will do.
func (l *daemonLoader) forgeApp(decl forgeDecl) string {
	if decl.AppID.absent() {
		l.errorf(decl.pos, `field "app_id" is missing: the id of the Forge app, as forge register prints it`)
		return ""
	}
	id := strings.TrimPrefix(strings.TrimSpace(decl.AppID.value), forgeAppARI)
	if !uuidPattern.MatchString(id) {
		l.errorf(decl.AppID.pos, "app_id must be the id of a Forge app, such as %s11223344-a1b2-3b33-8444-def123456789, found %q", forgeAppARI, shorten(decl.AppID.value))
		return ""
	}
	return forgeAppARI + strings.ToLower(id)
}

// forgeURL is an address of Atlassian's. Without TLS it can only be this machine's:
// whoever answers there decides which tokens are good, or gets them.
func (l *daemonLoader) forgeURL(s str, field, standard string) string {
	if s.absent() {
		return standard
	}
	u, err := url.Parse(strings.TrimSpace(s.value))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		l.errorf(s.pos, "%s must be an https address, or one of this machine, found %q", field, shorten(s.value))
		return standard
	}
	return strings.TrimRight(u.String(), "/")
}

func (l *daemonLoader) environments(list []str) []string {
	var out []string
	for _, s := range list {
		value := strings.TrimSpace(s.value)
		switch upper := strings.ToUpper(value); {
		case upper == "PRODUCTION", upper == "STAGING", upper == "DEVELOPMENT":
			out = append(out, upper)
		case uuidPattern.MatchString(value):
			out = append(out, strings.ToLower(value))
		default:
			l.errorf(s.pos, "an environment is production, staging, development or a UUID, found %q", shorten(s.value))
		}
	}
	return out
}
