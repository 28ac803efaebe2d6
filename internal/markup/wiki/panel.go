package wiki

import (
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// panelColors are the backgrounds with which Jira Cloud tells its panels apart.
func panelColor(name string) string {
	switch name {
	case "info":
		return "#deebff"
	case "note":
		return "#eae6ff"
	case "success", "tip":
		return "#e3fcef"
	case "warning":
		return "#fffae6"
	case "error":
		return "#ffebe6"
	}
	return ""
}

// panelTag opens a panel. Its title tells on Data Center what its colour tells
// on Cloud.
func panelTag(name, title string) string {
	var parts []string
	if title != "" {
		parts = append(parts, "title="+title)
	}
	if color := panelColor(name); color != "" {
		parts = append(parts, "bgColor="+color)
	}
	if len(parts) == 0 {
		return "{panel}"
	}
	return "{panel:" + strings.Join(parts, "|") + "}"
}

// panelTitle is the title of a panel, after the word for its kind.
func panelTitle(n *doc.Node) string {
	title := plainTitle(n.Text)
	name := doc.PanelName(n.Target)
	if n.Kind != doc.Panel || panelColor(name) == "" {
		return title
	}
	name = strings.ToUpper(name[:1]) + name[1:]
	if title == "" {
		return name
	}
	return name + ": " + title
}

// plainTitle is text without what would end a parameter.
func plainTitle(s string) string {
	return doc.OneLine(strings.Map(func(r rune) rune {
		if strings.ContainsRune("{}|\\", r) {
			return ' '
		}
		return r
	}, s))
}

// readPanel makes a panel of a tag's name and parameters.
func readPanel(name, params string) *doc.Node {
	values := parameters(params)
	title := doc.OneLine(values["title"])
	if name == "expand" {
		return &doc.Node{Kind: doc.Expand, Text: doc.Or(title, doc.OneLine(values[""]))}
	}
	out := &doc.Node{Kind: doc.Panel, Target: name, Text: title}
	if name != macroPanel {
		return out
	}
	word, rest, titled := strings.Cut(title, ":")
	kind := doc.PanelName(word)
	switch {
	case kind != "" && kind != "panel" && (titled || rest == ""):
		out.Target, out.Text = kind, strings.TrimSpace(rest)
	case values["bgColor"] != "":
		for _, k := range []string{"info", "note", "success", "warning", "error"} {
			if strings.EqualFold(panelColor(k), values["bgColor"]) {
				out.Target = k
			}
		}
	}
	return out
}

// parameters reads a=b|c=d; what has no name is under "".
func parameters(s string) map[string]string {
	out := map[string]string{}
	for p := range strings.SplitSeq(s, "|") {
		key, value, ok := strings.Cut(p, "=")
		if !ok {
			key, value = "", p
		}
		if _, taken := out[key]; !taken {
			out[key] = value
		}
	}
	return out
}
