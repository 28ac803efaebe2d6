package manifest

import "gopkg.in/yaml.v3"

// scenarioVersion is the name of a project's version, or a mapping.
type scenarioVersion struct {
	at
	versionMap
}

type versionMap struct {
	Name        rawStr    `yaml:"name"`
	Description rawStr    `yaml:"description"`
	Released    opt[bool] `yaml:"released"`
	Archived    opt[bool] `yaml:"archived"`
	ReleaseDate rawStr    `yaml:"release_date" jsonschema_description:"Such as 2026-03-02"`
}

func (v *scenarioVersion) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	v.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		v.Name.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&v.versionMap), depth)
}

// changeVersionDecl is the name of a version, or a mapping.
type changeVersionDecl struct {
	at
	changeVersionMap
}

type changeVersionMap struct {
	Name     rawStr    `yaml:"name" jsonschema_description:"The version; it is made if the project has none of the name"`
	Project  rawStr    `yaml:"project" jsonschema_description:"Its project; needed if several have such a version, or none"`
	Released opt[bool] `yaml:"released" jsonschema_description:"Default true if it is released, else as it is"`
	Archived opt[bool] `yaml:"archived" jsonschema_description:"Default as it is"`
}

func (v *changeVersionDecl) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	v.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		v.Name.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&v.changeVersionMap), depth)
}

// scenarioRemoteLink is a link from an issue to something outside Jira.
type scenarioRemoteLink struct {
	at
	Page         rawStr `yaml:"page" jsonschema_description:"A page of Confluence by its title or id, in place of url"`
	URL          rawStr `yaml:"url"`
	Title        rawStr `yaml:"title" jsonschema_description:"Default that of the page, or the address"`
	GlobalID     rawStr `yaml:"global_id" jsonschema_description:"By which the link is found again"`
	Relationship rawStr `yaml:"relationship"`
}

// scenarioSpace is the key of a space of Confluence, or a mapping.
type scenarioSpace struct {
	at
	spaceMap
}

type spaceMap struct {
	Key     rawStr     `yaml:"key"`
	Name    rawStr     `yaml:"name"`
	Readers scopeTexts `yaml:"readers" jsonschema_description:"Who alone sees it; default everybody"`
	Writers scopeTexts `yaml:"writers" jsonschema_description:"Who alone writes in it; default everybody"`
}

func (s *scenarioSpace) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	s.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		s.Key.decodeYAML(d, n, depth)
		return
	}
	d.structure(n, elem(&s.spaceMap), depth)
}

// pageDecl is a page that is to be made.
type pageDecl struct {
	at
	ID      rawStr     `yaml:"id" jsonschema_description:"The page's id, a number; default the next one"`
	Space   rawStr     `yaml:"space" jsonschema_description:"The key of its space; default that of its parent, or DOC"`
	Title   rawStr     `yaml:"title"`
	Parent  rawStr     `yaml:"parent" jsonschema_description:"The page above, by title or id; default the space's home page"`
	Body    rawStr     `yaml:"body" jsonschema_description:"Its text in Markdown"`
	Storage rawStr     `yaml:"storage" jsonschema_description:"Its text in Confluence's storage format, in place of body"`
	Labels  scopeTexts `yaml:"labels"`
	Status  rawStr     `yaml:"status" jsonschema_description:"current (default) or draft"`
}

type scenarioPage struct {
	pageDecl
	By         rawStr                `yaml:"by" jsonschema_description:"Who made it; default alice"`
	Versions   []scenarioPageVersion `yaml:"versions" jsonschema_description:"Further versions, the newest last"`
	Properties mapping[rawData]      `yaml:"properties" jsonschema_description:"Content properties by key"`
	Comments   []scenarioPageComment `yaml:"comments"`
	Readers    scopeTexts            `yaml:"readers" jsonschema_description:"Who alone may see the page; default everybody"`
	Editors    scopeTexts            `yaml:"editors" jsonschema_description:"Who alone may change it; default everybody"`
}

type scenarioPageVersion struct {
	at
	By      rawStr `yaml:"by" jsonschema_description:"Default who made the page"`
	Body    rawStr `yaml:"body" jsonschema_description:"The whole text in Markdown"`
	Storage rawStr `yaml:"storage" jsonschema_description:"The whole text in Confluence's storage format"`
	Message rawStr `yaml:"message"`
}

type scenarioPageComment struct {
	at
	As   rawStr `yaml:"as" jsonschema_description:"Default alice"`
	Body rawStr `yaml:"body" jsonschema_description:"In Markdown"`
	On   rawStr `yaml:"on" jsonschema_description:"The piece of the page's text that it is on; default a comment below the page"`
}

