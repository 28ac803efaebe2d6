package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/forge/fit"
)

// Forge verifies invocation tokens for any of the modules; fit.Verifier does.
type Forge interface {
	Verify(ctx context.Context, token string, modules ...string) (fit.Claims, error)
}

// Keeper keeps what came along an invocation for when it is needed.
type Keeper interface {
	// Keep is called for each request of Jira's before it is served, with the user's
	// account in the claims. The tokens may be those of the request before. An error
	// ends the request: a *a2a.Refusal as it says, any other with 503.
	Keep(ctx context.Context, claims fit.Claims, tokens fit.Tokens) error
}

// Config says who may call.
type Config struct {
	// Forge verifies Jira's tokens; nil refuses them.
	Forge Forge
	// Modules are the keys of the app's modules that the endpoint serves; with none,
	// all of the app's.
	Modules []string
	// Elsewhere are the keys of modules that have addresses of their own: a page of the
	// app has no business here.
	Elsewhere []string
	// Keeper is told what came along; nil for nobody.
	Keeper Keeper
	// Tokens are those of other callers.
	Tokens []Token
	// Public takes requests without a token, too.
	Public bool
	// Carrier asks Jira who a user's token belongs to, where Forge does not say;
	// nil means http.DefaultTransport.
	Carrier http.RoundTripper
}

// SignIn implements endpoint.Authenticator. Its method may be called at the same
// time.
type SignIn struct {
	forge    Forge
	modules  []string
	others   []string
	keeper   Keeper
	plain    []plainToken
	public   bool
	accounts *accounts
}

// New makes a SignIn. Its error says which token of the configuration cannot be
// one, by its name.
func New(cfg Config) (*SignIn, error) {
	plain, err := hashed(cfg.Tokens)
	if err != nil {
		return nil, err
	}
	return &SignIn{
		forge: cfg.Forge, modules: cfg.Modules, others: cfg.Elsewhere, keeper: cfg.Keeper, plain: plain, public: cfg.Public,
		accounts: newAccounts(cfg.Carrier),
	}, nil
}

// Authenticate says who sent a request, from its headers alone. The errors are
// *a2a.Refusal.
func (s *SignIn) Authenticate(r *http.Request) (context.Context, a2a.Caller, error) {
	token, given, err := bearer(r.Header)
	switch {
	case err != nil:
		return nil, a2a.Caller{}, err
	case given && fit.Looks(token):
		return s.jira(r, token)
	case given:
		caller, err := s.other(token)
		return r.Context(), caller, err
	case s.public:
		return r.Context(), a2a.Caller{Installation: "public"}, nil
	default:
		return nil, a2a.Caller{}, &a2a.Refusal{
			Status: http.StatusUnauthorized, Message: "Unauthorized: send a bearer token", Challenge: challenge,
		}
	}
}

const challenge = `Bearer realm="agents"`

// unauthorized refuses credentials, RFC 6750, section 3.1. The reason is one of
// ours, without quotation marks.
func unauthorized(why string) *a2a.Refusal {
	return &a2a.Refusal{
		Status: http.StatusUnauthorized, Message: "Unauthorized: " + why,
		Challenge: challenge + `, error="invalid_token", error_description="` + why + `"`,
	}
}

// bearer reads the credentials. Those of other schemes are not for us but for a
// proxy before us.
func bearer(head http.Header) (token string, given bool, err error) {
	values := head.Values("Authorization")
	if len(values) > 1 {
		return "", false, unauthorized("the header Authorization came more than once")
	}
	if len(values) == 0 {
		return "", false, nil
	}
	scheme, token, _ := strings.Cut(strings.TrimSpace(values[0]), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false, nil
	}
	return strings.TrimSpace(token), true, nil
}

// other knows callers by tokens of their own. A token that nobody has is refused
// even where none is needed: whoever sends one expects to be somebody.
func (s *SignIn) other(token string) (a2a.Caller, error) {
	name := match(s.plain, token)
	if name == "" {
		return a2a.Caller{}, unauthorized("nobody has this token")
	}
	return a2a.Caller{Installation: "token:" + name}, nil
}

// jira takes a request of Jira's. From the body nothing is known yet and nothing
// will be believed: the user is whom Forge names, or whose token it sent.
func (s *SignIn) jira(r *http.Request, token string) (context.Context, a2a.Caller, error) {
	if s.forge == nil {
		return nil, a2a.Caller{}, unauthorized("tokens of Forge are not taken here")
	}
	ctx := r.Context()
	claims, err := s.forge.Verify(ctx, token, s.modules...)
	if err != nil {
		return nil, a2a.Caller{}, fit.Refuse(err)
	}
	if slices.Contains(s.others, claims.Module.Key) {
		return nil, a2a.Caller{}, unauthorized("the Forge invocation token is for another module of the app")
	}
	tokens, err := fit.TokensOf(r.Header)
	if err != nil {
		return nil, a2a.Caller{}, &a2a.Refusal{Status: http.StatusBadRequest, Message: "A token of Forge is damaged", Cause: err}
	}
	if claims.Account == "" {
		if claims.Account, err = s.account(ctx, claims, tokens.User()); err != nil {
			return nil, a2a.Caller{}, err
		}
	}
	ctx = carry(ctx, invocation{claims: claims, tokens: tokens, trace: traceOf(r.Header)})
	if err := s.keep(ctx, claims, tokens); err != nil {
		return nil, a2a.Caller{}, err
	}
	return ctx, a2a.Caller{Jira: true, Installation: claims.Installation, Account: claims.Account}, nil
}

// account asks Jira whose token came along.
func (s *SignIn) account(ctx context.Context, claims fit.Claims, token string) (string, error) {
	if token == "" {
		return "", &a2a.Refusal{
			Status:  http.StatusForbidden,
			Message: "The request does not say for which user: enable auth.appUserToken for the remote in the app's manifest",
		}
	}
	return s.accounts.of(ctx, claims, token)
}

func (s *SignIn) keep(ctx context.Context, claims fit.Claims, tokens fit.Tokens) error {
	if s.keeper == nil {
		return nil
	}
	err := s.keeper.Keep(ctx, claims, tokens)
	var refusal *a2a.Refusal
	if err == nil || errors.As(err, &refusal) {
		return err
	}
	return &a2a.Refusal{
		Status: http.StatusServiceUnavailable, Message: "The request cannot be taken now", RetryAfter: retryAfter,
		Cause: fmt.Errorf("keep the tokens of installation %s: %w", claims.Installation, err),
	}
}

const retryAfter = 5 * time.Second
