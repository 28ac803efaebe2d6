package manifest

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// scenarioDecl is a file of cases: one, or several that share what stands above
// them.
type scenarioDecl struct {
	at
	APIVersion str    `yaml:"apiVersion" jsonschema_description:"aof.dev/v1"`
	Kind       str    `yaml:"kind"`
	Config     texts  `yaml:"config" jsonschema_description:"The daemon.yaml, or directories and files of manifests; default the nearest daemon.yaml beside or above this file"`
	Site       rawStr `yaml:"site" jsonschema_description:"Which of several sites of the configuration the sandbox is; default the first"`
	caseDecl
	Cases []caseDecl `yaml:"cases" jsonschema_description:"Several cases that share what stands above"`
}

// caseDecl is one case.
type caseDecl struct {
	at
	Name    rawStr          `yaml:"name" jsonschema_description:"What the case shows, in a sentence"`
	Skip    rawStr          `yaml:"skip" jsonschema_description:"Why the case is not run"`
	Env     mapping[rawStr] `yaml:"env" jsonschema_description:"Variables for ${VAR} in the configuration and the manifests; the environment itself is not read"`
	Timeout span            `yaml:"timeout" jsonschema_description:"How long the case may take; default that of the command line"`
	Given   givenDecl       `yaml:"given" jsonschema_description:"What is in Jira before anything happens"`
	Model   scriptDecl      `yaml:"model" jsonschema_description:"What the models answer; default the rules of the sandbox"`
	When    []stepDecl      `yaml:"when" jsonschema_description:"What happens, one after another; each waits until everything that it caused is over"`
	Then    thenDecl        `yaml:"then" jsonschema_description:"What is expected after all of it"`
}

type givenDecl struct {
	at
	Deployment  rawStr            `yaml:"deployment" jsonschema_description:"cloud or dc, perhaps with a version such as dc 9.12.5; default dc if the configuration signs in with a personal access token"`
	ContextPath rawStr            `yaml:"context_path" jsonschema_description:"Such as /jira"`
	Users       []scenarioUser    `yaml:"users" jsonschema_description:"Beside alice, bob, bot (the daemon's account) and app (another app)"`
	Projects    []scenarioProject `yaml:"projects" jsonschema_description:"Beside PROJ, FEAT, SUP and OTHER"`
	Boards      []scenarioBoard   `yaml:"boards" jsonschema_description:"Beside board 1 of PROJ"`
	Sprints     []scenarioSprint  `yaml:"sprints" jsonschema_description:"Beside the active sprint 1 and the future sprint 2 of board 1"`
	Fields      []scenarioField   `yaml:"fields" jsonschema_description:"Custom fields beside those of the sandbox"`
	Issues      []scenarioIssue   `yaml:"issues"`
	Confluence  rawStr            `yaml:"confluence" jsonschema_description:"cloud or dc, where the Confluence is of another kind than the Jira"`
	Spaces      []scenarioSpace   `yaml:"spaces" jsonschema_description:"Of Confluence, beside DOC, TEAM, POLICY and SECRET"`
	Pages       []scenarioPage    `yaml:"pages" jsonschema_description:"Of Confluence"`
	// Repositories are on the simulated GitHub.
	Repositories []rawStr       `yaml:"repositories" jsonschema_description:"On the simulated GitHub, as owner/name"`
	Hosts        []scenarioHost `yaml:"hosts" jsonschema_description:"What other hosts answer that tools and flows may reach; nothing else is reached"`
	// Servers answer in place of MCP servers, which are never started in a test.
	Servers mapping[mapping[rawStr]] `yaml:"mcp" jsonschema_description:"What tools of MCP servers answer, by server and tool"`
	Now     rawStr                   `yaml:"now" jsonschema_description:"What time it is when the case begins, such as 2026-03-02T08:55:00+01:00; default the time that it is"`
}

