package manifest

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// stepDecl is one thing that happens. Exactly one of its verbs is given.
type stepDecl struct {
	at
	As rawStr `yaml:"as" jsonschema_description:"Who does it: alice, bob or another user of the sandbox"`
	On rawStr `yaml:"on" jsonschema_description:"The issue; default the one that was made or named last"`

	Create       *issueDecl         `yaml:"create" jsonschema_description:"An issue is made"`
	Comment      rawStr             `yaml:"comment" jsonschema_description:"A comment is posted; {{code}} is the approval code in the last comment of the bot"`
	EditComment  rawStr             `yaml:"edit_comment" jsonschema_description:"The last comment of the user is replaced by this text"`
	Transition   rawStr             `yaml:"transition" jsonschema_description:"The issue is moved, by the name of a transition or a status"`
	Update       *fieldsDecl        `yaml:"update" jsonschema_description:"Fields are set, by id, as Jira's API takes them"`
	Assign       *rawStr            `yaml:"assign" jsonschema_description:"The issue is assigned; empty for nobody"`
	AddLabels    scopeTexts         `yaml:"add_labels"`
	RemoveLabels scopeTexts         `yaml:"remove_labels"`
	StartSprint  opt[int]           `yaml:"start_sprint" jsonschema_description:"A sprint is started, by its id"`
	CloseSprint  opt[int]           `yaml:"close_sprint" jsonschema_description:"A sprint is completed, by its id"`
	Release      *changeVersionDecl `yaml:"release" jsonschema_description:"A version is released: its name, or a mapping"`
	Version      *changeVersionDecl `yaml:"version" jsonschema_description:"A version is made or changed: its name, or a mapping"`
	Confluence   *wikiDecl          `yaml:"confluence" jsonschema_description:"Somebody does something in Confluence"`
	Act          *fieldsDecl        `yaml:"act" jsonschema_description:"Anything else that the sandbox can do, as its control API takes it"`
	GitHub       *fieldsDecl        `yaml:"github" jsonschema_description:"Something happens on the simulated GitHub: action, repository, number, title, body, branch …"`
	Rovo         *rovoDecl          `yaml:"rovo" jsonschema_description:"Somebody works with an agent in Jira's Rovo: assign, cancel, retry or connect, or a mapping"`
	A2A          *a2aStepDecl       `yaml:"a2a" jsonschema_description:"A program that is no Jira works with an agent: cancel, or a mapping"`
	Deliver      *deliveryDecl      `yaml:"deliver" jsonschema_description:"A webhook is delivered: the file with its payload, or a mapping"`
	Wait         span               `yaml:"wait" jsonschema_description:"So much time passes at once"`
	Restart      opt[bool]          `yaml:"restart" jsonschema_description:"The daemon stops and starts again"`
	Fault        *fieldsDecl        `yaml:"fault" jsonschema_description:"From now on requests to Jira fail, as the sandbox's control API takes it"`
	WikiFault    *fieldsDecl        `yaml:"confluence_fault" jsonschema_description:"From now on requests to Confluence fail, as the sandbox's control API takes it"`
	ModelFault   *fieldsDecl        `yaml:"model_fault" jsonschema_description:"The next calls of the model fail: status, count, retry_after_ms, or cut: true"`

	Crash *crashDecl `yaml:"crash" jsonschema_description:"The daemon dies while the step is worked on, at a request to Jira or Confluence, and starts again"`
	Then  *thenDecl  `yaml:"then" jsonschema_description:"What is expected of what this step caused"`
}

// fieldsDecl is a free mapping.
type fieldsDecl struct {
	at
	fields map[string]any
}

func (f *fieldsDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	f.pos = d.pos(n)
	if n.Kind != yaml.MappingNode {
		d.errorf(f.pos, "expected a mapping, found %s", describe(n))
		return
	}
	f.fields, _ = d.free(n, depth, false).(map[string]any)
}

// deliveryDecl is the name of a file, or a mapping.
type deliveryDecl struct {
	at
	deliveryMap
}

