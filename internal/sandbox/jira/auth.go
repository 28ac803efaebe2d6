package jira

import (
	"net/http"
	"strings"
	"time"
)

// authenticate finds the user of a request by Basic e-mail and token, or by the
// token alone as Bearer. A nil user is anonymous.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request, e endpoint) (*User, error) {
	by, tried := s.identify(r)
	switch {
	case by != nil:
		w.Header().Set("X-Aaccountid", by.AccountID)
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
	if email, token, ok := r.BasicAuth(); ok {
		by = s.st.logins[login(email, token)]
	} else if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		by = s.st.bearer(token)
	}
	if by != nil && (by.Inactive || by.Token == "") {
		by = nil
	}
	return by, tried
}

func (st *state) bearer(token string) *User {
	for _, u := range st.users {
		if u.Token == token {
			return u
		}
	}
	return nil
}

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