type scenarioUser struct {
	at
	Name        rawStr    `yaml:"name" jsonschema_description:"How steps speak of the user; on Data Center the user name too"`
	DisplayName rawStr    `yaml:"display_name"`
	AccountID   rawStr    `yaml:"account_id"`
	Email       rawStr    `yaml:"email"`
	App         opt[bool] `yaml:"app" jsonschema_description:"An app and no person"`
}

// scenarioProject is a key, or a mapping.
type scenarioProject struct {
	at
	projectMap
}

type projectMap struct {
	Key        rawStr            `yaml:"key"`
	Name       rawStr            `yaml:"name"`
	Type       rawStr            `yaml:"type" jsonschema_description:"software, business or service_desk"`
	Lead       rawStr            `yaml:"lead"`
	Components []rawStr          `yaml:"components"`
	Versions   []scenarioVersion `yaml:"versions" jsonschema_description:"Names, or mappings"`
}

func (p *scenarioProject) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	p.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		p.Key.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&p.projectMap), depth)
}

type scenarioBoard struct {
	at
	ID      opt[int] `yaml:"id"`
	Name    rawStr   `yaml:"name"`
	Project rawStr   `yaml:"project"`
	Type    rawStr   `yaml:"type" jsonschema_description:"scrum or kanban"`
}

type scenarioSprint struct {
	at
	ID    opt[int] `yaml:"id"`
	Name  rawStr   `yaml:"name"`
	Board opt[int] `yaml:"board"`
	State rawStr   `yaml:"state" jsonschema_description:"future, active or closed"`
	Goal  rawStr   `yaml:"goal"`
}

type scenarioField struct {
	at
	ID      rawStr   `yaml:"id" jsonschema_description:"Such as customfield_10100"`
	Name    rawStr   `yaml:"name"`
	Kind    rawStr   `yaml:"kind" jsonschema_description:"text, rich, number, date, person, labels or select"`
	Options []rawStr `yaml:"options" jsonschema_description:"Of a select"`
}

// issueDecl is an issue that is to be made.
type issueDecl struct {
	Project     rawStr           `yaml:"project"`
	Type        rawStr           `yaml:"type" jsonschema_description:"Default Task"`
	Summary     rawStr           `yaml:"summary"`
	Description rawStr           `yaml:"description" jsonschema_description:"In Jira's wiki markup"`
	Labels      []rawStr         `yaml:"labels"`
	Priority    rawStr           `yaml:"priority"`
	Assignee    rawStr           `yaml:"assignee"`
	Parent      rawStr           `yaml:"parent"`
	Fields      mapping[rawData] `yaml:"fields" jsonschema_description:"Further fields by id, as Jira's API takes them"`
}

type scenarioIssue struct {
	at
	Key rawStr `yaml:"key" jsonschema_description:"The key that the issue gets; keys are counted from 1 in each project, so it is checked and not chosen"`
	issueDecl
	Reporter rawStr            `yaml:"reporter" jsonschema_description:"Default alice"`
	Status   rawStr            `yaml:"status" jsonschema_description:"Default To Do"`
	Sprint   opt[int]          `yaml:"sprint"`
	Comments []scenarioComment `yaml:"comments"`
	Links    []scenarioLink    `yaml:"links"`
	Times    opt[int]          `yaml:"times" jsonschema_description:"So many such issues, whose summaries are numbered"`
	// RemoteLinks lead to Confluence, or anywhere.
	RemoteLinks []scenarioRemoteLink `yaml:"remote_links" jsonschema_description:"Links to pages of Confluence, or to anything outside Jira"`
}

type scenarioHost struct {
	at
	URL     rawStr          `yaml:"url" jsonschema_description:"With * for a part of the path; without a query it stands for any"`
	Method  rawStr          `yaml:"method" jsonschema_description:"Default any"`
	Status  opt[int]        `yaml:"status" jsonschema_description:"Default 200"`
	Headers mapping[rawStr] `yaml:"headers"`
	Body    rawData         `yaml:"body" jsonschema_description:"A text, or what is sent as JSON"`
}

