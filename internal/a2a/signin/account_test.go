package signin

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// signIn signs in with a token of Forge that names nobody, and a token of a user.
func signIn(t *testing.T, s *SignIn, forge, user string) (a2a.Caller, error) {
	t.Helper()
	headers := []string{"Authorization", "Bearer " + jwt(forge)}
	if user != "" {
		headers = append(headers, "x-forge-oauth-user", user)
	}
	_, caller, err := s.Authenticate(request(t, headers...))
	return caller, err
}

func TestJiraIsAskedOnceWhoseATokenIs(t *testing.T) {
	j := &jira{users: map[string]string{"token-a": "alice", "token-b": "bob"}}
	s := mustNew(t, Config{Forge: forge(), Carrier: j})
	for range 3 {
		for token, want := range j.users {
			if caller, err := signIn(t, s, "event", token); err != nil || caller.Account != want {
				t.Errorf("%v, got %+v", err, caller)
			}
		}
	}
	if j.asked() != 2 {
		t.Errorf("Jira was asked %d times", j.asked())
	}
	r := j.requests[0]
	if r.Method != http.MethodGet || r.URL.String() != apiBase+"/rest/api/3/myself" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer token-") {
		t.Errorf("%s %s %s", r.Method, r.URL, r.Header.Get("Authorization"))
	}
	if _, err := signIn(t, s, "elsewhere", "token-a"); err != nil || j.asked() != 3 {
		t.Errorf("one site was believed about another: %v, %d requests", err, j.asked())
	}
}

func TestWhomForgeNamesIsNotAskedFor(t *testing.T) {
	j := &jira{}
	s := mustNew(t, Config{Forge: forge(), Carrier: j})
	if caller, err := signIn(t, s, "alice", "token-b"); err != nil || caller.Account != "alice" || j.asked() != 0 {
		t.Errorf("%v %+v, %d requests", err, caller, j.asked())
	}
}

func TestARequestThatSaysNoUserIsRefusedWithACure(t *testing.T) {
	_, err := signIn(t, mustNew(t, Config{Forge: forge(), Carrier: &jira{}}), "event", "")
	if r := wantRefused(t, err, http.StatusForbidden); !strings.Contains(r.Message, "appUserToken") {
		t.Error(r.Message)
	}
}

func TestAnswersThatNameNobodyAreNotBelieved(t *testing.T) {
	for name, tt := range map[string]struct {
		jira *jira
		want int
	}{
		"expired":           {&jira{status: 401, body: "{}"}, 403},
		"forbidden":         {&jira{status: 403, body: "{}"}, 403},
		"the app's own":     {&jira{body: `{"accountId":"app-1","accountType":"app"}`}, 403},
		"no account":        {&jira{body: `{}`}, 503},
		"an unknown one":    {&jira{body: `{"accountId":"unknown"}`}, 503},
		"a strange account": {&jira{body: `{"accountId":"a\nb"}`}, 503},
		"a page":            {&jira{body: `<html>`}, 503},
		"endless":           {&jira{body: `{"x":"` + strings.Repeat("x", maxAnswer) + `","accountId":"alice"}`}, 503},
		"no such site":      {&jira{status: 404, body: `{"accountId":"alice"}`}, 503},
		"too many":          {&jira{status: 429, body: `{}`}, 503},
		"away":              {&jira{status: 502, body: `{"accountId":"alice"}`}, 503},
		"elsewhere":         {&jira{status: 302, body: `{"accountId":"alice"}`, header: http.Header{"Location": {"https://evil.example/"}}}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustNew(t, Config{Forge: forge(), Carrier: tt.jira})
			for range 2 { // a failure is not remembered
				_, err := signIn(t, s, "event", "canary")
				if r := wantRefused(t, err, tt.want); strings.Contains(r.Error(), "canary") {
					t.Error(r)
				}
			}
			if tt.jira.asked() != 2 {
				t.Errorf("Jira was asked %d times", tt.jira.asked())
			}
		})
	}
}

func TestAfterAFailureTheUserIsFound(t *testing.T) {
	j := &jira{users: map[string]string{"token": "alice"}, status: 500}
	s := mustNew(t, Config{Forge: forge(), Carrier: j})
	_, err := signIn(t, s, "event", "token")
	wantRefused(t, err, http.StatusServiceUnavailable)
	j.status = 0
	if caller, err := signIn(t, s, "event", "token"); err != nil || caller.Account != "alice" {
		t.Errorf("%v %+v", err, caller)
	}
}

func TestManyRequestsWithOneTokenAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &jira{users: map[string]string{"token": "alice"}, hold: make(chan struct{})}
		s := mustNew(t, Config{Forge: forge(), Carrier: j})
		ctx, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			r := request(t, "Authorization", "Bearer "+jwt("event"), "x-forge-oauth-user", "token")
			if _, caller, err := s.Authenticate(r.WithContext(ctx)); err == nil {
				t.Errorf("whoever left was served as %+v", caller)
			}
		})
		synctest.Wait()
		for range 20 {
			all.Go(func() {
				if caller, err := signIn(t, s, "event", "token"); err != nil || caller.Account != "alice" {
					t.Errorf("%v %+v", err, caller)
				}
			})
		}
		synctest.Wait()
		leave() // whoever asked first is gone, the others get their answer
		synctest.Wait()
		close(j.hold)
		all.Wait()
		if j.asked() != 1 {
			t.Errorf("Jira was asked %d times", j.asked())
		}
	})
}

func TestAnswersAreForgottenInTimeAndJiraMayHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &jira{users: map[string]string{"token": "alice"}}
		s := mustNew(t, Config{Forge: forge(), Carrier: j})
		for _, pause := range []time.Duration{0, knownFor - time.Second, time.Second} {
			time.Sleep(pause)
			if _, err := signIn(t, s, "event", "token"); err != nil {
				t.Error(err)
			}
		}
		if j.asked() != 2 {
			t.Errorf("Jira was asked %d times", j.asked())
		}
		j.hold = make(chan struct{})
		begin := time.Now()
		_, err := signIn(t, s, "event", "another")
		wantRefused(t, err, http.StatusServiceUnavailable)
		if took := time.Since(begin); took != askTimeout {
			t.Errorf("it took %s", took)
		}
	})
}

func TestAnswersAreKeptInBounds(t *testing.T) {
	j := &jira{body: `{"accountId":"alice"}`}
	s := mustNew(t, Config{Forge: forge(), Carrier: j})
	for i := range maxKnown + 100 {
		if _, err := signIn(t, s, "event", fmt.Sprint("token-", i)); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.accounts.known) != maxKnown || len(s.accounts.ring) != maxKnown {
		t.Errorf("%d answers are kept", len(s.accounts.known))
	}
	before := j.asked()
	_, _ = signIn(t, s, "event", fmt.Sprint("token-", maxKnown+99))
	_, _ = signIn(t, s, "event", "token-0")
	if j.asked() != before+1 {
		t.Errorf("the wrong ones were forgotten: %d requests", j.asked()-before)
	}
}
