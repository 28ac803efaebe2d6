package manifest

import "time"

// The types of trigger.
const (
	TypeJira       = "jira"
	TypeConfluence = "confluence"
	TypeGitHub     = "github"
	TypeSchedule   = "schedule"
	TypeHTTP       = "http"
)

// Trigger says which events and commands go where.
type Trigger struct {
	Meta
	// Type is the platform, in lower case: one of the Type constants.
	Type     string
	Priority int
	// SecretEnv, if set, restricts the trigger to deliveries signed with that secret.
	SecretEnv string
	// TokenEnv holds the fixed token that an HTTP trigger takes in place of a
	// signature; "" for none.
	TokenEnv string
	// Schedule is when a Schedule trigger fires, and Timezone where; "" is UTC.
	Schedule string
	Timezone string
	// Issue is the template that tells an HTTP trigger's Jira issue; "" for none.
	Issue string
	// Site is the Jira site that runs of other platforms' events work on; "" for
	// the first.
	Site string
	// Events are event names without the "jira:" prefix; "*" and globs are allowed.
	// Empty means every event.
	Events  []string
	Filters Filters
	// AllowedUsers are user names, account ids, e-mail addresses or display
	// names; empty means everybody.
	AllowedUsers []string
	// IgnoreBots keeps our own account and apps from triggering. True unless the
	// manifest says otherwise.
	IgnoreBots bool
	// IgnoreUnknown leaves commands that nobody knows without a reply.
	IgnoreUnknown bool
	// Debounce is for how long events of one subject are gathered into one run,
	// from the first of them on; 0 for not at all. Commands are never gathered.
	Debounce time.Duration
	// DebounceAll gathers the events of all subjects into one run, for a target that
	// looks at everything anyway.
	DebounceAll bool
	Commands    []Command
	// EventTargets are AOF's event names used as command keys.
	EventTargets map[string]Command
	// ProjectTargets are AOF's project_routing: what runs by project key if there
	// is neither a command nor an event target.
	ProjectTargets map[string]Target
	// Default is what runs when no command is given; zero for nothing.
	Default Target
}

// Filters narrow the events. Each list is "any of"; all non-empty ones must
// hold. Keys are exact globs; names that people type ignore case.
type Filters struct {
	Projects     []string
	Repositories []string
	// Spaces are keys of spaces in Confluence, Titles of its pages; both may be globs.
	Spaces        []string
	Titles        []string
	Boards        []string
	IssueTypes    []string
	Statuses      []string
	Priorities    []string
	Labels        []string
	ChangedFields []string
	// Expression is a template expression over the event; "" for none.
	Expression string
	// JQL is a condition that Jira is asked whether the issue meets; "" for none.
	JQL string
}

// Command is one entry of a trigger's commands.
type Command struct {
	// Name is the command without its slash, in lower case; it may be of
	// several words ("review security").
	Name        string
	Target      Target
	Description string
	// Params are handed to templates as params.
	Params map[string]any
	// Response is a text that is posted at once; "" for none.
	Response string
}

// Duration is a time span as manifests write it: "30s", "5m", "2h", "30d".
type Duration time.Duration
