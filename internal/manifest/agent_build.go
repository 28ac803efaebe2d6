package manifest

import "strings"

func (b *builder) agent(meta Meta, spec agentSpec, name pos) *Agent {
	a := &Agent{
		Meta:               meta,
		Model:              b.model(spec, name),
		Fallbacks:          b.fallbacks(spec),
		Description:        spec.Description.value,
		Instructions:       spec.Instructions.value,
		Tools:              b.tools(spec.Tools, !spec.Memory.config.IsZero()),
		MCPServers:         b.mcpServers(spec),
		Memory:             spec.Memory.config,
		MaxTokens:          b.positive(spec.MaxTokens, spec.ModelConfig.MaxTokens, DefaultMaxTokens),
		MaxIterations:      b.positive(spec.MaxIterations, opt[int]{}, DefaultMaxIterations),
		MaxContextMessages: b.positive(spec.MaxContextMessages, opt[int]{}, 0),
		Output:             Output(b.oneOf(spec.Output.str, "output", string(OutputComment), string(OutputNone))),
		OutputSchema:       b.outputSchema(spec),
		Writes:             b.writes(spec.Writes),
		Approval:           b.approval(spec.Approval),
		Budget:             b.budget(spec.Budget),
		ScopeProjects:      b.globs(spec.Scope.Projects),
		OwnIssue:           b.ownIssue(spec.Scope),
		ScopeRepositories:  b.repositories(spec.Scope.Repositories),
		ScopeSpaces:        b.globs(spec.Scope.Spaces),
		Temperature:        b.temperature(spec),
	}
	if a.Output == "" {
		a.Output = OutputComment
	}
	if strings.TrimSpace(a.Instructions) == "" && (spec.Instructions.set || spec.Instructions.absent()) {
		b.warnf(name, "agent %q has no instructions", meta.Name)
	}
	b.checkTemplate(spec.Instructions)
	return a
}

// model returns "provider:model".
func (b *builder) model(spec agentSpec, name pos) string {
	if !spec.Model.set && !spec.Model.absent() {
		return ""
	}
	if strings.TrimSpace(spec.Model.value) == "" {
		b.errorf(name, `field "model" is missing: write model: provider:model, such as google:gemini-2.5-flash`)
		return ""
	}
	text := strings.TrimSpace(spec.Model.value)
	provider, model, found := strings.Cut(text, ":")
	at := spec.Model.pos
	switch {
	case found && spec.Provider.set && providerName(spec.Provider.value) != providerName(provider):
		b.errorf(spec.Provider.pos, "provider %q contradicts model %q", shorten(spec.Provider.value), shorten(text))
	case found:
	case spec.Provider.set:
		provider, model, at = spec.Provider.value, text, spec.Provider.pos
	default:
		provider, model = providerOf(text), text
		if provider == "" {
			b.errorf(at, "model %q names no provider: write provider:model, such as google:gemini-2.5-flash", shorten(text))
			return ""
		}
		b.warnf(at, "model %q names no provider: read as %s:%s", shorten(text), provider, shorten(text))
	}
	if model == "" {
		b.errorf(at, "model %q names a provider and no model", shorten(text))
	}
	return b.provider(provider, at) + ":" + model
}

// fallbacks returns the models that stand in for the agent's.
func (b *builder) fallbacks(spec agentSpec) []string {
	var list []string
	for _, ref := range b.modelRefs(spec.Model.value, spec.Fallbacks) {
		provider, model, _ := strings.Cut(ref.value, ":")
		list = append(list, b.provider(provider, ref.pos)+":"+model)
	}
	return list
}

func (b *builder) provider(name string, at pos) string {
	if b.known.Providers == nil {
		return providerName(name)
	}
	for _, candidate := range []string{name, providerName(name)} {
		for _, p := range b.known.Providers {
			if p == candidate {
				return p
			}
		}
	}
	if providerName(name) == bedrock {
		b.errorf(at, "Amazon Bedrock is not offered by name: give its OpenAI-compatible endpoint, or a gateway, an entry of type "+
			"openai-compatible in models.providers of daemon.yaml")
		return name
	}
	b.errorf(at, "unknown model provider %q%s: the providers are %s", shorten(name),
		meant(name, b.known.Providers), strings.Join(b.known.Providers, ", "))
	return name
}

// positive returns the first of two values that is given, or the default.
func (b *builder) positive(first, second opt[int], other int) int {
	atLeast(b.decoder, first, 1)
	atLeast(b.decoder, second, 1)
	return first.or(second.or(other))
}

func (b *builder) temperature(spec agentSpec) *float64 {
	t := spec.Temperature
	if !t.set {
		t = spec.ModelConfig.Temperature
	}
	if !t.set {
		return nil
	}
	if t.value < 0 || t.value > 2 {
		b.errorf(t.pos, "temperature must be between 0 and 2")
	}
	return &t.value
}

func (b *builder) writes(s str) Writes {
	if w := b.oneOf(s, "writes", string(WritesDirect), string(WritesPropose), string(WritesDraft), string(WritesDryRun)); w != "" {
		return Writes(w)
	}
	return WritesDirect
}