// wikiDecl is what a person does in Confluence. Exactly one of its actions is given.
type wikiDecl struct {
	at
	Page         rawStr           `yaml:"page" jsonschema_description:"The page, by title or id; default the one that was made or named last"`
	Create       *pageDecl        `yaml:"create" jsonschema_description:"A page is made"`
	Edit         rawStr           `yaml:"edit" jsonschema_description:"The whole text is replaced by this one, in Markdown"`
	Storage      rawStr           `yaml:"storage" jsonschema_description:"The same in Confluence's storage format"`
	Section      rawStr           `yaml:"section" jsonschema_description:"The section of this heading is edited: text or remove says how"`
	Text         rawStr           `yaml:"text" jsonschema_description:"What stands in the section from now on, in Markdown, without the heading"`
	Append       rawStr           `yaml:"append" jsonschema_description:"What is added at the end of the section, or, without section, of the page"`
	Remove       opt[bool]        `yaml:"remove" jsonschema_description:"true: the section is taken away with its heading"`
	Touch        opt[bool]        `yaml:"touch" jsonschema_description:"true: a new version with the text that there was"`
	Publish      opt[bool]        `yaml:"publish" jsonschema_description:"true: the draft of the page is published"`
	Comment      rawStr           `yaml:"comment" jsonschema_description:"A comment on the page, in Markdown; {{code}} is the approval code in the last comment of the bot"`
	Selection    rawStr           `yaml:"selection" jsonschema_description:"The piece of the page's text that the comment is on"`
	Reply        rawStr           `yaml:"reply" jsonschema_description:"An answer to the last comment of another"`
	EditComment  rawStr           `yaml:"edit_comment" jsonschema_description:"The last comment of the user is replaced by this text"`
	AddLabels    scopeTexts       `yaml:"add_labels"`
	RemoveLabels scopeTexts       `yaml:"remove_labels"`
	Rename       rawStr           `yaml:"rename" jsonschema_description:"The new title"`
	Move         rawStr           `yaml:"move" jsonschema_description:"The page above from now on, by title or id"`
	Property     mapping[rawData] `yaml:"property" jsonschema_description:"Content properties that are set, by key"`
	Trash        opt[bool]        `yaml:"trash" jsonschema_description:"true: the page goes to the trash"`
	Message      rawStr           `yaml:"message" jsonschema_description:"Why, told with the new version"`
}

// scenarioWantPage is what a page is to be; what is not given does not matter.
type scenarioWantPage struct {
	at
	Exists      opt[bool]          `yaml:"exists" jsonschema_description:"false: there is no such page, save in the trash"`
	Space       rawStr             `yaml:"space" jsonschema_description:"The key of its space"`
	Title       *rawData           `yaml:"title"`
	Parent      *rawStr            `yaml:"parent" jsonschema_description:"The page above, by title or id; empty for the space's home page"`
	Status      rawStr             `yaml:"status" jsonschema_description:"current, draft or trashed"`
	Labels      *rawData           `yaml:"labels"`
	Body        *rawData           `yaml:"body" jsonschema_description:"The text as Markdown"`
	Storage     *rawData           `yaml:"storage" jsonschema_description:"The text in Confluence's storage format"`
	Draft       *rawData           `yaml:"draft" jsonschema_description:"What is not yet published, as Markdown; empty for nothing"`
	Sections    mapping[rawData]   `yaml:"sections" jsonschema_description:"What stands below headings as Markdown, by the heading or a path of headings such as Scope > Limits"`
	Headings    *rawData           `yaml:"headings" jsonschema_description:"All headings"`
	OnlyChanged *scopeTexts        `yaml:"only_changed" jsonschema_description:"Every byte outside of these sections is as it was; nothing for no change at all"`
	Version     *rawData           `yaml:"version" jsonschema_description:"The number of the newest version"`
	Message     *rawData           `yaml:"message" jsonschema_description:"What the newest version says why it was made"`
	By          rawStr             `yaml:"by" jsonschema_description:"Who made the newest version, as steps name them"`
	Comments    *[]wantPageComment `yaml:"comments" jsonschema_description:"All comments in order"`
	Commented   []wantPageComment  `yaml:"commented" jsonschema_description:"Comments that are there, perhaps among others"`
	Properties  mapping[rawData]   `yaml:"properties" jsonschema_description:"Content properties by key; nothing for one that is not there"`
	Files       *rawData           `yaml:"files" jsonschema_description:"The names of its files"`
}

// wantPageComment is a text that the comment has, or a mapping.
type wantPageComment struct {
	at
	wantPageCommentMap
}

type wantPageCommentMap struct {
	By   rawStr  `yaml:"by" jsonschema_description:"The author, as steps name them"`
	Body rawData `yaml:"body" jsonschema_description:"As Markdown"`
	On   rawStr  `yaml:"on" jsonschema_description:"The piece of the page's text that it is on"`
}

func (w *wantPageComment) decodeYAML(d *decoder, n *yaml.Node, depth int) {
	w.pos = d.pos(n)
	if n.Kind == yaml.ScalarNode {
		w.Body.value = map[string]any{"contains": n.Value}
		return
	}
	d.structure(n, elem(&w.wantPageCommentMap), depth)
}
