package app

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
	"github.com/aofctl/aofctl/internal/forge/forgeapp"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/tool/jira"
)

// offers are the agents that callers of A2A may ask, as the catalogue in force has
// them.
type offers struct {
	config         manifest.A2A
	daemon         *manifest.Daemon
	runtimeDefault string
	// base is where callers reach the daemon. It is asked each time, since the port
	// may be known only once it is bound.
	base     func() string
	catalog  func() *manifest.Catalog
	pushes   bool
	now      func() time.Time
	computed atomic.Pointer[offered]
}

// offered is what was found in one catalogue.
type offered struct {
	catalog     *manifest.Catalog
	byName      map[string]manifest.Offer
	defaultName string
	// scopes are those of OAuth that the tools of all that is offered need.
	scopes []string
	since  time.Time
}

// current looks the offer up once for each catalogue.
func (o *offers) current() *offered {
	cat := o.catalog()
	if known := o.computed.Load(); known != nil && known.catalog == cat {
		return known
	}
	byName := o.config.Offered(cat)
	found := &offered{catalog: cat, byName: byName, defaultName: o.config.Default(byName, o.runtimeDefault),
		scopes: forgeapp.FromCatalog(o.daemon, cat, jira.Scopes).AllScopes(), since: o.now().Truncate(time.Second)}
	o.computed.Store(found)
	return found
}

// find returns the offer of a name, "" being the default one's.
func (o *offers) find(name string) (manifest.Offer, bool) {
	now := o.current()
	if name == "" {
		name = now.defaultName
	}
	offer, found := now.byName[name]
	return offer, found
}

// names are those of all that is offered, sorted.
func (o *offers) names() []string {
	var list []string
	for name := range o.current().byName {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// url is where an agent takes requests, "" being the default one.
func (o *offers) url(name string) string {
	if name == "" {
		return o.base() + "/a2a/json-rpc"
	}
	return o.base() + "/a2a/" + url.PathEscape(name) + "/json-rpc"
}

// Card implements endpoint.Cards.
func (o *offers) Card(agent string) (card.Card, bool) {
	now := o.current()
	offer, found := o.find(agent)
	if !found {
		return card.Card{}, false
	}
	name := offer.Target.Name
	description := offer.Description
	if description == "" {
		description = "The " + string(offer.Target.Kind) + " " + name + "."
	}
	return card.Card{Name: name, Description: description, Version: shortRevision(offer.Revision), URL: o.url(agent),
		Streaming: true, Push: o.pushes, Bearer: !o.config.Public, Extended: !o.config.Public, Changed: now.since,
		Skills: []card.Skill{{ID: name, Name: name, Description: description, Tags: []string{string(offer.Target.Kind), "jira"}}}}, true
}

// Extended implements endpoint.Cards: who has signed in may know which tools the
// agent has, and who else is offered where.
func (o *offers) Extended(_ context.Context, call a2a.Call) (card.Card, bool) {
	c, found := o.Card(call.Agent)
	if !found || o.config.Public {
		return c, false
	}
	now := o.current()
	own := now.byName[c.Name]
	if a := now.catalog.Agents[c.Name]; a != nil && own.Target.Kind == manifest.TargetAgent {
		c.Skills[0].Tags = append(c.Skills[0].Tags, a.Tools...)
	}
	for _, name := range o.names() {
		if name == c.Name {
			continue
		}
		other := now.byName[name]
		c.Skills = append(c.Skills, card.Skill{ID: name, Name: name, Description: strings.TrimSpace(other.Description + " At " + o.url(name)),
			Tags: []string{string(other.Target.Kind), "elsewhere"}})
	}
	return c, true
}

// shortRevision is enough of a revision to tell it from others.
func shortRevision(revision string) string {
	const enough = 12
	return revision[:min(len(revision), enough)]
}
