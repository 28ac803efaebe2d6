// Package route decides what an event starts: it holds the triggers of a
// Catalog in an index and, given an event, names the target that runs, or says
// why nothing does. It is a pure function of its arguments; what it cannot know
// from the event it asks the caller for.
package route

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
)

// Reasons why an event starts nothing.
const (
	// ReasonOwnAccount is an event that our own account caused.
	ReasonOwnAccount = "own_account"
	// ReasonOwnComment is a comment that carries this program's mark.
	ReasonOwnComment = "own_comment"
	// ReasonBot is an event that an app caused, where triggers ignore those.
	ReasonBot = "bot"
	// ReasonNotAllowed is an event that the daemon's own configuration refuses.
	ReasonNotAllowed = "not_allowed"
	// ReasonNoTrigger is an event that no trigger asks for.
	ReasonNoTrigger = "no_trigger"
	// ReasonFiltered is an event that triggers ask for but whose filters refuse.
	ReasonFiltered = "filtered"
	// ReasonNoCommand is an event whose triggers wait for a command that it does
	// not have.
	ReasonNoCommand = "no_command"
	// ReasonOldCommands is an edited comment whose commands were all in it before.
	ReasonOldCommands = "old_commands"
	// ReasonTooDeep is an event at the end of a chain of automations that answer
	// each other.
	ReasonTooDeep = "too_deep"
	// ReasonPing is GitHub's greeting to a new webhook, or Confluence's test of one.
	ReasonPing = "ping"
	// ReasonNeedsData is a decision that needs variables which the event lacks.
	ReasonNeedsData = "needs_data"
)

// Names of the clauses that a Miss may tell of, as manifests write them.
const (
	ClauseSecret        = "webhook_secret_env"
	ClauseEvents        = "events"
	ClauseProjects      = "projects"
	ClauseRepositories  = "repositories"
	ClauseSpaces        = "spaces"
	ClauseTitles        = "titles"
	ClauseBoards        = "boards"
	ClauseIssueTypes    = "issue_types"
	ClauseStatuses      = "statuses"
	ClausePriorities    = "priorities"
	ClauseLabels        = "labels"
	ClauseChangedFields = "changed_fields"
	ClauseExpression    = "expression"
	ClauseJQL           = "jql_filter"
	ClauseBots          = "ignore_bots"
	ClauseUsers         = "allowed_users"
	ClauseCommands      = "commands"
	ClauseTarget        = "target"

	ClauseSiteProjects = "allowed_projects"
	ClauseSiteEvents   = "allowed_events"
	ClauseSiteUsers    = "platform allowed_users"

	ClauseSiteRepositories = "allowed_repos"
)

// Identity is our own account on a site, in all its spellings.
type Identity struct {
	// AccountIDs are Cloud's account ids.
	AccountIDs []string
	// Names and Keys are Data Center's.
	Names []string
	Keys  []string
	// DisplayNames are what people read; texts may mention us by them.
	DisplayNames []string
}

// Limits are what the daemon's configuration allows for a whole site. Empty
// lists allow everything.
type Limits struct {
	// AllowedProjects are project keys or globs.
	AllowedProjects []string
	// AllowedEvents are event names or globs.
	AllowedEvents []string
	// AllowedUsers are user names, account ids, e-mail addresses or display names.
	AllowedUsers []string
	// AllowedRepositories are repositories on GitHub, as owner/name, or globs.
	AllowedRepositories []string
}

// Expressions evaluates a trigger's expression. The variables are "event" and
// "metadata", both holding the event's context variables.
type Expressions interface {
	Eval(expr string, vars map[string]any) (bool, error)
}

// Input is what Decide has to know besides the event.
type Input struct {
	// Self is our own account on the event's site.
	Self Identity
	// BotName is the name by which people mention us.
	BotName string
	// Site limits what is routed at all.
	Site Limits
	// Expressions evaluates expressions; without it a trigger that has one refuses.
	Expressions Expressions
	// JQL has what Jira answered to a Decision's Checks.
	JQL map[string]Answer
	// Depth is how many answers of automations to each other led to the event, as
	// far as the caller knows more than the event; MaxDepth is how many may, 0 for
	// any number.
	Depth, MaxDepth int
	// Told says that no more variables can be found out: a filter on one that the
	// event does not have refuses. Conditions in JQL are still asked for.
	Told bool
	// Final says that nobody is left to ask: a filter on a variable that the
	// event does not have refuses, and so does a condition without an answer.
	Final bool
}

// Answer is what Jira says to a condition in JQL.
type Answer int

// The answers. AnswerUnknown, that Jira cannot say, counts as no.
const (
	AnswerUnknown Answer = iota
	AnswerNo
	AnswerYes
)

