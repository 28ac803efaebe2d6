package app

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/route"
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
	if len(d.Jira) == 0 {
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

// Explain decides offline what a payload would start, as if it had come to the
// site signed with every secret. It sends nothing and asks nobody.
func Explain(ctx context.Context, d *manifest.Daemon, env func(string) (string, bool), siteName string, body []byte) (Explanation, error) {
	k, err := Known(d, env)
	if err != nil {
		return Explanation{}, err
	}
	cat, err := manifest.LoadCatalog(ctx, d.Directories(), k)
	if err != nil {
		return Explanation{}, err
	}
	cfg, err := siteConfig(d, siteName)
	if err != nil {
		return Explanation{}, err
	}
	ev, err := eventjira.Normalize(body, eventjira.Options{Site: siteName, BaseURL: cfg.BaseURL,
		WikiToMarkdown: markup.WikiToMarkdown, ADFToMarkdown: markup.ADFToMarkdown})
	if err != nil {
		return Explanation{}, err
	}
	ev.Secrets = append(cat.SecretEnvs(), d.SecretEnvs()...)
	one := &site{config: cfg}
	in := one.input(nobody(), &expressions{})
	table := route.New(cat)
	out := Explanation{Event: ev, Decision: table.Decide(ev, in)}
	if d := out.Decision; len(d.Needs)+len(d.Checks) > 0 {
		out.Asked = (&sites{}).Askable(ev, d.Needs)
		for _, jql := range d.Checks {
			out.Asked = append(out.Asked, "JQL "+jql)
		}
		in.Final = true
		out.Decision = table.Decide(ev, in)
	}
	return out, nil
}

func siteConfig(d *manifest.Daemon, name string) (manifest.JiraSite, error) {
	for i, s := range d.Jira {
		if s.Name == name || (name == "" && i == 0) {
			return s, nil
		}
	}
	return manifest.JiraSite{}, fmt.Errorf("the configuration has no enabled Jira site named %q", name)
}
