package manifest

import (
	"slices"
	"time"
)

// Scenario is one case of a scenario test: what is in Jira, what happens, what
// models answer, and what is expected.
type Scenario struct {
	// Path is the file, Line where in it the case begins. Suite is the file's own
	// name if it has several cases, Name the case's.
	Path  string
	Line  int
	Suite string
	Name  string
	// Skip says why the case is not run; "" for a case that is.
	Skip string
	// Config is a configuration, or directories and files of manifests, as written:
	// relative to the file. None stands for the nearest daemon.yaml.
	Config []string
	// Site names the site of the configuration that the sandbox is; "" for the first.
	Site string
	Env  map[string]string
	// Timeout is 0 for that of the caller.
	Timeout time.Duration
	Given   Given
	Script  Script
	When    []Step
	Then    Expectation
}

// Given is what the sandbox has before anything happens, beside its own people
// and projects.
type Given struct {
	// Deployment is "cloud", "dc" or "" to follow the configuration; Version that
	// of a Data Center, or "".
	Deployment  string
	Version     string
	ContextPath string
	Users       []GivenUser
	Projects    []GivenProject
	Boards      []GivenBoard
	Sprints     []GivenSprint
	Fields      []GivenField
	Issues      []GivenIssue
	// Confluence is "cloud" or "dc" where it is of another kind than the Jira, else "".
	Confluence string
	Spaces     []GivenSpace
	Pages      []GivenPage
	// Repositories are on GitHub, as owner/name.
	Repositories []string
	// Hosts are the answers of all other hosts.
	Hosts []GivenHost
	// MCP is what tools of MCP servers answer, by server and tool.
	MCP map[string]map[string]string
	// Now is when the case begins; zero for the time that it is.
	Now time.Time
}

// GivenHost is what a host answers.
type GivenHost struct {
	// URL may have "*" for a part of its path; Method is "" for any.
	URL, Method string
	Status      int
	Headers     map[string]string
	// Body is a text, or what is sent as JSON.
	Body any
}

// GivenUser is a person or an app.
type GivenUser struct {
	Name, DisplayName, AccountID, Email string
	App                                 bool
}

// GivenProject is a project.
type GivenProject struct {
	Key, Name, Type, Lead string
	Components            []string
	Versions              []GivenVersion
}

// GivenBoard is a board.
type GivenBoard struct {
	ID                  int
	Name, Project, Type string
}

// GivenSprint is a sprint.
type GivenSprint struct {
	ID, Board         int
	Name, State, Goal string
}

// GivenField is a custom field.
type GivenField struct {
	ID, Name, Kind string
	Options        []string
}

// NewIssue is an issue that is made.
type NewIssue struct {
	Project, Type, Summary, Description string
	Labels                              []string
	Priority, Assignee, Parent          string
	Fields                              map[string]any
}

// GivenIssue is an issue that is there from the start.
type GivenIssue struct {
	NewIssue
	Line int
	// Key is what the issue's key is expected to be; "" for any.
	Key              string
	Reporter, Status string
	Sprint           int
	Comments         []GivenComment
	Links            []GivenLink
	RemoteLinks      []GivenRemoteLink
}

// GivenComment is a comment; GivenLink a link to another issue.
type GivenComment struct{ As, Body string }

// GivenLink is described with GivenComment.
type GivenLink struct{ Type, To string }

// Script says what models answer. The zero value leaves that to the sandbox's
// own rules.
type Script struct {
	// Line is where it stands; 0 if it is not given.
	Line int
	// Rules are rules of the sandbox's model as YAML, or in RulesFile.
	Rules     string
	RulesFile string
	Answers   []Answer
	// Recording is a file.
	Recording string
}

// Answer is one answer of a model.
type Answer struct {
	Line  int
	Say   string
	Calls []Action
	// When are texts that the instructions, or what they are about, have to have.
	When []string
}

// The verbs of a Step.
const (
	VerbCreate       = "create"
	VerbComment      = "comment"
	VerbEditComment  = "edit_comment"
	VerbTransition   = "transition"
	VerbUpdate       = "update"
	VerbAssign       = "assign"
	VerbAddLabels    = "add_labels"
	VerbRemoveLabels = "remove_labels"
	VerbStartSprint  = "start_sprint"
	VerbCloseSprint  = "close_sprint"
	VerbRelease      = "release"
	VerbVersion      = "version"
	VerbConfluence   = "confluence"
	VerbAct          = "act"
	VerbGitHub       = "github"
	VerbRovo         = "rovo"
	VerbA2A          = "a2a"
	VerbDeliver      = "deliver"
	VerbWait         = "wait"
	VerbRestart      = "restart"
	VerbFault        = "fault"
	VerbWikiFault    = "confluence_fault"
	VerbModelFault   = "model_fault"
)

