package manifest

import (
	"slices"
	"time"
)

func (b *builder) trigger(decl triggerDecl) (*Trigger, bool) {
	spec, config := decl.Spec, decl.Spec.Config
	t := &Trigger{
		Meta:         decl.Metadata.meta(),
		Type:         triggerType(spec),
		Priority:     spec.Priority.value,
		SecretEnv:    b.triggerSecret(config),
		Filters:      b.filters(config),
		AllowedUsers: values(config.AllowedUsers),
		IgnoreBots:   config.IgnoreBots.or(true),
		Debounce:     b.debounceTime(config.Debounce),
	}
	if spec.Type.absent() {
		b.errorf(spec.pos, `field "type" is missing`)
	}
	t.DebounceAll = b.oneOf(config.DebounceBy, "debounce_by", "subject", "trigger") == "trigger"
	if config.DebounceBy.set && t.Debounce == 0 {
		b.errorf(config.DebounceBy.pos, "debounce_by says what is gathered, but debounce does not say for how long")
	}
	t.Events = b.eventsOf(t.Type, config.Events)
	b.platform(t, spec)
	unknown := b.oneOf(config.UnknownCommand, "unknown_command", "reply", "ignore")
	// On GitHub many programs take commands: what is none of ours may be theirs.
	t.IgnoreUnknown = unknown == "ignore" || unknown == "" && t.Type == TypeGitHub
	if t.Type == TypeJira {
		b.allowedUsers(config)
	}
	b.commands(t, spec.Commands)
	b.commands(t, config.Commands)
	b.projectRouting(t, config.ProjectRouting)
	t.Default = b.target("default_", spec.DefaultAgent, spec.DefaultFleet, spec.DefaultFlow)
	noDefault := spec.DefaultAgent.absent() && spec.DefaultFleet.absent() && spec.DefaultFlow.absent()
	nothing := noDefault && len(t.Commands) == 0 && len(t.EventTargets) == 0 && len(t.ProjectTargets) == 0
	switch {
	case nothing && b.known.DefaultAgent != "":
		t.Default = Target{Kind: TargetAgent, Name: b.known.DefaultAgent}
	case nothing:
		b.warnf(decl.Metadata.Name.pos, "trigger %q runs nothing: it has no commands and no default_agent", t.Name)
	}
	return t, !spec.Enabled.or(true)
}

// triggerSecret returns the variable that holds the trigger's own webhook secret.
func (b *builder) triggerSecret(config triggerConfig) string {
	if config.WebhookSecretEnv.set {
		if config.WebhookSecret.node != nil {
			b.errorf(config.WebhookSecret.pos, `field "webhook_secret" says the same as "webhook_secret_env": give one of them`)
		}
		b.checkEnvName(config.WebhookSecretEnv, "webhook_secret_env")
		return b.knownSecret(config.WebhookSecretEnv.value, config.WebhookSecretEnv.pos)
	}
	if config.WebhookSecret.node == nil {
		return ""
	}
	name := soleVariable(config.WebhookSecret.node.Value)
	if name == "" {
		b.errorf(config.WebhookSecret.pos, `a secret does not belong in a manifest: name its environment variable in "webhook_secret_env"`)
		return ""
	}
	b.warnf(config.WebhookSecret.pos, `read as webhook_secret_env: %s; credentials belong in daemon.yaml`, name)
	return b.knownSecret(name, config.WebhookSecret.pos)
}

// knownSecret warns of a secret of the trigger's own that is unset. Those of
// daemon.yaml are told of by MissingSecrets.
func (b *builder) knownSecret(env string, p pos) string {
	if b.known.SecretEnvs == nil || slices.Contains(b.known.SecretEnvs, env) {
		return env
	}
	if value, _ := b.env(env); value == "" {
		b.warnf(p, "environment variable %s is not set, and no platform in daemon.yaml has it%s: no delivery reaches this trigger",
			shorten(env), meant(env, b.known.SecretEnvs))
	}
	return env
}

// maxDebounce bounds how long somebody waits for an answer.
const maxDebounce = 24 * time.Hour

func (b *builder) debounceTime(s span) time.Duration {
	if s.value > maxDebounce {
		b.errorf(s.pos, "debounce is at most 24h")
	}
	return s.value
}

func (b *builder) projectRouting(t *Trigger, routing mapping[str]) {
	for _, e := range routing.entries {
		if !e.value.set {
			b.errorf(e.pos, "project %s has no agent", shorten(e.key))
			continue
		}
		if t.ProjectTargets == nil {
			t.ProjectTargets = map[string]Target{}
		}
		t.ProjectTargets[e.key] = Target{Kind: TargetAgent, Name: e.value.value}
		b.refer(TargetAgent, e.value)
		if !anyMatches(t.Filters.Projects, e.key) {
			b.warnf(e.pos, "project %s is never routed: the trigger's projects leave it out", shorten(e.key))
		}
	}
}

// target returns what exactly one of the three names, or zero for none.
func (b *builder) target(prefix string, agent, fleet, flow str) Target {
	var found Target
	for _, candidate := range []struct {
		kind TargetKind
		name str
	}{{TargetAgent, agent}, {TargetFleet, fleet}, {TargetFlow, flow}} {
		if !candidate.name.set {
			continue
		}
		if candidate.name.value == "" {
			b.errorf(candidate.name.pos, "%s%s has no name", prefix, candidate.kind)
			continue
		}
		if !found.IsZero() {
			b.errorf(candidate.name.pos, "give exactly one of %sagent, %sfleet and %sflow", prefix, prefix, prefix)
			continue
		}
		found = Target{Kind: candidate.kind, Name: candidate.name.value}
		b.refer(candidate.kind, candidate.name)
	}
	return found
}
