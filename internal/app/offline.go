package app

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/enrich"
	"github.com/aofctl/aofctl/internal/event"
	eventconfluence "github.com/aofctl/aofctl/internal/event/confluence"
	eventgithub "github.com/aofctl/aofctl/internal/event/github"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/tool"
)

// Known returns what manifests may refer to, without secrets and without
// connecting to anything. d is nil if there is no configuration.
func Known(d *manifest.Daemon, env func(string) (string, bool)) (manifest.Known, error) {
	configured := d != nil
	if !configured {
		d = &manifest.Daemon{}
	}
	registry, err := newRegistry(&sites{}, tool.Writer{}, helpers{})
	if err != nil {
		return manifest.Known{}, err
	}
	var configs []llm.ProviderConfig
	for name, p := range d.Providers {
		configs = append(configs, providerConfig(name, p))
	}
	providers, err := llm.NewProviders(configs, llm.Options{Fallbacks: d.Fallbacks})
	if err != nil {
		return manifest.Known{}, err
	}
	k := known(d, registry, providers, env)
	if !configured { // what it will have is not known
		k.Tools = knownTools(registry, true)
	}
	if len(d.Jira) == 0 && d.GitHub == nil && (d.Confluence == nil || d.Confluence.Deaf()) {
		k.SecretEnvs = nil
	}
	return k, nil
}

// Explanation is what would become of a payload.
type Explanation struct {
	Event    *event.Event   `json:"event"`
	Decision route.Decision `json:"decision"`
	// Asked are the variables that the daemon would ask Jira for before it
	// decides, and the conditions in JQL, which it would ask for one by one. The decision is the one that falls if Jira does not tell them.
	Asked []string `json:"asked,omitempty"`
}

// Payload is a delivery as somebody has it in a file.
type Payload struct {
	// Site is the Jira site that sends it; "" for the only one.
	Site string
	// Event is the name of an event of GitHub's, or of Confluence's Cloud, which the
	// body does not tell; it is guessed if it is "".
	Event string
	// Trigger is the HTTP trigger that it is posted to; "" for none.
	Trigger string
	Body    []byte
}

// Explain is ExplainPayload for what Jira or GitHub sends.
func Explain(ctx context.Context, d *manifest.Daemon, env func(string) (string, bool), siteName string, body []byte) (Explanation, error) {
	return ExplainPayload(ctx, d, env, Payload{Site: siteName, Body: body})
}

// ExplainPayload decides offline what a payload would start, as if it had come
// signed with every secret. It sends nothing and asks nobody.
func ExplainPayload(ctx context.Context, d *manifest.Daemon, env func(string) (string, bool), p Payload) (Explanation, error) {
	k, err := Known(d, env)
	if err != nil {
		return Explanation{}, err
	}
	cat, err := manifest.LoadCatalog(ctx, d.Directories(), k)
	if err != nil {
		return Explanation{}, err
	}
	ev, in, err := p.read(ctx, d, cat)
	if err != nil {
		return Explanation{}, err
	}
	ev.Secrets = append(cat.SecretEnvs(), d.SecretEnvs()...)
	table := route.New(cat)
	out := Explanation{Event: ev, Decision: table.Decide(ev, in)}
	if ev.Source == event.SourceConfluence && ev.CommentID != "" && enrich.Unplaced(ev) {
		out.Asked = []string{"page_id", "comment_body", "comment_author_id"} // and so for commands
	}
	if d := out.Decision; len(d.Needs)+len(d.Checks) > 0 {
		out.Asked = append(out.Asked, (&sites{wiki: &wiki{}}).Askable(ev, d.Needs)...)
		for _, jql := range d.Checks {
			out.Asked = append(out.Asked, "JQL "+jql)
		}
		in.Final = true
		out.Decision = table.Decide(ev, in)
	}
	return out, nil
}

// read turns the payload into its event, with what routing has to know.
func (p Payload) read(ctx context.Context, d *manifest.Daemon, cat *manifest.Catalog) (*event.Event, route.Input, error) {
	name := p.Event
	if name == "" && p.Trigger == "" {
		name = eventgithub.Guess(p.Body)
	}
	if p.Trigger == "" && eventconfluence.OfConfluence(p.Event, p.Body) {
		return p.ofPage(d)
	}
	switch {
	case p.Trigger != "":
		l := &live{}
		l.state.Store(&liveState{catalog: cat})
		ev, err := l.posted(inbox.Delivery{Summary: inbox.Summary{Site: p.Trigger}, Body: p.Body})
		return ev, route.Input{Expressions: &expressions{}}, err
	case name != "":
		h := &hub{config: manifest.GitHub{}}
		if d.GitHub != nil {
			h.config = *d.GitHub
		}
		h.config.Token = manifest.Secret{} // nobody is asked who we are
		in, err := h.input(ctx, &expressions{})
		if err != nil {
			return nil, in, err
		}
		ev, err := eventgithub.Normalize(eventgithub.Payload{Event: name, Body: p.Body})
		return ev, in, err
	}
	cfg, err := siteConfig(d, p.Site)
	if err != nil {
		return nil, route.Input{}, err
	}
	ev, err := eventjira.Normalize(p.Body, eventjira.Options{Site: p.Site, BaseURL: cfg.BaseURL,
		WikiToMarkdown: markup.WikiToMarkdown, ADFToMarkdown: markup.ADFToMarkdown})
	return ev, (&site{config: cfg}).input(nobody(), &expressions{}), err
}

// ofPage reads what Confluence sends.
func (p Payload) ofPage(d *manifest.Daemon) (*event.Event, route.Input, error) {
	in := route.Input{Expressions: &expressions{}}
	if c := d.Confluence; c != nil {
		in.BotName = c.BotName
	}
	ev, err := eventconfluence.Normalize(eventconfluence.Payload{Event: p.Event, Body: p.Body})
	return ev, in, err
}

func siteConfig(d *manifest.Daemon, name string) (manifest.JiraSite, error) {
	for i, s := range d.Jira {
		if s.Name == name || (name == "" && i == 0) {
			return s, nil
		}
	}
	return manifest.JiraSite{}, fmt.Errorf("the configuration has no enabled Jira site named %q", name)
}
