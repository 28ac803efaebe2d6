package policy

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// knowledge is what the texts of a run may point at: the people on its issue and
// the addresses in its data. It comes from the request alone, so that the same
// request is always decided in the same way.
type knowledge struct {
	hosts  hosts.List
	github string
	repos  []string
	people func() map[string]bool
	links  func() map[string]bool
}

func (p *Policy) knowledge(req Request) *knowledge {
	k := &knowledge{hosts: p.hosts, github: p.github, repos: repositories(req)}
	if p.sites != nil {
		k.hosts = append(append(hosts.List{}, k.hosts...), p.sites(req.Call.Origin.Site)...)
	}
	if h, ok := hostAt(req.Call.Origin.OnBehalf.SiteURL); ok {
		k.hosts = append(append(hosts.List{}, k.hosts...), h)
	}
	k.people = sync.OnceValue(func() map[string]bool { return p.people(req) })
	k.links = sync.OnceValue(func() map[string]bool { return p.links(req) })
	return k
}

// hostAt is the host of an address; false if there is none.
func hostAt(address string) (hosts.Host, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return hosts.Host{}, false
	}
	h, err := hosts.Parse(u.Scheme + "://" + u.Host)
	return h, err == nil
}

func (k *knowledge) person(who string) bool { return k.people()[account(who)] }

// people are those on the issue: who caused the event, the people that the event
// names, whom the event's texts and the operator mention, and whom reading the
// run's own issue showed.
func (p *Policy) people(req Request) map[string]bool {
	known := map[string]bool{}
	add := func(list ...string) {
		for _, who := range list {
			if who = account(who); who != "" {
				known[who] = true
			}
		}
	}
	o := req.Call.Origin
	add(p.mentionable...)
	add(o.Actor.AccountID, o.Actor.Name, o.Actor.Key)
	add(o.People...)
	for _, s := range append(append([]string{}, o.Texts...), req.Trusted...) {
		add(mentions(s, o.Repository != "")...)
	}
	for _, e := range req.Prior {
		if result, ok := p.read(e); ok && p.onIssue(e, o) {
			add(mentions(result, false)...)
			add(named(result)...)
		}
	}
	return known
}

// onIssue reports whether what was read is the run's own issue, or its page.
func (p *Policy) onIssue(e step.Entry, o tool.Origin) bool {
	return o.IssueKey != "" && strings.EqualFold(e.Target, o.IssueKey) || o.Page != "" && e.Target == pageTarget(o.Page)
}

// pageTarget is how tools name a page in what they are about.
func pageTarget(id string) string { return "page:" + id }

// person is how the tools name people: "assignee: Ann Lee (5b10…)" of an issue,
// "[10500] Ann Lee (5b10…), 2026-01-31 09:00 +0000:" of a comment.
var shownPerson = regexp.MustCompile(`(?m)^(?:(?:assignee|reporter): .*\(([^()\s]+)\)|\[\d+\] .*\(([^()\s]+)\), \d{4}-\d\d-\d\d)`)

func named(result string) []string {
	var list []string
	for _, m := range shownPerson.FindAllStringSubmatch(result, -1) {
		list = append(list, m[1], m[2])
	}
	return list
}

// read returns what a finished step read from a platform of the run; false for
// every other step. What other tools say does not count: they may repeat what a
// model told them.
func (p *Policy) read(e step.Entry) (string, bool) {
	if e.Kind != step.KindTool || e.Decision != RuleAllowed || e.Error != "" {
		return "", false
	}
	t, ok := p.tools.Lookup(e.Name)
	if !ok || tool.AccessOf(t, e.Input) != tool.Read {
		return "", false
	}
	switch t.Spec().Toolset {
	case "jira", "confluence", "atlassian", setGitHub:
	default:
		return "", false
	}
	var result string
	if json.Unmarshal(e.Output, &result) != nil {
		return "", false
	}
	return result, true
}

// links are the addresses that stand in the event, in the operator's texts and in
// what was read. An address that the model wrote into arguments before does not
// count: an answer may repeat it.
func (p *Policy) links(req Request) map[string]bool {
	known, said := map[string]bool{}, ""
	for _, s := range append(append([]string{}, req.Call.Origin.Texts...), req.Trusted...) {
		for _, link := range addresses(s) {
			known[link] = true
		}
	}
	for _, e := range req.Prior {
		if e.Kind != step.KindTool {
			continue
		}
		said += "\x00" + strings.ToLower(unmasked(decoded(e.Input)))
		result, ok := p.read(e)
		if !ok {
			continue
		}
		for _, link := range addresses(result) {
			if !strings.Contains(said, strings.ToLower(unmasked(afterScheme(link)))) {
				known[link] = true
			}
		}
	}
	return known
}
