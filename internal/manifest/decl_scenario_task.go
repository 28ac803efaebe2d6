package manifest

import "gopkg.in/yaml.v3"

// rovoDecl is what a person does with an agent in Jira: a word, or a mapping.
type rovoDecl struct {
	at
	rovoMap
	// bare is the word; listed says that there is a mapping.
	bare   rawStr
	listed bool
}

type rovoMap struct {
	Assign  rawStr `yaml:"assign" jsonschema_description:"The issue is assigned to the agent of that name; true for the default agent"`
	Mention rawStr `yaml:"mention" jsonschema_description:"A comment mentions the agent before this text"`
	Say     rawStr `yaml:"say" jsonschema_description:"What is said in the chat: in the user's conversation about the issue, or else in a new one"`
	Cancel  rawStr `yaml:"cancel" jsonschema_description:"true: the agent is stopped"`
	Retry   rawStr `yaml:"retry" jsonschema_description:"true: what was not completed is asked for anew"`
	Connect rawStr `yaml:"connect" jsonschema_description:"true: the user connects the account, where that is required"`
	Agent   rawStr `yaml:"agent" jsonschema_description:"The agent's name; default the one of the conversation, or the default agent"`
	Refused rawStr `yaml:"refused" jsonschema_description:"The request is refused, with this in the reason, or true for any"`
}

func (v *rovoDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	v.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		v.bare.decodeYAML(d, n, depth)
		return
	}
	v.listed = n.Kind == yaml.MappingNode
	d.structure(n, elem(&v.rovoMap), depth)
}

// a2aStepDecl is what a program does with an agent: a word, or a mapping.
type a2aStepDecl struct {
	at
	a2aStepMap
	// bare is the word; listed says that there is a mapping.
	bare   rawStr
	listed bool
}

type a2aStepMap struct {
	Send    rawStr      `yaml:"send" jsonschema_description:"A message that begins a conversation"`
	Say     rawStr      `yaml:"say" jsonschema_description:"A further message in the program's last conversation"`
	Cancel  rawStr      `yaml:"cancel" jsonschema_description:"true: the task is canceled"`
	Data    *fieldsDecl `yaml:"data" jsonschema_description:"What is sent beside the text"`
	Agent   rawStr      `yaml:"agent" jsonschema_description:"The agent's name; default the one of the conversation, or the default agent"`
	Dialect rawStr      `yaml:"dialect" jsonschema_description:"a2a-1.0 (default) or a2a-0.3"`
	Refused rawStr      `yaml:"refused" jsonschema_description:"The request is refused, with this in the reason, or true for any"`
}

func (v *a2aStepDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	v.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		v.bare.decodeYAML(d, n, depth)
		return
	}
	v.listed = n.Kind == yaml.MappingNode
	d.structure(n, elem(&v.a2aStepMap), depth)
}

// wantTasksDecl is one task or a list of them; nothing for none.
type wantTasksDecl struct{ list []wantTaskDecl }

func (w *wantTasksDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	switch {
	case n.Kind == yaml.SequenceNode:
		d.list(n, elem(&w.list), depth)
	case n.Kind == yaml.ScalarNode && (n.Value == "nothing" || isNull(n)):
	default:
		var one wantTaskDecl
		one.decodeYAML(d, n, depth)
		w.list = []wantTaskDecl{one}
	}
}

// wantTaskDecl is a state, or a mapping.
type wantTaskDecl struct {
	at
	wantTaskMap
}

type wantTaskMap struct {
	Of    rawStr   `yaml:"of" jsonschema_description:"Who gave it: a user, or a program as steps name it"`
	State rawStr   `yaml:"state" jsonschema_description:"submitted, working, input-required, auth-required, completed, canceled, failed or rejected"`
	Says  *rawData `yaml:"says" jsonschema_description:"What its last status says, such as the answer; a plain text is a part of it"`
	Asks  *rawData `yaml:"asks" jsonschema_description:"What the agent asked, one after another; plain texts are parts of it; nothing for no question"`
}

func (w *wantTaskDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	w.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		w.State.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&w.wantTaskMap), depth)
}
