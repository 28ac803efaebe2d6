// Package doc is the document that all markup passes through: what Markdown,
// Jira's wiki markup, the Atlassian Document Format and Confluence's storage
// format have in common. A reader makes a tree of it, a writer writes one.
//
// The tree is plain data. Readers bound its depth at [MaxDepth], so writers may
// recurse.
package doc

import "strings"

// Kind says what a node is.
type Kind int

// The kinds of blocks, and which members of Node they use besides Children.
const (
	Document  Kind = iota
	Paragraph      // of inline nodes
	Heading        // of inline nodes; Level from 1 to 6
	Bullets        // a list of Items
	Numbers        // a list of Items; Level is the first number
	Item           // of blocks; Task
	Code           // Text, Target is the language, Title
	Quote          // of blocks
	Rule
	Table  // of Rows
	Row    // of Cells
	Cell   // of blocks; Head
	Panel  // of blocks; Target is one of PanelNames, Text the title
	Expand // of blocks; Text is the title
	Wiki   // Text is wiki markup that the author meant as such
)

// The kinds of inline nodes.
const (
	Text   Kind = iota + 100 // Text
	Strong                   // of inline nodes, as are those up to Sub
	Em
	Strike
	Under
	Super
	Sub
	Span       // code; Text
	Link       // of inline nodes; Target is the address, Text the tooltip
	Image      // Target is the address, Text stands for the picture
	Break      // a line end that is shown
	Mention    // Target is the account ("accountid:…" on Cloud, or a user's name), Text the shown name
	Attachment // Text is the name of a file
	Macro      // Text is the key of something that is kept elsewhere, see package storage
	InlineWiki // Text is wiki markup that the author meant as such
)

// Task says whether a list item is a task.
type Task int

// The states of a list item.
const (
	NoTask Task = iota
	Todo
	Done
)

// Node is a node of a document.
type Node struct {
	Kind     Kind
	Text     string
	Target   string
	Title    string
	Level    int
	Task     Task
	Head     bool // of a Cell: it is a heading
	Auto     bool // of a Link: the author wrote nothing but the address
	Children []*Node
}

// Bounds of what a reader makes. Lists deeper than MaxDepth and wider tables have
// no meaning that a person could follow.
const (
	MaxDepth   = 100
	MaxColumns = 100
)

// New makes a node with children.
func New(kind Kind, children ...*Node) *Node { return &Node{Kind: kind, Children: children} }

// NewText makes a node that has text and no children.
func NewText(kind Kind, text string) *Node { return &Node{Kind: kind, Text: text} }

// Inline reports whether the node stands in a line of text.
func (n *Node) Inline() bool { return n.Kind >= Text }

// Marked reports whether the node is text with a mark, such as Strong.
func (n *Node) Marked() bool { return n.Kind >= Strong && n.Kind <= Sub }

// List reports whether the node is a list.
func (n *Node) List() bool { return n.Kind == Bullets || n.Kind == Numbers }

// Add appends children.
func (n *Node) Add(children ...*Node) { n.Children = append(n.Children, children...) }

// Flat is the text of a node and of what is below it, in one line.
func Flat(nodes ...*Node) string {
	var b strings.Builder
	flat(&b, nodes)
	return strings.Join(strings.Fields(b.String()), " ")
}

func flat(b *strings.Builder, nodes []*Node) {
	for _, n := range nodes {
		switch n.Kind {
		case Break:
			b.WriteByte(' ')
		case Mention:
			b.WriteString(Or(n.Text, n.Target))
		case Link:
			flat(b, n.Children)
		case Macro:
			b.WriteString(Key(n.Text))
		default:
			b.WriteString(n.Text)
			if !n.Inline() && n.Text != "" {
				b.WriteByte(' ')
			}
			flat(b, n.Children)
		}
		if !n.Inline() {
			b.WriteByte(' ')
		}
	}
}

// Key writes the key of a Macro as it stands in text.
func Key(name string) string { return keyOpen + name + keyClose }

const (
	keyOpen  = "\u27e6"
	keyClose = "\u27e7"
	maxKey   = 300 // in bytes
)

// Or returns the first text that is not empty.
func Or(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}

// Equal reports whether two lists of nodes mean the same: Auto does not count.
func Equal(a, b []*Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if x.Kind != y.Kind || x.Text != y.Text || x.Target != y.Target || x.Title != y.Title || x.Level != y.Level || x.Task != y.Task || x.Head != y.Head {
			return false
		}
		if !Equal(x.Children, y.Children) {
			return false
		}
	}
	return true
}

// PanelName returns the name of a panel for a word that people use for it, or
// "": info, note, tip, warning, error, success, and panel for one of no such
// meaning.
func PanelName(word string) string {
	switch word = strings.ToLower(word); word {
	case "info", "note", "tip", "warning", "error", "success", "panel":
		return word
	case "important":
		return "note"
	case "caution":
		return "warning"
	case "danger":
		return "error"
	case "hint":
		return "tip"
	}
	return ""
}
