package markup

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

// inline writes inline nodes. Neighbours with the same marks are one text, since
// Markdown would not see the end of one and the begin of the next.
func (w adfWriter) inline(list []adfNode) string {
	var b strings.Builder
	for i := 0; i < len(list); i++ {
		n := list[i]
		if n.kind() != nodeText || len(n.marks()) == 0 {
			b.WriteString(w.inlineNode(n))
			continue
		}
		var text strings.Builder
		text.WriteString(n.text())
		for i+1 < len(list) && list[i+1].kind() == nodeText && reflect.DeepEqual(n["marks"], list[i+1]["marks"]) {
			i++
			text.WriteString(list[i].text())
		}
		b.WriteString(marked(text.String(), n.marks()))
	}
	return b.String()
}

func (w adfWriter) inlineNode(n adfNode) string {
	switch n.kind() {
	case nodeText:
		return n.text()
	case nodeHardBreak:
		return "\n"
	case "mention":
		return adfMention(n)
	case "emoji":
		if s := n.attr("text"); s != "" {
			return s
		}
		return n.attr("shortName")
	case "inlineCard", "blockCard", "embedCard":
		return n.attr("url")
	case "status":
		return "[" + n.attr("text") + "]"
	case "date":
		return adfDate(n.attr("timestamp"))
	case "mediaInline":
		return w.media(adfNode{"type": nodeMedia, "attrs": n["attrs"]})
	}
	if below := n.content(); len(below) > 0 {
		return n.allText()
	}
	return adfOwnText(n)
}

// adfMention writes @[accountid:… Name], which becomes a mention again when it
// goes back to Jira.
func adfMention(n adfNode) string {
	name := oneLine(strings.TrimPrefix(n.attr("text"), "@"))
	name = strings.NewReplacer("[", "(", "]", ")", "|", " ", "{", "(", "}", ")").Replace(name)
	id := n.attr("id")
	switch {
	case !isAccount(id):
		return strings.TrimSpace("@" + name)
	case name == "":
		return "@[accountid:" + id + "]"
	}
	return "@[accountid:" + id + " " + name + "]"
}

// adfDate writes a timestamp in milliseconds as a day.
func adfDate(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || n < 0 || n > 253402300799999 {
		return ms
	}
	return time.UnixMilli(n).UTC().Format(time.DateOnly)
}

// marked writes text with marks. White space at its ends stays outside them,
// where Markdown wants it.
func marked(text string, marks []adfNode) string {
	core := strings.TrimSpace(text)
	if core == "" {
		return text
	}
	at := strings.Index(text, core)
	lead, trail := text[:at], text[at+len(core):]
	has := map[string]bool{}
	link := ""
	for _, m := range marks {
		has[m.kind()] = true
		if m.kind() == "link" {
			link = m.attr("href")
		}
	}
	core = strings.ReplaceAll(core, "\n", " ")
	bare := core
	if has["code"] {
		core = codeSpan(core)
	}
	for _, m := range []struct{ kind, md string }{{"em", "*"}, {"strong", "**"}, {"strike", "~~"}} {
		if has[m.kind] {
			core = m.md + core + m.md
		}
	}
	if link != "" && link != bare {
		core = "[" + core + "](" + markdownURL(link) + ")"
	}
	return lead + core + trail
}
