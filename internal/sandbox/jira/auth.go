package jira

import (
	"net/http"
	"strings"
	"time"
)

// authenticate finds the user of a request. Cloud takes Basic with e-mail address
// and API token, Data Center Basic with name and password and Bearer with a
// personal access token. A nil user is anonymous.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, e endpoint) (*User, error) {
	by, tried := s.identify(r)
	if s.dc() {
		signHeaders(w.Header(), by)
		w.Header().Set("X-Arequestid", requestID(s.opts.Now(), s.Count()))
	}
	switch {
	case by != nil && s.dc():
	case by != nil:
		w.Header().Set("X-Aaccountid", by.AccountID)
	case e.open && tried:
		w.Header().Set("X-Seraph-Loginreason", "AUTHENTICATED_FAILED")
	case e.open:
	case tried && !s.opts.AnonymousOnBadToken:
		w.Header().Set("X-Seraph-Loginreason", "AUTHENTICATED_FAILED")
		return nil, notAuthenticated()
	case !tried && !s.opts.AnonymousOnBadToken || e.writes():
		return nil, notAuthenticated()
	default:
		w.Header().Set("X-Seraph-Loginreason", "AUTHENTICATED_FAILED")
	}
	return by, nil
}

// identify tells who asks, and whether any credentials were given.
func (s *Server) identify(r *http.Request) (by *User, tried bool) {
	tried = r.Header.Get("Authorization") != ""
	s.mu.RLock()
	defer s.mu.RUnlock()
	if account, ok := r.Context().Value(accountMark{}).(string); ok {
		if by = s.st.accounts[account]; by != nil && by.Inactive {
			by = nil
		}
		return by, account != ""
	}
	if name, token, ok := r.BasicAuth(); ok {
		by = s.st.logins[login(name, token)]
	} else if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		by = s.bearer(r, token)
	}
	if by != nil && (by.Inactive || by.Token == "") {
		by = nil
	}
	return by, tried
}

// bearer finds the user of a token: a personal access token on Data Center, or an
// access token of OAuth, which on Cloud is good at the gateway only. API tokens
// are neither.
func (s *Server) bearer(r *http.Request, token string) *User {
	if by := s.st.tokens[token]; s.dc() && by != nil {
		return by
	}
	if !s.dc() && !viaGateway(r) {
		return nil
	}
	return s.st.accounts[s.oauth.account(token, s.opts.Now())]
}

func (s *Server) dc() bool { return s.opts.Deployment == DataCenter }

// Jira's limits on writes to one issue (developer.atlassian.com, "Rate limiting").
const (
	shortWrites, shortWindow = 20, 2 * time.Second
	longWrites, longWindow   = 100, 30 * time.Second
)

// underLimit refuses a write to an issue that was written to too often.
func (t *tx) underLimit(c *call) error {
	i := t.st.issue(c.path("issue"))
	if i == nil {
		return nil
	}
	short, long := 0, 0
	for at := len(i.writes) - 1; at >= 0 && long < longWrites; at-- {
		age := t.now.Sub(i.writes[at].At)
		if age >= longWindow {
			break
		}
		long++
		if age < shortWindow {
			short++
		}
	}
	if short < shortWrites && long < longWrites {
		return nil
	}
	c.header.Set("Retry-After", "2")
	c.header.Set("RateLimit-Reason", "jira-per-issue-on-write")
	return refuse(http.StatusTooManyRequests, "Rate limit exceeded.")
}
