package manifest

import "gopkg.in/yaml.v3"

type triggerDecl struct {
	at
	header
	Spec triggerSpec `yaml:"spec"`
}

type triggerSpec struct {
	at
	Type         str           `yaml:"type" alias:"platform" jsonschema_description:"Jira, Confluence, GitHub, Schedule or HTTP"`
	Description  str           `yaml:"description"`
	Enabled      opt[bool]     `yaml:"enabled" jsonschema_description:"Default true"`
	Priority     opt[int]      `yaml:"priority" jsonschema_description:"Lower is tried first; default 0"`
	Config       triggerConfig `yaml:"config"`
	Commands     commandList   `yaml:"commands" jsonschema_description:"What runs for /command in a comment, by command"`
	DefaultAgent str           `yaml:"default_agent" alias:"defaultAgent" jsonschema_description:"Runs when there is no command"`
	DefaultFleet str           `yaml:"default_fleet" alias:"defaultFleet"`
	DefaultFlow  str           `yaml:"default_flow" alias:"defaultFlow"`
	OnError      data          `yaml:"on_error" alias:"onError" ignore:"a failed run is kept with its error"`
}

type triggerConfig struct {
	at
	credentials
	WebhookSecret    unexpanded   `yaml:"webhook_secret"`
	WebhookSecretEnv str          `yaml:"webhook_secret_env" jsonschema_description:"Only deliveries signed with this secret reach the trigger"`
	TokenEnv         str          `yaml:"token_env" jsonschema_description:"Type HTTP: the environment variable with a fixed token, for senders that cannot sign"`
	Events           []str        `yaml:"events" alias:"jira_events,confluence_events,github_events" jsonschema_description:"Event names, jira: optional, globs allowed; all if empty"`
	Projects         []str        `yaml:"projects" alias:"allowed_projects"`
	Spaces           []str        `yaml:"spaces" alias:"allowed_spaces" jsonschema_description:"Type Confluence: globs of the keys of spaces"`
	IssueTypes       []str        `yaml:"issue_types"`
	Boards           []str        `yaml:"boards"`
	Filters          filtersDecl  `yaml:"filters"`
	AllowedUsers     []str        `yaml:"allowed_users" jsonschema_description:"User names, account ids, e-mail addresses or display names"`
	IgnoreBots       opt[bool]    `yaml:"ignore_bots" jsonschema_description:"Default true"`
	UnknownCommand   str          `yaml:"unknown_command" jsonschema_description:"reply (default) names the nearest commands; ignore says nothing"`
	ProjectRouting   mapping[str] `yaml:"project_routing" jsonschema_description:"The agent by project key, before the default"`
	Commands         commandList  `yaml:"commands"`
	Debounce         span         `yaml:"debounce" jsonschema_description:"Events of one subject within this time become one run"`
	DebounceBy       str          `yaml:"debounce_by" jsonschema_description:"subject (default), or trigger: all events that the trigger takes within the time become one run"`
	JQLFilter        str          `yaml:"jql_filter" jsonschema_description:"JQL that the issue has to match; Jira is asked last"`
	FilterExpression data         `yaml:"filter_expression" refuse:"use filters.expression, with the names of the context variables"`
	Repositories     []str        `yaml:"repositories" alias:"allowed_repos" jsonschema_description:"Type GitHub: globs of owner/name"`
	Schedule         str          `yaml:"schedule" alias:"cron" jsonschema_description:"Type Schedule: a cron expression of five fields, such as 0 9 * * MON-FRI"`
	Timezone         str          `yaml:"timezone" jsonschema_description:"Type Schedule: such as Europe/Berlin; default UTC"`
	Issue            str          `yaml:"issue" jsonschema_description:"Type HTTP: a template that gives the key of the Jira issue, such as {{ metadata.body.ticket }}"`
	Site             str          `yaml:"site" jsonschema_description:"All types but Jira: the Jira site that tools work on; default the first"`
	ExpectEventEvery data         `yaml:"expect_event_every" refuse:""`
}

