package rovo

import (
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/a2a/client"
)

// Kinds of secrets. Those of users and of the app are opaque tokens for the API.
const (
	secretInvocation = "invocation"
	secretUser       = "user"
	secretSystem     = "system"
)

// Secret is a token that was handed out, for tests that look for what must not be
// found anywhere.
type Secret struct {
	// Kind is invocation, user or system.
	Kind string
	// Tenant is the name of the site, Account whose token it is; "" is nobody's.
	Tenant, Account string
	Token           string
}

// grant is what an opaque token is good for.
type grant struct {
	kind    string
	tenant  *Tenant
	account string
	until   time.Time
	scopes  []string
}

// issue makes an opaque token. What has expired is forgotten meanwhile.
func (s *Server) issue(kind string, t *Tenant, account string) string {
	now := s.opts.Now()
	token := "ATCT-" + kind + "-" + client.NewID() + client.NewID()
	s.mu.Lock()
	if len(s.tokens)%256 == 255 {
		for old, g := range s.tokens {
			if now.After(g.until.Add(time.Hour)) {
				delete(s.tokens, old)
			}
		}
	}
	s.tokens[token] = &grant{kind: kind, tenant: t, account: account, until: now.Add(s.opts.Limits.Token), scopes: t.consented()}
	s.mu.Unlock()
	s.remember(kind, t, account, token)
	return token
}

func (s *Server) remember(kind string, t *Tenant, account, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = keep(s.secrets, Secret{Kind: kind, Tenant: t.name, Account: account, Token: token}, s.opts.LogSize)
}

// Secrets are the tokens that were handed out of late, oldest first.
func (s *Server) Secrets() []Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.secrets)
}

// ExpireTokens ends all tokens for the API that an account has got so far, or with
// "" those of all accounts.
func (s *Server) ExpireTokens(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.tokens {
		if account == "" || g.account == account {
			g.until = time.Time{}
		}
	}
}

// lookUp finds what a token is good for; nil if it is none of ours.
func (s *Server) lookUp(token string) *grant {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.tokens[token]
	if g == nil {
		return nil
	}
	found := *g
	return &found
}
