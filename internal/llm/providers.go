package llm

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ProviderConfig configures a provider. Providers that are known by name need
// none as long as their key is in the environment.
type ProviderConfig struct {
	// Name is what stands before the colon of a reference to a model.
	Name string
	// Type is "" for a provider known by its name, the name of such a provider
	// for a second one of its kind, or "openai-compatible" for any other server.
	Type string
	// BaseURL is where the API is, up to and without "/chat/completions"; "" for
	// the provider's own. An openai-compatible server needs one.
	BaseURL string
	// APIKey is the key itself; "" for the provider's environment variable.
	APIKey string
	// API is the way of asking: "" to choose by the model, "chat" for chat
	// completions, "responses" for OpenAI's Responses API.
	API string
	// APIVersion is the api-version of Azure; "" for its API without versions.
	APIVersion string
	// Timeout bounds one call; 0 for that of the Options.
	Timeout time.Duration
	// MaxConcurrent bounds the calls at a time, the others those that begin, and
	// the tokens that they take, in a minute; 0 for no bound. They hold for this
	// process.
	MaxConcurrent     int
	RequestsPerMinute float64
	TokensPerMinute   float64
}

// kind is the name of the profile that the configuration is about.
func (c ProviderConfig) kind() string { return cmp.Or(c.Type, c.Name) }

// Options are what Providers need from outside. The zero value works.
type Options struct {
	// Getenv looks up keys and addresses; nil for no environment.
	Getenv func(name string) string
	// Transport carries the calls; nil for one like http.DefaultTransport.
	Transport http.RoundTripper
	// Timeout bounds one call beside its context; 0 for 120 seconds.
	Timeout time.Duration
	// MaxResponseBytes bounds an answer; 0 for 16 MiB.
	MaxResponseBytes int64
	// Fallbacks are the models that stand in for one, both as "provider:model".
	Fallbacks map[string][]string
	// Prices gives the cost of a call; nil for the embedded table.
	Prices *Prices
	// Instead stands in for the models of the providers; nil for these themselves.
	Instead Instead
	// UserAgent is sent with each call; "" for "aofctl".
	UserAgent string
	// Now is the clock that dates in Retry-After are read against; nil for time.Now.
	Now func() time.Time
}

// Instead opens the model that answers in place of the one that ref, "provider:model",
// names; own opens that one. Keys and addresses are then looked at by own alone.
// What the answers lack of the model's reference and of the price of the model is
// added to them.
type Instead func(ref string, own func() (Model, error)) (Model, error)

// Providers opens models by their references. It is safe for concurrent use.
type Providers struct {
	byName    map[string]*provider
	prices    *Prices
	fallbacks map[string][]string
	instead   Instead
}

// NewProviders makes the providers known by name and those that are configured:
// openai, google, anthropic, ollama, azure, groq, mistral and openrouter, and any
// name with type openai-compatible. All that is wrong with the configuration is
// in the error at once.
func NewProviders(cfg []ProviderConfig, opts Options) (*Providers, error) {
	opts = opts.withDefaults()
	if opts.Prices == nil {
		prices, err := NewPrices(nil)
		if err != nil {
			return nil, err
		}
		opts.Prices = prices
	}
	p := &Providers{byName: map[string]*provider{}, fallbacks: opts.Fallbacks, instead: opts.Instead}
	shared := newShared(opts)
	profiles := known()
	for name, prof := range profiles {
		p.byName[name] = newProvider(ProviderConfig{Name: name}, prof, opts.Getenv, shared)
	}
	var problems []error
	seen := map[string]bool{}
	for _, c := range cfg {
		prof, err := profileOf(c, profiles)
		if err == nil && seen[c.Name] {
			err = errors.New("it is configured twice")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("configure model provider %q: %w", clip(c.Name), err))
			continue
		}
		seen[c.Name] = true
		made := newProvider(c, prof, opts.Getenv, shared)
		if made.badURL != nil {
			problems = append(problems, fmt.Errorf("configure model provider %q: %w", c.Name, made.badURL))
		}
		p.byName[c.Name] = made
	}
	p.prices = opts.Prices.ofKinds(p.byName)
	problems = append(problems, p.checkFallbacks()...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return p, nil
}

