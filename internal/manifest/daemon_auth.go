package manifest

import (
	"net/url"
	"strings"
)

// The ways to sign in at a site.
const (
	authAPIToken = "api_token"
	authPAT      = "pat"
	authOAuth2   = "oauth2"
)

// auth merges the two places in which credentials may stand.
func (l *daemonLoader) auth(s *JiraSite, decl jiraDecl) {
	a := decl.Auth
	s.Email = l.either(
		secretForms{name: "email", inline: a.Email, env: a.EmailEnv, file: a.EmailFile, plain: true},
		secretForms{name: "user_email", inline: decl.UserEmail, env: decl.UserEmailEnv, file: decl.UserEmailFile, plain: true})
	s.Token = l.either(
		secretForms{name: "token", inline: a.Token, env: a.TokenEnv, file: a.TokenFile},
		secretForms{name: "api_token", inline: decl.APIToken, env: decl.APITokenEnv, file: decl.APITokenFile})
	s.CloudID = l.either(
		secretForms{name: "cloud_id", inline: a.CloudID, env: a.CloudIDEnv, plain: true},
		secretForms{name: "cloud_id", inline: decl.CloudID, env: decl.CloudIDEnv, plain: true})
	s.ClientID = l.secret(secretForms{name: "client_id", inline: a.ClientID, env: a.ClientIDEnv, file: a.ClientIDFile, plain: true})
	s.ClientSecret = l.secret(secretForms{name: "client_secret", inline: a.ClientSecret, env: a.ClientSecretEnv, file: a.ClientSecretFile})
	s.RefreshToken = l.secret(secretForms{name: "refresh_token", inline: a.RefreshToken, env: a.RefreshTokenEnv, file: a.RefreshTokenFile})
}

// signIn checks that the credentials are those of the way to sign in.
func (l *daemonLoader) signIn(s *JiraSite, decl jiraDecl) {
	given := l.oneOf(decl.Auth.Type, "auth type", authAPIToken, authPAT, authOAuth2)
	s.AuthType = given
	if given == "" {
		s.AuthType = guessAuthType(*s)
	}
	at := latest(decl.pos, decl.Auth.pos)
	if given != "" && s.AuthType != authAPIToken && !s.Email.IsZero() {
		l.warnf(at, "auth type %s does not use the e-mail address", s.AuthType)
	}
	if s.AuthType == authOAuth2 {
		l.oauth2(s, at)
		return
	}
	if !s.ClientID.IsZero() || !s.ClientSecret.IsZero() || !s.RefreshToken.IsZero() {
		l.errorf(at, "client_id, client_secret and refresh_token belong to auth type oauth2")
	}
	if s.Token.IsZero() {
		l.errorf(at, "the site has no token: auth.token_env is missing")
	}
	if s.AuthType == authAPIToken && s.Email.IsZero() {
		l.errorf(at, "auth type api_token needs the account's e-mail address: auth.email_env is missing")
	}
}

// oauth2 needs a client's credentials, with a refresh token or without, or an
// access token that lasts as long as it does. Cloud answers to all of them at its
// gateway alone.
func (l *daemonLoader) oauth2(s *JiraSite, at pos) {
	switch {
	case s.ClientID.IsZero() != s.ClientSecret.IsZero():
		l.errorf(at, "auth type oauth2 needs both client_id_env and client_secret_env")
	case s.ClientID.IsZero() && !s.RefreshToken.IsZero():
		l.errorf(at, "a refresh token is of no use without client_id_env and client_secret_env")
	case s.ClientID.IsZero() && s.Token.IsZero():
		l.errorf(at, "auth type oauth2 needs client_id_env and client_secret_env, and a user's consent a refresh_token_env; or else a token_env")
	}
	if cloudHost(s.BaseURL) && s.CloudID.IsZero() {
		l.errorf(at, "auth type oauth2 needs the site's cloud_id: see %s/_edge/tenant_info", s.BaseURL)
	}
}

// guessAuthType: a client id is only needed for OAuth, an e-mail address only for
// API tokens, and Cloud has nothing else.
func guessAuthType(s JiraSite) string {
	switch {
	case !s.ClientID.IsZero():
		return authOAuth2
	case cloudHost(s.BaseURL), !s.Email.IsZero(), !s.CloudID.IsZero():
		return authAPIToken
	default:
		return authPAT
	}
}

// cloudHost reports whether an address is one of Jira Cloud.
func cloudHost(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(strings.ToLower(u.Hostname()), ".atlassian.net")
}

// either returns the secret that one of two places gives.
func (l *daemonLoader) either(nested, flat secretForms) Secret {
	first, second := l.secret(nested), l.secret(flat)
	if first.IsZero() {
		return second
	}
	if !second.IsZero() {
		l.errorf(latest(flat.inline.pos, flat.env.pos, flat.file.pos), "%s is given under auth too: give it once", flat.name)
	}
	return first
}

// masterKey is what secrets in the database are sealed with. It is only needed if
// there are some: refresh tokens.
func (l *daemonLoader) masterKey(decl storageDecl) {
	forms := secretForms{name: "master_key", inline: decl.MasterKey, env: decl.MasterKeyEnv, file: decl.MasterKeyFile}
	if given := l.secret(forms); !given.IsZero() {
		l.daemon.MasterKey = given
		return
	}
	sites := l.daemon.Jira
	if c := l.daemon.Confluence; c != nil {
		sites = append(sites[:len(sites):len(sites)], c.Site)
	}
	for _, s := range sites {
		if !s.RefreshToken.IsZero() {
			l.daemon.MasterKey = l.need(Secret{Env: "AOF_MASTER_KEY"}, "storage.master_key_env, needed since refresh tokens are stored", decl.pos)
			return
		}
	}
}
