package app

import (
	"maps"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	toolgithub "github.com/aofctl/aofctl/internal/tool/github"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
	"github.com/aofctl/aofctl/internal/tool/trace"
)

func newProviders(d *manifest.Daemon, secrets *secretStore, opts Options) (*llm.Providers, error) {
	var configs []llm.ProviderConfig
	for _, name := range slices.Sorted(maps.Keys(d.Providers)) {
		p := d.Providers[name]
		c := providerConfig(name, p)
		c.APIKey = secrets.optional(p.APIKey)
		configs = append(configs, c)
	}
	overrides := map[string]llm.Price{}
	for ref, price := range d.Prices {
		overrides[ref] = llm.Price{Input: price.Input, Output: price.Output, CachedInput: price.CachedInput, CacheWrite: price.CacheWrite}
	}
	prices, err := llm.NewPrices(overrides)
	if err != nil {
		return nil, err
	}
	return llm.NewProviders(configs, llm.Options{Getenv: secrets.key, Prices: prices, Fallbacks: d.Fallbacks, Instead: opts.Models, UserAgent: "aofctl/" + opts.Version})
}

// providerConfig is a provider without its key.
func providerConfig(name string, p manifest.Provider) llm.ProviderConfig {
	return llm.ProviderConfig{Name: name, Type: p.Type, BaseURL: p.BaseURL, API: p.API, APIVersion: p.APIVersion, Timeout: p.Timeout,
		MaxConcurrent: p.MaxConcurrent, RequestsPerMinute: p.RequestsPerMinute, TokensPerMinute: p.TokensPerMinute}
}

// newRegistry makes every tool of the program.
func newRegistry(s *sites, writer tool.Writer, h helpers) (*tool.Registry, error) {
	jira := tooljira.New(s.client, writer, tooljira.Converters{ToWiki: markup.MarkdownToWiki, ToMarkdown: markup.WikiToMarkdown})
	hub := toolgithub.New(s.github, writer)
	wiki := toolconfluence.New(s.confluence, writer)
	both := trace.New(jira, wiki, writer, time.Now)
	return tool.NewRegistry(slices.Concat(jira.All(), wiki.All(), both.All(), hub.All(), h.tools(writer))...)
}