func (o Options) withDefaults() Options {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Timeout <= 0 {
		o.Timeout = 120 * time.Second
	}
	if o.MaxResponseBytes <= 0 {
		o.MaxResponseBytes = 16 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "aofctl"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// profileOf finds what a configuration is about, or what is wrong with it.
func profileOf(c ProviderConfig, profiles map[string]profile) (profile, error) {
	if c.Name == "" || strings.ContainsFunc(c.Name, notInRef) || strings.Contains(c.Name, ":") {
		return profile{}, errors.New("a name must not be empty nor have spaces or colons")
	}
	if c.MaxConcurrent < 0 || !(c.RequestsPerMinute >= 0) || !(c.TokensPerMinute >= 0) || c.Timeout < 0 {
		return profile{}, errors.New("a limit must not be negative")
	}
	kind := c.kind()
	if err := c.checkAPI(); err != nil {
		return profile{}, err
	}
	if kind == openAICompatible {
		if c.BaseURL == "" {
			return profile{}, errors.New("type openai-compatible needs a base_url")
		}
		return compatible(), nil
	}
	prof, ok := profiles[kind]
	if !ok {
		return profile{}, unknownType(c, profiles)
	}
	if prof.refusal != "" {
		return profile{}, errors.New(prof.refusal)
	}
	return prof, nil
}

// checkAPI refuses a way of asking that the provider does not have.
func (c ProviderConfig) checkAPI() error {
	switch {
	case c.API != "" && c.API != string(apiChat) && c.API != string(apiResponses):
		return fmt.Errorf("unknown api %q: want chat or responses", clip(c.API))
	case c.API != "" && c.kind() == anthropicName:
		return errors.New("api is for servers like OpenAI's: anthropic has one only")
	case c.APIVersion != "" && c.kind() != azureName:
		return errors.New("api_version is for azure only")
	}
	return nil
}

func unknownType(c ProviderConfig, profiles map[string]profile) error {
	if c.Type == "" {
		return errors.New("it is not known by name: give it type: openai-compatible and a base_url")
	}
	names := append(slices.Sorted(maps.Keys(profiles)), openAICompatible)
	if near := nearest(c.Type, names); near != "" {
		return fmt.Errorf("unknown type %q (did you mean %q?)", clip(c.Type), near)
	}
	return fmt.Errorf("unknown type %q: want openai-compatible or one of %s", clip(c.Type), strings.Join(offered(profiles), ", "))
}

// offered are the names of the profiles that can be opened.
func offered(profiles map[string]profile) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(profiles)), func(n string) bool { return profiles[n].refusal != "" })
}

// Names lists the providers that can be opened, sorted. A key may still be
// missing: see Check.
func (p *Providers) Names() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(p.byName)), func(n string) bool { return p.byName[n].refusal != "" })
}

// Open gives the model that ref, "provider:model", names, with the fallbacks that
// are configured for it. Its errors are those of Check.
func (p *Providers) Open(ref string) (Model, error) {
	first, err := p.one(ref)
	if err != nil {
		return nil, err
	}
	var others []Model
	for _, other := range p.fallbacks[ref] {
		m, err := p.one(other)
		if err != nil {
			return nil, fmt.Errorf("fallback of model %s: %w", ref, err)
		}
		others = append(others, m)
	}
	return WithFallbacks(first, others...), nil
}

// OpenAlone gives the model that ref names without any that stand in for it.
func (p *Providers) OpenAlone(ref string) (Model, error) { return p.one(ref) }

func (p *Providers) open(ref string) (*model, error) {
	m, err := p.described(ref)
	if err != nil {
		return nil, err
	}
	if err := m.provider.usable(); err != nil {
		return nil, fmt.Errorf("open model %q: %w", clip(ref), err)
	}
	return m, nil
}

// described is a model of which it is known what it takes, whether it can be asked
// or not.
func (p *Providers) described(ref string) (*model, error) {
	prov, name, err := p.find(ref)
	if err != nil {
		return nil, err
	}
	return &model{ref: ref, name: name, provider: prov, prices: p.prices, traits: traitsOf(prov, name)}, nil
}

// Check reports what keeps ref from being opened: a malformed reference, an
// unknown provider (with the nearest name), one that is not offered, or a
// missing key (with the variable that it is looked for in); and the same of its
// fallbacks. It asks nobody, so that it cannot tell whether the key or the
// model's name is right.
func (p *Providers) Check(ref string) error {
	_, err := p.Open(ref)
	return err
}

// checkFallbacks reports names that lead nowhere. Keys are not looked at: a model
// that no agent uses needs none.
func (p *Providers) checkFallbacks() []error {
	var problems []error
	for _, ref := range slices.Sorted(maps.Keys(p.fallbacks)) {
		for _, other := range append([]string{ref}, p.fallbacks[ref]...) {
			name, _, err := ParseRef(other)
			if err == nil && p.byName[name] == nil {
				err = p.unknown(other, name)
			}
			if err == nil && p.byName[name].refusal != "" {
				err = errors.New(p.byName[name].refusal)
			}
			if err != nil {
				problems = append(problems, fmt.Errorf("fallbacks of model %q: %w", clip(ref), err))
			}
		}
	}
	return problems
}

// CheckRequest reports what Complete would refuse of a request without asking
// the provider: tools or a temperature that the model does not take, tool names
// and schemas that cannot be sent. Messages are not needed. It lets a manifest
// be checked when it is loaded.
func (p *Providers) CheckRequest(ref string, req Request) error {
	m, err := p.described(ref)
	if err != nil {
		return err
	}
	if err := m.refuse(req); err != nil {
		return err
	}
	_, err = m.encodeTools(req.Tools)
	return err
}

func (p *Providers) find(ref string) (*provider, string, error) {
	name, model, err := ParseRef(ref)
	if err != nil {
		return nil, "", err
	}
	prov, ok := p.byName[name]
	if !ok {
		return nil, "", p.unknown(ref, name)
	}
	return prov, model, nil
}

func (p *Providers) unknown(ref, name string) error {
	if near := nearest(name, p.Names()); near != "" {
		return fmt.Errorf("open model %q: unknown provider %q (did you mean %q?)", clip(ref), clip(name), near)
	}
	return fmt.Errorf("open model %q: unknown provider %q: want one of %s", clip(ref), clip(name), strings.Join(p.Names(), ", "))
}
