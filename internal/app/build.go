package app

import (
	"maps"
	"slices"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/tool"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

func newProviders(d *manifest.Daemon, secrets *secretStore, opts Options) (*llm.Providers, error) {
	var configs []llm.ProviderConfig
	for _, name := range slices.Sorted(maps.Keys(d.Providers)) {
		p := d.Providers[name]
		configs = append(configs, llm.ProviderConfig{Name: name, Type: p.Type, BaseURL: p.BaseURL, APIKey: secrets.optional(p.APIKey)})
	}
	overrides := map[string]llm.Price{}
	for ref, price := range d.Prices {
		overrides[ref] = llm.Price{Input: price.Input, Output: price.Output, CachedInput: price.CachedInput}
	}
	prices, err := llm.NewPrices(overrides)
	if err != nil {
		return nil, err
	}
	return llm.NewProviders(configs, llm.Options{Getenv: secrets.key, Prices: prices, UserAgent: "aofctl/" + opts.Version})
}

// newRegistry makes every tool of the program.
func newRegistry(s *sites, writer tool.Writer) (*tool.Registry, error) {
	jira := tooljira.New(s.client, writer, tooljira.Converters{ToWiki: markup.MarkdownToWiki, ToMarkdown: markup.WikiToMarkdown})
	return tool.NewRegistry(jira.All()...)
}
