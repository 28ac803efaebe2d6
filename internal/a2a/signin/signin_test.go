package signin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/forge/fit"
)

func TestCallersAreKnownByWhatTheySend(t *testing.T) {
	plain := []Token{{"ci", "secret-of-ci"}, {"bot", "secret=of=bot"}}
	forged := Config{Forge: forge(), Tokens: plain}
	for _, tt := range []struct {
		name    string
		cfg     Config
		headers []string
		want    a2a.Caller
		status  int
	}{
		{"Jira", forged, []string{"Bearer " + jwt("alice")}, a2a.Caller{Jira: true, Installation: installation, Account: "alice"}, 0},
		{"Jira where all may call", Config{Forge: forge(), Public: true}, []string{"Bearer " + jwt("alice")}, a2a.Caller{Jira: true, Installation: installation, Account: "alice"}, 0},
		{"a token of somebody", forged, []string{"Bearer secret-of-ci"}, a2a.Caller{Installation: "token:ci"}, 0},
		{"a token with equal signs", forged, []string{"Bearer secret=of=bot"}, a2a.Caller{Installation: "token:bot"}, 0},
		{"the scheme in another case", forged, []string{"bEARER   secret-of-ci "}, a2a.Caller{Installation: "token:ci"}, 0},
		{"nothing where all may call", Config{Public: true}, nil, a2a.Caller{Installation: "public"}, 0},
		{"a proxy's own where all may call", Config{Public: true}, []string{"Basic YTpi"}, a2a.Caller{Installation: "public"}, 0},
		{"nothing", forged, nil, a2a.Caller{}, 401},
		{"another scheme", forged, []string{"Basic YTpi"}, a2a.Caller{}, 401},
		{"a token of nobody", forged, []string{"Bearer secret"}, a2a.Caller{}, 401},
		{"a part of a token", forged, []string{"Bearer secret-of-c"}, a2a.Caller{}, 401},
		{"no token behind the scheme", forged, []string{"Bearer"}, a2a.Caller{}, 401},
		{"a name for a token", forged, []string{"Bearer ci"}, a2a.Caller{}, 401},
		{"a token of nobody where all may call", Config{Public: true}, []string{"Bearer secret"}, a2a.Caller{}, 401},
		{"no token behind the scheme where all may call", Config{Public: true}, []string{"Bearer "}, a2a.Caller{}, 401},
		{"two headers", forged, []string{"Bearer secret-of-ci", "Bearer " + jwt("alice")}, a2a.Caller{}, 401},
		{"a forged token", forged, []string{"Bearer " + jwt("mallory")}, a2a.Caller{}, 401},
		{"a token for another module", Config{Forge: forge(), Elsewhere: []string{"page"}}, []string{"Bearer " + jwt("page")}, a2a.Caller{}, 401},
		{"a forged token where all may call", Config{Forge: forge(), Public: true}, []string{"Bearer " + jwt("mallory")}, a2a.Caller{}, 401},
		{"a token of Forge without Forge", Config{Public: true}, []string{"Bearer " + jwt("alice")}, a2a.Caller{}, 401},
		{"no keys to check it with", forged, []string{"Bearer " + jwt("nokeys")}, a2a.Caller{}, 503},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(t)
			r.Header["Authorization"] = tt.headers
			ctx, got, err := mustNew(t, tt.cfg).Authenticate(r)
			if tt.status != 0 {
				refusal := wantRefused(t, err, tt.status)
				if tt.status == http.StatusServiceUnavailable && refusal.RetryAfter <= 0 {
					t.Error("it does not say when to come again")
				}
				return
			}
			if err != nil || ctx == nil || got != tt.want {
				t.Errorf("%v, got %+v", err, got)
			}
		})
	}
}

func TestWhatLooksLikeATokenOfForgeIsNothingElse(t *testing.T) {
	verifier, err := fit.New(fit.Config{AppID: installation})
	if err != nil {
		t.Fatal(err)
	}
	for _, forge := range []Forge{verifier, nil} {
		s := mustNew(t, Config{Forge: forge, Public: true, Tokens: []Token{{"ci", "secret"}}})
		for _, token := range []string{
			"eyJhbGciOiJub25lIn0.e30.", "e30.e30", "e30.", "eyJhbGciOiJub25lIn0.e30.a.b.c", "e30.secret", jwt(strings.Repeat("x", 1<<20)),
		} {
			_, _, err := s.Authenticate(request(t, "Authorization", "Bearer "+token))
			wantRefused(t, err, http.StatusUnauthorized)
		}
	}
}

func TestOnlyTheModulesOfTheEndpointAreServed(t *testing.T) {
	f := forge()
	s := mustNew(t, Config{Forge: f, Modules: []string{"a2a", "agent"}})
	if _, _, err := s.Authenticate(request(t, "Authorization", "Bearer "+jwt("alice"))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a2a", "agent"}, f.modules); diff != "" {
		t.Error(diff)
	}
}