// Decision is what an event starts, or why it starts nothing.
type Decision struct {
	// Matches are the runs to start, in order. There is more than one if a
	// comment holds several commands; each command is taken by the first trigger
	// that has it.
	Matches []Match `json:"matches,omitempty"`
	// Hold, if it is set, says that the one match is to wait for further events
	// of its subject.
	Hold *Hold `json:"hold,omitempty"`
	// Claims identify what a comment asks for, whatever becomes of it: each of its
	// commands, and the replies to it. The caller claims them for good, and keeps
	// with Keep what nobody had claimed before, so that an edit of the comment
	// runs nothing twice.
	Claims []string `json:"-"`
	// Reason is one of the Reason constants if there is no match.
	Reason string `json:"reason,omitempty"`
	// Misses explain which clause of which trigger refused, for triggers that
	// came near. There are at most MaxMisses.
	Misses []Miss `json:"misses,omitempty"`
	// MissesOmitted counts further triggers that came near.
	MissesOmitted int `json:"misses_omitted,omitempty"`
	// Needs are variables that filters want and the event does not have. The
	// caller asks the platform, adds them to the event and decides once more with
	// Final set. There is no match then.
	Needs []string `json:"needs,omitempty"`
	// Checks are conditions in JQL of which it matters whether the event's issue
	// meets them, in the order in which to ask. The caller asks Jira the first,
	// adds the answer to Input.JQL and decides once more. There is no match then.
	Checks []string `json:"checks,omitempty"`
	// Unknown are commands that were given where commands are taken but that no
	// trigger knows.
	Unknown []UnknownCommand `json:"unknown_commands,omitempty"`
}

// Match is one run to start.
type Match struct {
	// Trigger is the trigger that won.
	Trigger *manifest.Trigger
	// Target is what runs.
	Target manifest.Target
	// Command is how it was called; nil if no command was given.
	Command *Invocation
	// Params are the manifest's params, overlaid by the numbers and truth values
	// that the caller typed. Typed text is in Command.Params only.
	Params map[string]any
	// Response is a text to post at once; "" for none. It is a template, except for
	// a target of the kind TargetReply: there it is the reply itself, in Markdown,
	// and nothing else runs.
	Response string
	// Claim is which of the Decision's Claims the match belongs to; "" for none.
	Claim string
}

// TargetReply is the kind of target that posts a fixed text and nothing more:
// what /help lists, the answer to an unknown command, the breaker's warning. Its
// names are the Reply constants.
const TargetReply manifest.TargetKind = "reply"

// The names of targets of the kind TargetReply.
const (
	ReplyHelp    = "help"
	ReplyUnknown = "unknown-command"
	ReplyBreaker = "breaker"
	// ReplyConsent says why a decision does not count.
	ReplyConsent = "consent"
)

// Hold is for how long a match waits for further events, to make one run of them
// all.
type Hold struct {
	// Key identifies the run that is waiting: a later event with the same key is
	// merged into it with event.Merge and starts none of its own.
	Key string `json:"key"`
	// For is how long the run waits from its first event on.
	For time.Duration `json:"for"`
}

// Keep drops the matches that belong to a claim that is not ours. What was there
// before the edit of a comment starts nothing.
func (d *Decision) Keep(ours func(claim string) bool) {
	before := len(d.Matches)
	d.Matches = slices.DeleteFunc(d.Matches, func(m Match) bool { return m.Claim != "" && !ours(m.Claim) })
	if before > 0 && len(d.Matches) == 0 {
		d.Reason, d.Hold = ReasonOldCommands, nil
	}
}

// MarshalJSON writes the trigger by name and place instead of its whole text.
func (m Match) MarshalJSON() ([]byte, error) {
	out := struct {
		Trigger  string         `json:"trigger"`
		Source   string         `json:"source,omitempty"`
		Target   string         `json:"target"`
		Command  *Invocation    `json:"command,omitempty"`
		Params   map[string]any `json:"params,omitempty"`
		Response string         `json:"response,omitempty"`
	}{Target: m.Target.String(), Command: m.Command, Params: m.Params, Response: m.Response}
	if m.Trigger != nil {
		out.Trigger, out.Source = m.Trigger.Name, m.Trigger.Source
	}
	return json.Marshal(out)
}

// Miss tells which clause of a trigger refused an event.
type Miss struct {
	// Trigger is the trigger's name, "" for the daemon's own configuration.
	Trigger string `json:"trigger,omitempty"`
	// Source is where the trigger stands, as "path:line".
	Source string `json:"source,omitempty"`
	// Clause is one of the Clause constants.
	Clause string `json:"clause"`
	// Want is what the clause asks for, Got what the event has.
	Want string `json:"want"`
	Got  string `json:"got"`
}

// UnknownCommand is a command that nobody knows.
type UnknownCommand struct {
	// Name is the command as typed, without its slash.
	Name string `json:"name"`
	// Nearest are the commands that look like it, at most three.
	Nearest []string `json:"nearest,omitempty"`
}
