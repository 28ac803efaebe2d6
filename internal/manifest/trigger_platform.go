package manifest

import (
	"slices"
	"strings"
)

// triggerType returns the type in lower case; that of a trigger without one is a
// mistake that is told elsewhere.
func triggerType(spec triggerSpec) string {
	if spec.Type.value == "" {
		return TypeJira
	}
	return strings.ToLower(spec.Type.value)
}

// typeNames maps the types to their names in manifests.
func typeNames() map[string]string {
	return map[string]string{TypeJira: "Jira", TypeConfluence: "Confluence", TypeGitHub: "GitHub", TypeSchedule: "Schedule", TypeHTTP: "HTTP"}
}

// ownField is a field that some types of trigger do not have.
type ownField struct {
	name  string
	at    pos
	types []string
}

// platform reads what belongs to some types of trigger, and refuses it to others.
func (b *builder) platform(t *Trigger, spec triggerSpec) {
	config := spec.Config
	for _, f := range ownFields(spec) {
		if f.at != (pos{}) && !slices.Contains(f.types, t.Type) {
			b.errorf(f.at, "%q belongs to triggers of type %s%s", f.name, belongs(f.types), t.inPlaceOf(f.name))
		}
	}
	t.Site = config.Site.value
	if t.Site != "" && b.known.Sites != nil && !slices.Contains(b.known.Sites, t.Site) {
		b.errorf(config.Site.pos, "there is no Jira site %q in daemon.yaml%s", shorten(t.Site), meant(t.Site, b.known.Sites))
	}
	switch t.Type {
	case TypeGitHub:
		b.reach(t, spec)
	case TypeConfluence:
		b.confluence(t, spec)
	case TypeSchedule:
		b.schedule(t, spec)
	case TypeHTTP:
		b.http(t, spec)
	}
}

// ownFields are the fields that not all types have.
func ownFields(spec triggerSpec) []ownField {
	c, f := spec.Config, spec.Config.Filters.byName
	jira, github, pages := []string{TypeJira}, []string{TypeGitHub}, []string{TypeConfluence}
	told := []string{TypeJira, TypeConfluence, TypeGitHub}
	keyed := []string{TypeJira, TypeGitHub, TypeHTTP}
	signed := []string{TypeJira, TypeConfluence, TypeGitHub, TypeHTTP}
	others := []string{TypeConfluence, TypeGitHub, TypeSchedule, TypeHTTP}
	return []ownField{
		{"events", first(c.Events), told}, {"allowed_users", first(c.AllowedUsers), told},
		{"ignore_bots", c.IgnoreBots.pos, told}, {"unknown_command", c.UnknownCommand.pos, told},
		{"debounce", c.Debounce.pos, told}, {"debounce_by", c.DebounceBy.pos, told}, {"webhook_secret_env", c.WebhookSecretEnv.pos, signed},
		{"commands", latest(spec.Commands.pos, c.Commands.pos), told},
		{"issue_types", latest(first(c.IssueTypes), first(f.IssueTypes)), jira}, {"statuses", first(f.Statuses), jira},
		{"boards", latest(first(c.Boards), first(f.Boards)), jira}, {"priorities", first(f.Priorities), jira},
		{"changed_fields", first(f.ChangedFields), jira}, {"jql_filter", c.JQLFilter.pos, jira},
		{"project_routing", c.ProjectRouting.pos, jira}, {"labels", first(f.Labels), told},
		{"projects", latest(first(c.Projects), first(f.Projects)), keyed}, {"expression", f.Expression.pos, signed},
		{"spaces", latest(first(c.Spaces), first(f.Spaces)), pages}, {"titles", first(f.Titles), pages},
		{"repositories", latest(first(c.Repositories), first(f.Repositories)), github},
		{"schedule", c.Schedule.pos, []string{TypeSchedule}}, {"timezone", c.Timezone.pos, []string{TypeSchedule}},
		{"token_env", c.TokenEnv.pos, []string{TypeHTTP}}, {"issue", c.Issue.pos, []string{TypeHTTP}}, {"site", c.Site.pos, others},
	}
}

func first(list []str) pos {
	if len(list) == 0 {
		return pos{}
	}
	return list[0].pos
}

func belongs(types []string) string {
	var names []string
	for _, t := range types {
		names = append(names, typeNames()[t])
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// reach warns of a trigger whose runs may touch no issue unless their agent says
// which: whoever opens a pull request chooses its title, and with it the issues
// that it names.
func (b *builder) reach(t *Trigger, spec triggerSpec) {
	if len(t.Filters.Projects) > 0 {
		return
	}
	b.unreached = latest(spec.pos, spec.Config.pos)
}

func (b *builder) schedule(t *Trigger, spec triggerSpec) {
	c := spec.Config
	t.Schedule, t.Timezone = strings.TrimSpace(c.Schedule.value), strings.TrimSpace(c.Timezone.value)
	at := latest(spec.pos, c.pos, c.Schedule.pos)
	switch {
	case c.Schedule.absent():
		b.errorf(at, `field "config.schedule" is missing: write a cron expression such as "0 9 * * MON-FRI"`)
	case b.known.CheckSchedule == nil:
	default:
		if err := b.known.CheckSchedule(t.Schedule, t.Timezone); err != nil {
			b.errorf(at, "schedule: %s", err)
		}
	}
	b.unreached = at
}

func (b *builder) http(t *Trigger, spec triggerSpec) {
	c := spec.Config
	t.TokenEnv, t.Issue = c.TokenEnv.value, strings.TrimSpace(c.Issue.value)
	b.checkEnvName(c.TokenEnv, "token_env")
	if t.TokenEnv != "" {
		b.knownSecret(t.TokenEnv, c.TokenEnv.pos)
	}
	if t.SecretEnv == "" && t.TokenEnv == "" {
		b.errorf(latest(spec.pos, c.pos), "anybody could post to this trigger: give webhook_secret_env for senders that sign, or token_env")
	}
	b.checkTemplate(c.Issue)
	b.reach(t, spec)
}
