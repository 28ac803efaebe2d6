package jira

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// The OAuth app, the first refresh token and the cloud id of a site unless its
// options say otherwise.
const (
	OAuthClientID     = "sandbox-client"
	OAuthClientSecret = "sandbox-client-secret"
	OAuthRefreshToken = "sandbox-refresh-token"
	CloudID           = "11223344-a1b2-4c3d-8e4f-0123456789ab"
)

// OAuth is the app that may use OAuth 2.0 (3LO) on a Cloud site. Empty members
// have the values of the constants above.
type OAuth struct {
	ClientID     string
	ClientSecret string
	// RefreshToken is the first one of User (a handle or account id; "bot" if
	// empty). Each use of a refresh token ends it and gives another one.
	RefreshToken string
	User         string
	// TTL is how long an access token is good for; an hour if 0.
	TTL time.Duration
}

func (o OAuth) completed() OAuth {
	for _, d := range []struct {
		into  *string
		usual string
	}{{&o.ClientID, OAuthClientID}, {&o.ClientSecret, OAuthClientSecret}, {&o.RefreshToken, OAuthRefreshToken}, {&o.User, "bot"}} {
		if *d.into == "" {
			*d.into = d.usual
		}
	}
	if o.TTL <= 0 {
		o.TTL = time.Hour
	}
	return o
}

// oauth is the authorization server: which tokens are good, and for whom.
type oauth struct {
	app OAuth

	mu      sync.Mutex
	refresh map[string]string
	codes   map[string]string
	access  map[string]access
	// owner is the account of the app itself (client_credentials).
	owner string
}

type access struct {
	account string
	until   time.Time
}

func newOAuth(app OAuth) *oauth {
	return &oauth{app: app, refresh: map[string]string{}, codes: map[string]string{}, access: map[string]access{}}
}

// reset forgets all tokens but the first refresh token, which is of an account.
func (o *oauth) reset(account string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.refresh)
	clear(o.codes)
	clear(o.access)
	o.owner = account
	if account != "" {
		o.refresh[o.app.RefreshToken] = account
	}
}

// account is whose an access token is; "" if it is not good.
func (o *oauth) account(token string, now time.Time) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, ok := o.access[token]
	if !ok || !now.Before(a.until) {
		return ""
	}
	return a.account
}

// grant makes a pair of tokens. What has expired is forgotten meanwhile.
func (o *oauth) grant(account string, now time.Time) obj {
	for token, a := range o.access {
		if !now.Before(a.until) {
			delete(o.access, token)
		}
	}
	pair := [2]string{newToken(), newToken()}
	o.access[pair[0]] = access{account: account, until: now.Add(o.app.TTL)}
	o.refresh[pair[1]] = account
	return obj{
		"access_token": pair[0], "refresh_token": pair[1], "expires_in": int(o.app.TTL / time.Second),
		"token_type": "Bearer", "scope": strings.Join(scopes(), " "),
	}
}

func newToken() string {
	var raw [24]byte
	_, _ = rand.Read(raw[:])
	return hex.EncodeToString(raw[:])
}

func scopes() []string {
	return []string{"read:jira-work", "write:jira-work", "read:jira-user", "manage:jira-webhook", "offline_access"}
}