type deliveryMap struct {
	File       rawStr          `yaml:"file" jsonschema_description:"The file with the payload"`
	Body       *fieldsDecl     `yaml:"body" jsonschema_description:"The payload itself"`
	Path       rawStr          `yaml:"path" jsonschema_description:"Default /webhook/jira, or /webhook/github for what GitHub sends"`
	Headers    mapping[rawStr] `yaml:"headers"`
	Event      rawStr          `yaml:"event" jsonschema_description:"The name of an event of GitHub's; by default it is known by the payload"`
	Identifier rawStr          `yaml:"identifier" jsonschema_description:"That of the delivery; by default the body identifies it"`
	TokenEnv   rawStr          `yaml:"token_env" jsonschema_description:"The variable whose token is sent in place of a signature"`
	SecretEnv  rawStr          `yaml:"secret_env" jsonschema_description:"The variable whose secret signs it; default the first of the site"`
	Signed     opt[bool]       `yaml:"signed" jsonschema_description:"Default true"`
	Times      opt[int]        `yaml:"times" jsonschema_description:"How often it is sent; default once"`
	Status     opt[int]        `yaml:"status" jsonschema_description:"The answer that is expected; default 200"`
}

func (v *deliveryDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	v.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		v.File.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&v.deliveryMap), depth)
	if v.File.set == (v.Body != nil) && n.Kind == yaml.MappingNode {
		d.errorf(v.pos, "give one of file and body")
	}
}

type crashDecl struct {
	at
	Method rawStr `yaml:"method" jsonschema_description:"Of the request, such as POST; default any"`
	Path   rawStr `yaml:"path" jsonschema_description:"A regular expression for the path of the request, such as /comment$"`
	Of     rawStr `yaml:"of" jsonschema_description:"jira (default) or confluence"`
	Moment rawStr `yaml:"moment" jsonschema_description:"after: Jira has carried the request out and the daemon does not know (default); before: it has not"`
}

// thenDecl is what is expected.
type thenDecl struct {
	at
	Starts        *scopeTexts                `yaml:"starts" jsonschema_description:"What was started, in order: agents, fleets and flows by name; nothing for nothing"`
	Ignored       scopeTexts                 `yaml:"ignored" jsonschema_description:"A delivery started nothing, and this is in the reason"`
	Actions       []actionDecl               `yaml:"actions" jsonschema_description:"Tool calls that were carried out, in this order; others may lie between"`
	Order         rawStr                     `yaml:"order" jsonschema_description:"of the actions: listed (default), any, or exact for these and no others"`
	Never         []actionDecl               `yaml:"never" jsonschema_description:"Tool calls that were not carried out; the same as a ! before an action"`
	NoOtherWrites opt[bool]                  `yaml:"no_other_writes" jsonschema_description:"Nothing else was written"`
	WrittenBy     *scopeTexts                `yaml:"written_by" jsonschema_description:"The users with whose rights all writes to Jira were made, as steps name them; bot is the daemon; nothing if nothing was written"`
	Tasks         *wantTasksDecl             `yaml:"tasks" jsonschema_description:"How the tasks stand that agents were given over A2A, in the order of their beginning; nothing for none"`
	Denied        *scopeTexts                `yaml:"denied" jsonschema_description:"The rules of the policy that denied calls; nothing for no denial"`
	Issues        mapping[scenarioWantIssue] `yaml:"issues" jsonschema_description:"How issues are in the end, by key"`
	Pages         mapping[scenarioWantPage]  `yaml:"pages" jsonschema_description:"How pages of Confluence are in the end, by title or id"`
	Spaces        mapping[rawData]           `yaml:"spaces" jsonschema_description:"The titles of all pages of spaces of Confluence, save the home page and those in the trash, by the key of the space"`
	Runs          []scenarioWantRun          `yaml:"runs" jsonschema_description:"How the runs ended, in the order of their start; default all succeeded"`
	AtMost        *scenarioAtMost            `yaml:"at_most" jsonschema_description:"What all runs together may have used"`
}