// Step is one thing that happens.
type Step struct {
	Line int
	// Verb is one of the Verb constants; which of the fields below counts depends
	// on it.
	Verb   string
	As, On string
	Text   string
	Labels []string
	Sprint int
	Issue  NewIssue
	Fields map[string]any
	Wait   time.Duration
	// Version is set for VerbRelease and VerbVersion, Wiki for VerbConfluence.
	Version *VersionStep
	Wiki    *WikiStep
	// Talk is set for VerbRovo and VerbA2A.
	Talk *TalkStep
	// Delivery is set for VerbDeliver.
	Delivery *Delivery
	// Crash is nil unless the daemon is to die meanwhile.
	Crash *Crash
	// Then is nil if nothing is expected of the step itself.
	Then *Expectation
}

// Delivery is a webhook that is sent to the daemon.
type Delivery struct {
	// File has the payload, or else Body is it.
	File string
	Body map[string]any
	Path string
	// Event is that of GitHub, "" for what the payload tells; TokenEnv the variable
	// whose token is sent in place of a signature.
	Event, TokenEnv string
	Headers         map[string]string
	Identifier      string
	SecretEnv       string
	Unsigned        bool
	Times           int
	Status          int
}

// Crash is the request to Jira, or to Confluence, at which the daemon dies.
type Crash struct {
	Method, Path string
	Confluence   bool
	// Before says that the request was not carried out, as opposed to the answer
	// getting lost.
	Before bool
}

// The orders of expected actions.
const (
	OrderListed = "listed"
	OrderAny    = "any"
	OrderExact  = "exact"
)

// Expectation is what is expected. What is not given does not matter.
type Expectation struct {
	Line int
	// Starts are targets in order; nil for any, empty for none.
	Starts []string
	// Ignored are parts of reasons, each of another delivery or of the same.
	Ignored []string
	Actions []Action
	// Order is one of the Order constants.
	Order         string
	Never         []Action
	NoOtherWrites bool
	// WrittenBy are the users whose rights all writes to Jira were made with, in any
	// order; nil for anybody's, empty for no write at all.
	WrittenBy []string
	// Tasks are those of A2A in the order in which they began; nil for any, empty
	// for none.
	Tasks []WantTask
	// Denied are rules in order; nil for any, empty for none.
	Denied []string
	Issues []WantIssue
	Pages  []WantPage
	// Spaces are the titles of all pages of spaces, as matchers by the spaces' keys.
	Spaces []WantSpace
	// Runs is nil for any number of runs that all succeeded.
	Runs   []WantRun
	AtMost *AtMost
}

// Action is a call of a tool that is expected.
type Action struct {
	Line int
	Tool string
	// Rest is what stands behind the tool in the short form.
	Rest string
	// Args are arguments that the call has, among others.
	Args map[string]any
	// As is the agent that called, "" for any.
	As string
	// Denied is the rule that denied the call, AnyRule for any; "" for a call that
	// was carried out. Failed is the same for the reason of a failure.
	Denied, Failed string
	// Result is what the model was told, as a matcher; nil for anything.
	Result any
}

// AnyRule stands for any rule or reason.
const AnyRule = "true"

// WantIssue is how an issue is expected to be. Values are plain or matchers.
type WantIssue struct {
	Key  string
	Line int
	// Missing says that there is no such issue.
	Missing bool
	// Values are by the name of the field in the manifest: type, status, priority,
	// resolution, summary, description, labels.
	Values map[string]any
	// Assignee is a user; nil for any, "" for nobody.
	Assignee  *string
	Fields    map[string]any
	Comments  []WantComment
	Commented []WantComment
	// AllComments says that Comments are all, in order; AllLinks the same of Links.
	AllComments, AllLinks bool
	Links                 []GivenLink
	// RemoteLinks is a matcher for a list of mappings; nil for any.
	RemoteLinks any
}

// WantComment is a comment that is expected.
type WantComment struct {
	By   string
	Body any
}

// WantRun is a run that is expected.
type WantRun struct {
	Line                 int
	Target, State, Issue string
	Error, Result        any
}

// AtMost bounds what runs use; nil fields do not.
type AtMost struct {
	USD                *float64
	Tokens, ModelCalls *int
}

// SecretVariables are the environment variables that the configuration says hold
// secrets, each once, in the order in which they stand there.
func (d *Daemon) SecretVariables() []string {
	var names []string
	for _, s := range d.secrets {
		if s.Env != "" && !slices.Contains(names, s.Env) {
			names = append(names, s.Env)
		}
	}
	return names
}
