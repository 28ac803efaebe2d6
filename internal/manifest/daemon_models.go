package manifest

import (
	"math"
	"slices"
	"strings"
)

// bedrock is a provider that is known by name to be refused with what to do instead.
const bedrock = "bedrock"

// KnownProviders are the names of the model providers that need no entry in
// models.providers.
func KnownProviders() []string {
	return []string{"anthropic", "azure", bedrock, "google", "groq", "mistral", "ollama", "openai", "openrouter"}
}

func (l *daemonLoader) models(decl modelsDecl) {
	l.severity = Warning
	defer func() { l.severity = Error }()
	for _, e := range decl.Providers.entries {
		if l.daemon.Providers == nil {
			l.daemon.Providers = map[string]Provider{}
		}
		l.daemon.Providers[e.key] = l.provider(e)
	}
	for _, e := range decl.Prices.entries {
		if l.daemon.Prices == nil {
			l.daemon.Prices = map[string]Price{}
		}
		if !strings.Contains(e.key, ":") {
			l.errorf(e.pos, "expected provider:model, found %q", shorten(e.key))
		}
		l.daemon.Prices[e.key] = l.price(e.value)
	}
	for _, e := range decl.Fallbacks.entries {
		if l.daemon.Fallbacks == nil {
			l.daemon.Fallbacks = map[string][]string{}
		}
		first := str{at: at{e.pos}, value: e.key, set: true}
		list := l.modelRefs(e.key, e.value)
		for _, s := range append([]str{first}, list...) {
			l.knownProvider(s)
		}
		l.daemon.Fallbacks[l.modelRef(first)] = values(list)
	}
}

// knownProvider reports a model of a provider that is not there.
func (l *daemonLoader) knownProvider(s str) {
	name, _, found := strings.Cut(strings.TrimSpace(s.value), ":")
	_, configured := l.daemon.Providers[name]
	if found && name != "" && !configured && !slices.Contains(KnownProviders(), name) {
		l.errorf(s.pos, "unknown model provider %q%s", shorten(name), meant(name, KnownProviders()))
	}
}

func (l *daemonLoader) provider(e entry[providerDecl]) Provider {
	decl := e.value
	known := containsFold(KnownProviders(), e.key)
	p := Provider{
		Type:    l.oneOf(decl.Type, "type", providerTypes()...),
		BaseURL: l.address(decl.BaseURL, "base_url"),
		APIKey:  l.secret(secretForms{name: "api_key", inline: decl.APIKey, env: decl.APIKeyEnv, file: decl.APIKeyFile}),
	}
	l.providerLimits(&p, decl)
	if strings.Contains(e.key, ":") || e.key == "" {
		l.errorf(e.pos, "%q cannot be a provider's name", shorten(e.key))
	}
	if !known && (p.Type == "" || p.Type == "openai-compatible") && p.BaseURL == "" && !decl.BaseURL.set {
		l.errorf(e.pos, "provider %q is not known by name%s: it needs type: openai-compatible and base_url",
			shorten(e.key), meant(e.key, KnownProviders()))
	}
	if !known && p.Type == "" && !decl.Type.set {
		p.Type = "openai-compatible"
	}
	return p
}

// providerTypes are the types that a provider may be given.
func providerTypes() []string {
	types := append([]string{"openai-compatible"}, KnownProviders()...)
	return slices.DeleteFunc(types, func(t string) bool { return t == bedrock })
}

// providerLimits reads how a provider is to be asked.
func (l *daemonLoader) providerLimits(p *Provider, decl providerDecl) {
	p.API = l.oneOf(decl.API, "api", "chat", "responses")
	p.APIVersion = decl.APIVersion.value
	atLeast(l.decoder, decl.MaxConcurrent, 1)
	p.MaxConcurrent = decl.MaxConcurrent.or(0)
	p.Timeout = l.seconds(decl.TimeoutSecs, 0)
	atLeast(l.decoder, decl.TimeoutSecs, 1)
	for _, o := range []opt[float64]{decl.RequestsPerMinute, decl.TokensPerMinute} {
		if o.set && o.value <= 0 {
			l.errorf(o.pos, "must be more than 0; leave it out for no limit")
		}
	}
	p.RequestsPerMinute, p.TokensPerMinute = decl.RequestsPerMinute.value, decl.TokensPerMinute.value
}

// modelRefs reads the models that stand in for one.
func (d *decoder) modelRefs(first string, list []str) []str {
	seen := map[string]bool{strings.TrimSpace(first): true}
	var out []str
	for _, s := range list {
		ref := d.modelRef(s)
		if seen[ref] && ref != "" {
			d.errorf(s.pos, "model %q is there already", shorten(ref))
		}
		seen[ref] = true
		if ref != "" {
			out = append(out, str{at: s.at, value: ref, set: true})
		}
	}
	return out
}

// modelRef reads "provider:model" where nothing can be guessed.
func (d *decoder) modelRef(s str) string {
	if !s.set {
		return ""
	}
	ref := strings.TrimSpace(s.value)
	if provider, model, found := strings.Cut(ref, ":"); !found || provider == "" || model == "" {
		d.errorf(s.pos, "expected provider:model, found %q", shorten(ref))
		return ""
	}
	return ref
}

func (l *daemonLoader) price(decl priceDecl) Price {
	for _, o := range []opt[float64]{decl.Input, decl.Output, decl.CachedInput, decl.CacheWrite} {
		if o.value < 0 || math.IsInf(o.value, 0) {
			l.errorf(o.pos, "a price cannot be negative")
		}
	}
	if !decl.Input.set || !decl.Output.set {
		l.errorf(decl.pos, "a price needs input and output")
	}
	return Price{Input: decl.Input.value, Output: decl.Output.value, CachedInput: decl.CachedInput.or(decl.Input.value), CacheWrite: decl.CacheWrite.value}
}
