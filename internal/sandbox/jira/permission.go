package jira

import (
	"fmt"
	"slices"
)

// Hide keeps an issue, or a project with all its issues, from a user, named as in
// As: the user has no permission to browse it, and Jira answers as if it did not
// exist. Reset shows everything again.
func (s *Server) Hide(who, keyOrProject string) error { return s.conceal(who, keyOrProject, true) }

// Show takes Hide back.
func (s *Server) Show(who, keyOrProject string) error { return s.conceal(who, keyOrProject, false) }

func (s *Server) conceal(who, what string, hidden bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.st.user(who)
	if u == nil {
		return fmt.Errorf("find user %q: there is none", who)
	}
	key := ""
	if i := s.st.issue(what); i != nil {
		key = i.key
	} else if p := s.st.project(what); p != nil {
		key = p.Key
	} else {
		return fmt.Errorf("find %q: it is neither an issue nor a project", what)
	}
	if s.st.hidden[u.AccountID] == nil {
		s.st.hidden[u.AccountID] = map[string]bool{}
	}
	s.st.hidden[u.AccountID][key] = hidden
	return nil
}

// sees tells whether the user may browse an issue; anonymous users see none.
func (t *tx) sees(i *issue) bool {
	return t.by != nil && !t.st.hidden[t.by.AccountID][i.key] && t.seesProject(i.project)
}

// seesProject tells whether the user may browse a project.
func (t *tx) seesProject(p *project) bool {
	return t.by != nil && !t.st.hidden[t.by.AccountID][p.Key]
}

// conceals tells whether an issue is kept from a user whom the site knows: what
// nobody did, such as webhooks of its own, shows everything.
func (t *tx) conceals(i *issue) bool { return t.by != nil && !t.sees(i) }

// shown are the links of an issue whose other end the user may browse.
func (t *tx) shown(i *issue) []*link {
	return slices.DeleteFunc(slices.Clone(i.links), func(l *link) bool { return t.conceals(l.inward) || t.conceals(l.outward) })
}

// Browses tells whether a user, named as in As, may browse an issue.
func (s *Server) Browses(who, keyOrID string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	i := s.st.issue(keyOrID)
	return i != nil && (&tx{st: s.st, by: s.st.user(who)}).sees(i)
}

// AddUser makes an account known to the site, as if it had always been there; one
// with its account id stays as it is.
func (s *Server) AddUser(u User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.st.accounts[u.AccountID] == nil {
		s.st.addUser(u)
	}
}