func TestWhatForgeSendsAlongGoesIntoTheContext(t *testing.T) {
	s := mustNew(t, Config{Forge: forge()})
	var log bytes.Buffer
	r := request(t, "Authorization", "Bearer "+jwt("alice"), "x-forge-oauth-user", "canary-user", "x-forge-oauth-system", "canary-system",
		"x-b3-traceid", "80f198ee56343ba864fe8b2a57d3eff7", "x-b3-spanid", "e457b5a2e4d86bd1")
	r = r.WithContext(zerolog.New(&log).WithContext(r.Context()))
	ctx, _, err := s.Authenticate(r)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := ClaimsFrom(ctx)
	tokens, trace := TokensFrom(ctx), TraceFrom(ctx)
	if !ok || c.Account != "alice" || tokens.User() != "canary-user" || tokens.System() != "canary-system" ||
		trace != (Trace{TraceID: "80f198ee56343ba864fe8b2a57d3eff7", SpanID: "e457b5a2e4d86bd1"}) {
		t.Errorf("%v %+v %q %q %+v", ok, c, tokens.User(), tokens.System(), trace)
	}
	zerolog.Ctx(ctx).Info().Interface("tokens", tokens).Msgf("%v %+v %#v", ctx, tokens, tokens)
	var line map[string]any
	if json.Unmarshal(log.Bytes(), &line) != nil || line["installation"] != installation || line["trace"] != trace.TraceID || line["span"] != trace.SpanID {
		t.Errorf("logged %s", &log)
	}
	if strings.Contains(log.String()+fmt.Sprintf("%+v %#v", ctx, ctx), "canary") {
		t.Errorf("a token shows: %s", &log)
	}
}

func TestOtherCallersBringNothingAlong(t *testing.T) {
	s := mustNew(t, Config{Public: true, Tokens: []Token{{"ci", "secret"}}})
	for _, auth := range [][]string{nil, {"Authorization", "Bearer secret"}} {
		ctx, _, err := s.Authenticate(request(t, append(auth, "x-forge-oauth-user", "canary", "x-b3-traceid", "abc")...))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ClaimsFrom(ctx); ok || TokensFrom(ctx).User() != "" || TraceFrom(ctx) != (Trace{}) {
			t.Error("headers that anybody may send were taken")
		}
	}
}

func TestTracesThatAreNoneAreDropped(t *testing.T) {
	for text, want := range map[string]string{"80F198ee": "80F198ee", "": "", "x\" forged": "", strings.Repeat("a", 33): ""} {
		if got := traceOf(http.Header{"X-B3-Traceid": {text}}); got.TraceID != want {
			t.Errorf("%q: %q", text, got.TraceID)
		}
	}
}

func TestDamagedTokensAreRefused(t *testing.T) {
	s := mustNew(t, Config{Forge: forge()})
	_, _, err := s.Authenticate(request(t, "Authorization", "Bearer "+jwt("alice"), "x-forge-oauth-user", "canary\x00"))
	if r := wantRefused(t, err, http.StatusBadRequest); strings.Contains(r.Error(), "canary") {
		t.Error(r)
	}
}

// keeper is a Keeper.
type keeper struct {
	claims fit.Claims
	tokens fit.Tokens
	err    error
}

func (k *keeper) Keep(_ context.Context, c fit.Claims, tokens fit.Tokens) error {
	k.claims, k.tokens = c, tokens
	return k.err
}

func TestWhatComesAlongIsKeptBeforeTheRequestIsServed(t *testing.T) {
	k := &keeper{}
	s := mustNew(t, Config{Forge: forge(), Keeper: k, Carrier: &jira{users: map[string]string{"token-of-bob": "bob"}}})
	_, caller, err := s.Authenticate(request(t, "Authorization", "Bearer "+jwt("event"), "x-forge-oauth-user", "token-of-bob"))
	if err != nil || caller.Account != "bob" || k.claims.Account != "bob" || k.tokens.User() != "token-of-bob" {
		t.Errorf("%v %+v %+v", err, caller, k.claims)
	}
}

func TestARequestThatCannotBeKeptIsNotServed(t *testing.T) {
	gone := &a2a.Refusal{Status: http.StatusForbidden, Message: "uninstalled"}
	for err, status := range map[error]int{errors.New("database is locked"): 503, gone: 403, fmt.Errorf("keep: %w", gone): 403} {
		s := mustNew(t, Config{Forge: forge(), Keeper: &keeper{err: err}})
		_, _, got := s.Authenticate(request(t, "Authorization", "Bearer "+jwt("alice")))
		if r := wantRefused(t, got, status); strings.Contains(r.Message, "database") {
			t.Error("strangers are told of the database")
		}
	}
}

func TestMessagesOfAnotherUserAreToldApart(t *testing.T) {
	message := func(data string) a2a.Message {
		return a2a.Message{Parts: []a2a.Part{{Kind: a2a.TextPart, Text: "hi"}, {Kind: a2a.DataPart, Data: json.RawMessage(data)}}}
	}
	alice := a2a.Caller{Jira: true, Installation: installation, Account: "alice"}
	for data, same := range map[string]bool{
		`{"userAccountId":"alice","issue":{"id":"1"}}`: true,
		`{"userAccountId":"bob","issue":{"id":"1"}}`:   false,
		`{"userAccountId":"Alice"}`:                    false,
		`{"issue":{"id":"1"}}`:                         true,
		`{"userAccountId":"","issue":{"id":"1"}}`:      true,
		`{"else":1}`: true,
	} {
		err := SameUser(alice, message(data))
		if (err == nil) != same {
			t.Errorf("%s: %v", data, err)
		}
		if !same {
			wantRefused(t, err, http.StatusForbidden)
		}
		if err := SameUser(a2a.Caller{Installation: "token:ci"}, message(data)); err != nil {
			t.Errorf("a caller without accounts: %v", err)
		}
	}
}
