package jira

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Options configure a site. The zero value is a usable site at
// https://example.atlassian.net with DefaultSeed.
type Options struct {
	// Deployment is the kind of Jira; Cloud if empty. Version is that of a Data
	// Center, such as "9.12.5"; DataCenterVersion if empty.
	Deployment Deployment
	Version    string
	// BaseURL is how the site names itself in self links, without a slash at the
	// end. Start of package sandbox sets it to the listener's address.
	BaseURL string
	// ContextPath is a path under which everything is, such as "/jira".
	ContextPath string
	// Seed is added to DefaultSeed. With OnlySeed the defaults of people,
	// projects, boards and sprints are left out.
	Seed     Seed
	OnlySeed bool
	// OAuth is the app of a Cloud site, CloudID the id under which the gateway
	// (/ex/jira/<id>) knows the site; CloudID of this package if empty.
	OAuth   OAuth
	CloudID string
	// Now tells the time; time.Now if nil.
	Now func() time.Time
	// Luck gives numbers in [0, 1) that decide about faults with a fraction; a
	// seeded generator makes them repeatable. A fixed seed if nil.
	Luck func() float64
	// LogSize is how many requests are remembered; 2,000 if 0.
	LogSize int
	// IndexLag is how long a new issue is missing from searches, unless the
	// search names it in reconcileIssues. Jira's index lags by seconds.
	IndexLag time.Duration
	// LimitWrites enforces Jira's per-issue limit: 20 writes in 2 s and 100 in
	// 30 s, answered with 429 and the reason jira-per-issue-on-write.
	LimitWrites bool
	// AnonymousOnBadToken treats a wrong token as no token, as Jira does on some
	// sites: reads answer 200 with nothing in them.
	AnonymousOnBadToken bool
	// OnRequest sees every request to the API before anything else happens.
	OnRequest func(*http.Request)
}

func (o Options) seed() Seed {
	d := DefaultSeed()
	if o.Deployment == DataCenter {
		d.Fields = append(slices.DeleteFunc(d.Fields, cloudOnly), dataCenterFields()...)
	}
	if o.OnlySeed {
		d.Users, d.Projects, d.Boards, d.Sprints = nil, nil, nil, nil
	}
	s := o.Seed
	return Seed{
		Users:       merged(d.Users, s.Users, func(u User) string { return u.AccountID }),
		Projects:    merged(d.Projects, s.Projects, func(p Project) string { return p.Key }),
		Types:       merged(d.Types, s.Types, func(t IssueType) string { return t.ID }),
		Priorities:  merged(d.Priorities, s.Priorities, func(p Priority) string { return p.ID }),
		Statuses:    merged(d.Statuses, s.Statuses, func(x Status) string { return x.ID }),
		Transitions: merged(d.Transitions, s.Transitions, func(x Transition) string { return x.ID }),
		Resolutions: merged(d.Resolutions, s.Resolutions, func(r Resolution) string { return r.ID }),
		LinkTypes:   merged(d.LinkTypes, s.LinkTypes, func(l LinkType) string { return l.ID }),
		Fields:      merged(d.Fields, s.Fields, func(f Field) string { return f.ID }),
		Boards:      merged(d.Boards, s.Boards, func(b Board) string { return strconv.Itoa(b.ID) }),
		Sprints:     merged(d.Sprints, s.Sprints, func(x Sprint) string { return strconv.Itoa(x.ID) }),
		Issues:      s.Issues,
	}
}
