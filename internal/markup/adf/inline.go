package adf

import (
	"reflect"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// inline writes inline nodes.
func (w *writer) inline(nodes []*doc.Node) []*node {
	in := &inline{}
	in.nodes(nodes, nil)
	return in.out
}

// inline collects the inline nodes of one block.
type inline struct {
	out []*node
}

func (in *inline) nodes(nodes []*doc.Node, marks []mark) {
	for _, n := range nodes {
		in.node(n, marks)
	}
}

func (in *inline) node(n *doc.Node, marks []mark) {
	switch n.Kind {
	case doc.Text:
		in.text(n.Text, marks)
	case doc.Strong, doc.Em, doc.Strike, doc.Under, doc.Super, doc.Sub:
		in.nodes(n.Children, with(marks, markOf(n.Kind)))
	case doc.Span:
		in.add(n.Text, with(links(marks), mark{Type: "code"}))
	case doc.Link:
		in.link(n, marks)
	case doc.Image:
		in.image(n, marks)
	case doc.Break:
		in.out = append(in.out, &node{Type: "hardBreak"})
	case doc.Mention:
		in.mention(n, marks)
	case doc.Attachment:
		in.add("[^"+n.Text+"]", marks)
	case doc.Macro:
		in.add(doc.Key(n.Text), marks)
	default:
		in.add(n.Text, marks)
		in.nodes(n.Children, marks)
	}
}

func markOf(kind doc.Kind) mark {
	switch kind {
	case doc.Strong:
		return mark{Type: "strong"}
	case doc.Em:
		return mark{Type: "em"}
	case doc.Strike:
		return mark{Type: "strike"}
	case doc.Super:
		return mark{Type: "subsup", Attrs: map[string]string{"type": "sup"}}
	case doc.Sub:
		return mark{Type: "subsup", Attrs: map[string]string{"type": "sub"}}
	}
	return mark{Type: "underline"}
}

// with adds a mark, of each type one.
func with(marks []mark, m mark) []mark {
	for _, old := range marks {
		if old.Type == m.Type {
			return marks
		}
	}
	return append(marks[:len(marks):len(marks)], m)
}

// links are the marks that code may have.
func links(marks []mark) []mark {
	for _, m := range marks {
		if m.Type == "link" {
			return []mark{m}
		}
	}
	return nil
}

// add adds text with marks, to the node before it if that has the same.
func (in *inline) add(s string, marks []mark) {
	s = strings.ReplaceAll(s, "\n", " ")
	if s == "" {
		return
	}
	if n := len(in.out); n > 0 && in.out[n-1].Type == "text" && reflect.DeepEqual(in.out[n-1].Marks, marks) {
		in.out[n-1].Text += s
		return
	}
	in.out = append(in.out, &node{Type: "text", Text: s, Marks: marks})
}

// text adds text; :shortcodes: in it are emoji.
func (in *inline) text(s string, marks []mark) {
	for s != "" {
		at, end := shortcode(s)
		if at < 0 {
			in.add(s, marks)
			return
		}
		in.add(s[:at], marks)
		in.out = append(in.out, &node{Type: "emoji", Attrs: map[string]any{"shortName": s[at:end], "text": s[at:end]}})
		s = s[end:]
	}
}

// shortcode finds the first :name: that stands between spaces.
func shortcode(s string) (start, end int) {
	for at := 0; at < len(s); {
		i := strings.IndexByte(s[at:], ':')
		if i < 0 {
			return -1, -1
		}
		i += at
		at = i + 1
		n := 0
		for i+1+n < len(s) && n < 40 && isShortName(s[i+1+n]) {
			n++
		}
		end := i + n + 2
		if n < 2 || end > len(s) || s[end-1] != ':' || s[i+1] < 'a' || s[i+1] > 'z' {
			continue
		}
		if (i == 0 || s[i-1] == ' ') && (end == len(s) || strings.IndexByte(" .,;!?)", s[end]) >= 0) {
			return i, end
		}
	}
	return -1, -1
}

func isShortName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+'
}

// link writes a link. An address that leads nowhere from Jira is text.
func (in *inline) link(n *doc.Node, marks []mark) {
	if !doc.Linkable(n.Target) || !doc.Absolute(n.Target) {
		in.nodes(n.Children, marks)
		if n.Target != "" && doc.Flat(n.Children...) != n.Target {
			in.add(" ("+n.Target+")", marks)
		}
		return
	}
	attrs := map[string]string{"href": n.Target}
	if n.Text != "" {
		attrs["title"] = n.Text
	}
	in.nodes(n.Children, with(marks, mark{Type: "link", Attrs: attrs}))
}

// image writes a picture within text, as a link to it.
func (in *inline) image(n *doc.Node, marks []mark) {
	label := doc.Or(n.Text, n.Target)
	if web(n.Target) {
		in.add(label, with(marks, mark{Type: "link", Attrs: map[string]string{"href": n.Target}}))
		return
	}
	in.add(label, marks)
	if n.Target != "" && label != n.Target {
		in.add(" ("+n.Target+")", marks)
	}
}

// mention writes a mention. The format knows account ids only: a user's name is
// text.
func (in *inline) mention(n *doc.Node, marks []mark) {
	id, ok := strings.CutPrefix(n.Target, "accountid:")
	if !ok {
		in.add("@"+doc.Or(n.Target, n.Text), marks)
		return
	}
	attrs := map[string]any{"id": id}
	if n.Text != "" {
		attrs["text"] = "@" + n.Text
	}
	in.out = append(in.out, &node{Type: "mention", Attrs: attrs})
}