type scenarioComment struct {
	at
	As   rawStr `yaml:"as"`
	Body rawStr `yaml:"body"`
}

type scenarioLink struct {
	at
	Type rawStr `yaml:"type" jsonschema_description:"Such as Blocks or Relates"`
	To   rawStr `yaml:"to"`
}

// scriptDecl says what models answer: the name of a file with a recording, or a
// mapping with one of the three.
type scriptDecl struct {
	at
	scriptMap
}

type scriptMap struct {
	Rules     node         `yaml:"rules" jsonschema_description:"Rules of the sandbox's model, or the file with them"`
	Answers   []answerDecl `yaml:"answers" jsonschema_description:"What is answered, one after another, in each conversation"`
	Recording rawStr       `yaml:"recording" jsonschema_description:"The file with what real models answered; aofctl test --record writes it"`
}

func (s *scriptDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	s.pos = d.pos(n)
	if isNull(n) {
		return
	}
	d.structure(n, elem(&s.scriptMap), depth)
	given := 0
	for _, is := range []bool{s.Rules.node != nil, s.Answers != nil, s.Recording.set} {
		if is {
			given++
		}
	}
	if given != 1 && n.Kind == yaml.MappingNode {
		d.errorf(s.pos, "give one of rules, answers and recording")
	}
}

// answerDecl is one answer: a text, or calls and perhaps a text with them.
type answerDecl struct {
	at
	answerMap
}

type answerMap struct {
	Say  rawStr     `yaml:"say"`
	Call callDecls  `yaml:"call" jsonschema_description:"jira_add_labels PROJ-1 [backend], or tool and args; or a list of them"`
	When scopeTexts `yaml:"when" jsonschema_description:"Only in conversations whose instructions or data have this text, or all of these"`
}

func (a *answerDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	a.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		a.Say.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&a.answerMap), depth)
	if !a.Say.set && a.Call.list == nil {
		d.errorf(a.pos, "the answer neither says nor calls anything")
	}
}

// callDecls is one call or a list of them.
type callDecls struct{ list []actionDecl }

func (c *callDecls) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	if n.Kind == yaml.SequenceNode {
		d.list(n, elem(&c.list), depth)
		return
	}
	var one actionDecl
	one.decodeYAML(d, n, depth)
	c.list = []actionDecl{one}
}

// scopeTexts is one text or a list of them.
type scopeTexts struct{ list []rawStr }

func (s *scopeTexts) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	if n.Kind == yaml.SequenceNode {
		d.list(n, elem(&s.list), depth)
		return
	}
	var one rawStr
	one.decodeYAML(d, n, depth)
	s.list = []rawStr{one}
}

func (s scopeTexts) values() []string {
	var out []string
	for _, one := range s.list {
		out = append(out, one.value)
	}
	return out
}

// rawStr is a text that keeps its "${…}".
type rawStr struct {
	at
	value string
	set   bool
}

func (r *rawStr) decodeYAML(d *decoder, n *yaml.Node, _ int) {
	r.pos = d.pos(n)
	switch {
	case isNull(n):
	case n.Kind != yaml.ScalarNode:
		d.errorf(r.pos, "expected text, found %s", describe(n))
	default:
		r.value, r.set = n.Value, true
	}
}

// node keeps a part of the file as it is.
type node struct {
	at
	node *yaml.Node
}

func (k *node) decodeYAML(d *decoder, n *yaml.Node, _ int) {
	k.pos = d.pos(n)
	if !isNull(n) {
		k.node = n
	}
}

// text is the node as YAML.
func (k node) text(d *decoder) string {
	out, err := yaml.Marshal(k.node)
	if err != nil {
		d.errorf(k.pos, "cannot be read: %s", err)
	}
	return string(out)
}

// tagged returns what a scalar says whose first word was taken for a tag, as in
// "- !jira_post_comment PROJ-1".
func tagged(n *yaml.Node) string {
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return strings.TrimSpace(n.Tag + " " + n.Value)
	}
	return n.Value
}