// actionDecl is a call of a tool in short form, or a mapping.
type actionDecl struct {
	at
	actionMap
	// short is the short form; bare says that there is no other.
	short string
	bare  bool
}

type actionMap struct {
	Tool   rawStr      `yaml:"tool"`
	Args   *fieldsDecl `yaml:"args" jsonschema_description:"Arguments that the call has, perhaps beside others"`
	As     rawStr      `yaml:"as" jsonschema_description:"The agent that called"`
	Denied rawStr      `yaml:"denied" jsonschema_description:"The rule that denied the call, or true for any"`
	Failed rawStr      `yaml:"failed" jsonschema_description:"The call failed, with this in the reason, or true for any"`
	Result rawData     `yaml:"result" jsonschema_description:"What the model was told"`
}

func (a *actionDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	a.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		a.short, a.bare = tagged(n), true
		return
	}
	if a.short = unquoted(n); a.short != "" {
		return
	}
	d.structure(n, elem(&a.actionMap), depth)
	if !a.Tool.set && n.Kind == yaml.MappingNode {
		d.errorf(a.pos, `field "tool" is missing`)
	}
}

// unquoted is a short form that has a colon in it and was not quoted, which YAML
// takes for a mapping: jira_update_issue PROJ-1 {priority: High}.
func unquoted(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 || n.Content[1].Kind != yaml.ScalarNode || !strings.Contains(n.Content[0].Value, " ") {
		return ""
	}
	return tagged(n.Content[0]) + ": " + n.Content[1].Value
}

// scenarioWantIssue is what an issue is to be; what is not given does not matter.
type scenarioWantIssue struct {
	at
	Exists      opt[bool]        `yaml:"exists" jsonschema_description:"false: there is no such issue"`
	Type        *rawData         `yaml:"type"`
	Status      *rawData         `yaml:"status"`
	Priority    *rawData         `yaml:"priority"`
	Resolution  *rawData         `yaml:"resolution"`
	Summary     *rawData         `yaml:"summary"`
	Description *rawData         `yaml:"description"`
	Assignee    *rawStr          `yaml:"assignee" jsonschema_description:"A user as steps name them; empty for nobody"`
	Labels      *rawData         `yaml:"labels"`
	Fields      mapping[rawData] `yaml:"fields" jsonschema_description:"By id, as Jira's API shows them"`
	Comments    *[]wantComment   `yaml:"comments" jsonschema_description:"All comments in order"`
	Commented   []wantComment    `yaml:"commented" jsonschema_description:"Comments that are there, perhaps among others"`
	Links       *[]scenarioLink  `yaml:"links"`
	RemoteLinks *rawData         `yaml:"remote_links" jsonschema_description:"Links to what is outside Jira, each with url, title, global_id, relationship, and page for one of Confluence"`
}

// wantComment is a text that the comment has, or a mapping.
type wantComment struct {
	at
	wantCommentMap
}

type wantCommentMap struct {
	By   rawStr  `yaml:"by" jsonschema_description:"The author, as steps name them"`
	Body rawData `yaml:"body"`
}

func (w *wantComment) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	w.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		w.Body.value = map[string]any{"contains": n.Value}
		return
	}
	d.structure(n, elem(&w.wantCommentMap), depth)
}

// scenarioWantRun is a state, or a mapping.
type scenarioWantRun struct {
	at
	wantRunMap
}

type wantRunMap struct {
	Target rawStr   `yaml:"target" jsonschema_description:"What ran, such as bug-triager or flow/release"`
	State  rawStr   `yaml:"state" jsonschema_description:"succeeded, failed, canceled, rejected or waiting"`
	Error  *rawData `yaml:"error"`
	Result *rawData `yaml:"result"`
	Issue  rawStr   `yaml:"issue"`
}

func (w *scenarioWantRun) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	w.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		w.State.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&w.wantRunMap), depth)
}

type scenarioAtMost struct {
	at
	USD        opt[float64] `yaml:"usd"`
	Tokens     opt[int]     `yaml:"tokens"`
	ModelCalls opt[int]     `yaml:"model_calls"`
}