// tokenInput is the body of POST /oauth/token, as JSON or as a form.
type tokenInput struct {
	GrantType    string `json:"grant_type"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	RefreshToken string `json:"refresh_token"`
	Code         string `json:"code"`
	RedirectURI  string `json:"redirect_uri"`
}

// read takes the body; Data Center knows forms only.
func (in *tokenInput) read(kind string, raw []byte, formOnly bool) bool {
	media, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return false
	}
	if media == "application/json" && !formOnly {
		return json.Unmarshal(raw, in) == nil
	}
	form, err := url.ParseQuery(string(raw))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return false
	}
	*in = tokenInput{
		form.Get("grant_type"), form.Get("client_id"), form.Get("client_secret"), form.Get("refresh_token"),
		form.Get("code"), form.Get("redirect_uri"),
	}
	return true
}

// serveToken is POST /oauth/token of auth.atlassian.com, and
// /rest/oauth2/latest/token of a Data Center.
func (s *Server) serveToken(w http.ResponseWriter, r *http.Request) {
	c := &call{r: r}
	var in tokenInput
	if err := c.readAny(); err != nil || !in.read(r.Header.Get("Content-Type"), c.raw, s.dc()) {
		tokenError(w, http.StatusBadRequest, "invalid_request", "The request body could not be read.")
		return
	}
	o := s.oauth
	o.mu.Lock()
	defer o.mu.Unlock()
	if in.ClientID != o.app.ClientID || subtle.ConstantTimeCompare([]byte(in.ClientSecret), []byte(o.app.ClientSecret)) != 1 {
		tokenError(w, http.StatusUnauthorized, "access_denied", "Unauthorized")
		return
	}
	tokens, given := o.refresh, in.RefreshToken
	switch in.GrantType {
	case "client_credentials":
		pair := o.grant(o.owner, s.opts.Now())
		delete(o.refresh, fmt.Sprint(pair["refresh_token"]))
		delete(pair, "refresh_token")
		writeJSON(w, http.StatusOK, pair)
		return
	case "refresh_token":
	case "authorization_code":
		tokens, given = o.codes, in.Code
	default:
		tokenError(w, http.StatusBadRequest, "unsupported_grant_type", "Unsupported grant type: "+in.GrantType)
		return
	}
	account, ok := tokens[given]
	if !ok {
		tokenError(w, http.StatusForbidden, "unauthorized_client", in.GrantType+" is invalid")
		return
	}
	delete(tokens, given)
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, o.grant(account, s.opts.Now()))
}

func tokenError(w http.ResponseWriter, status int, code, description string) {
	writeJSON(w, status, obj{"error": code, "error_description": description})
}

// AuthorizeOAuth makes an authorization code for a user, named as in As, as if
// the user had agreed in a browser. False if there is no such user.
func (s *Server) AuthorizeOAuth(who string) (code string, ok bool) {
	u, ok := s.User(who)
	if !ok {
		return "", false
	}
	code = newToken()
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	s.oauth.codes[code] = u.AccountID
	return code, true
}

// ExpireOAuth ends all access tokens, so that the next request gets 401.
func (s *Server) ExpireOAuth() {
	s.oauth.mu.Lock()
	defer s.oauth.mu.Unlock()
	clear(s.oauth.access)
}

// serveResources is GET /oauth/token/accessible-resources of api.atlassian.com.
func (s *Server) serveResources(w http.ResponseWriter, r *http.Request) {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.oauth.account(token, s.opts.Now()) == "" {
		writeJSON(w, http.StatusUnauthorized, obj{"code": http.StatusUnauthorized, "message": "Unauthorized"})
		return
	}
	writeJSON(w, http.StatusOK, []any{obj{
		"id": s.opts.CloudID, "url": s.BaseURL(), "name": "sandbox", "scopes": scopes(),
		"avatarUrl": s.BaseURL() + "/avatar/site.png",
	}})
}

// ServeAccount answers a request to the API, without the gateway's path, as the
// account that a token of Atlassian's platform stands for; "" is nobody. The
// request is remembered, and meets faults, like any other.
func (s *Server) ServeAccount(w http.ResponseWriter, r *http.Request, account string) {
	ctx := context.WithValue(context.WithValue(r.Context(), gatewayMark{}, true), accountMark{}, account)
	if s.opts.OnRequest != nil {
		s.opts.OnRequest(r)
	}
	s.Exchange(w, r.WithContext(ctx))
}

// ServeGateway answers what came to the gateway, wherever the site itself is.
func (s *Server) ServeGateway(w http.ResponseWriter, r *http.Request) {
	if s.opts.OnRequest != nil {
		s.opts.OnRequest(r)
	}
	s.Exchange(w, r)
}

// CloudID is the id under which the gateway knows the site.
func (s *Server) CloudID() string { return s.opts.CloudID }

// accountMark is in the context of requests whose account is known.
type accountMark struct{}

type gatewayMark struct{}

func viaGateway(r *http.Request) bool { return r.Context().Value(gatewayMark{}) != nil }

// serveGateway is api.atlassian.com/ex/jira/{cloudId}: the API of a site for
// OAuth tokens, and for API tokens with scopes.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	prefix := "/ex/jira/" + s.opts.CloudID
	path, ok := strings.CutPrefix(r.URL.Path, prefix)
	if !ok || path == "" || path[0] != '/' || strings.HasPrefix(path, "/ex/") {
		writeJSON(w, http.StatusNotFound, obj{"code": http.StatusNotFound, "message": "Not Found"})
		return
	}
	inner := r.Clone(context.WithValue(r.Context(), gatewayMark{}, true))
	inner.URL.Path, inner.URL.RawPath = path, strings.TrimPrefix(r.URL.RawPath, prefix)
	s.inner.ServeHTTP(w, inner)
}