// credentials are what AOF's triggers repeat of the platform's configuration.
type credentials struct {
	BaseURL      data `yaml:"base_url" ignore:"credentials belong in daemon.yaml"`
	CloudID      data `yaml:"cloud_id" ignore:"credentials belong in daemon.yaml"`
	CloudIDEnv   data `yaml:"cloud_id_env" ignore:"credentials belong in daemon.yaml"`
	Email        data `yaml:"email" ignore:"credentials belong in daemon.yaml"`
	EmailEnv     data `yaml:"email_env" ignore:"credentials belong in daemon.yaml"`
	UserEmail    data `yaml:"user_email" ignore:"credentials belong in daemon.yaml"`
	UserEmailEnv data `yaml:"user_email_env" ignore:"credentials belong in daemon.yaml"`
	APIToken     data `yaml:"api_token" ignore:"credentials belong in daemon.yaml"`
	APITokenEnv  data `yaml:"api_token_env" ignore:"credentials belong in daemon.yaml"`
	BotName      data `yaml:"bot_name" ignore:"it belongs in daemon.yaml"`
}

type commandDecl struct {
	at
	Command          str           `yaml:"command" jsonschema_description:"Only in a list of commands"`
	Agent            str           `yaml:"agent"`
	Fleet            str           `yaml:"fleet"`
	Flow             str           `yaml:"flow"`
	Description      str           `yaml:"description"`
	Params           mapping[data] `yaml:"params" jsonschema_description:"Handed to templates as params"`
	Response         str           `yaml:"response" jsonschema_description:"Posted at once"`
	RequiresApproval data          `yaml:"requires_approval" alias:"requiresApproval" refuse:"the command would run without it"`
}

// commandList is a mapping by command, or a list.
type commandList struct {
	at
	entries []entry[commandDecl]
}

func (c *commandList) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	c.pos = d.pos(n)
	if n.Kind != yaml.SequenceNode {
		var m mapping[commandDecl]
		m.decodeYAML(d, n, depth)
		c.entries = m.entries
		for _, e := range m.entries {
			if e.value.Command.set {
				d.errorf(e.value.Command.pos, "the command is already named by its key %q", shorten(e.key))
			}
		}
		return
	}
	for _, item := range n.Content {
		var decl commandDecl
		d.child(item, &decl, depth)
		if !decl.Command.set {
			d.errorf(d.pos(item), `field "command" is missing`)
			continue
		}
		c.entries = append(c.entries, entry[commandDecl]{decl.Command.value, decl.Command.pos, decl})
	}
}

// filtersDecl is a mapping of filters, or AOF's list of {field, value}.
type filtersDecl struct {
	at
	byName filterMap
	list   []filterItem
}

type filterMap struct {
	at
	Projects      []str `yaml:"projects" jsonschema_description:"Globs of project keys"`
	Boards        []str `yaml:"boards"`
	IssueTypes    []str `yaml:"issue_types"`
	Statuses      []str `yaml:"statuses"`
	Priorities    []str `yaml:"priorities"`
	Labels        []str `yaml:"labels" jsonschema_description:"Any of these"`
	ChangedFields []str `yaml:"changed_fields"`
	Expression    str   `yaml:"expression" jsonschema_description:"A template expression over the context variables; tried last"`
	Spaces        []str `yaml:"spaces" jsonschema_description:"Type Confluence: globs of the keys of spaces"`
	Titles        []str `yaml:"titles" jsonschema_description:"Type Confluence: globs of the titles of pages"`
	Repositories  []str `yaml:"repositories" jsonschema_description:"Type GitHub: globs of owner/name"`
}

type filterItem struct {
	at
	Field str   `yaml:"field"`
	Value texts `yaml:"value"`
}

func (f *filtersDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	f.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind == yaml.SequenceNode:
		d.list(n, elem(&f.list), depth)
	default:
		d.structure(n, elem(&f.byName), depth)
	}
}
