package policy

import (
	"regexp"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// setGitHub is the toolset whose texts are GitHub's Markdown.
const setGitHub = "github"

var (
	// bracketed are mentions in Jira's wiki markup and in the Markdown that our
	// converters read: [~name], [~accountid:…], @[accountid:… Name].
	bracketed = regexp.MustCompile(`\[~([^\]\n]{1,300})\]|@\[([^\]\s]{1,300})`)
	// login is a mention on GitHub, of a person or a team.
	login = regexp.MustCompile(`(?i)(?:^|[^a-z0-9_` + "`" + `/@])@([a-z0-9](?:[a-z0-9-]{0,99})(?:/[a-z0-9][a-z0-9._-]{0,99})?)`)
	// bound are mentions in the storage format and in HTML.
	bound = regexp.MustCompile(`(?i)ri:(?:account-id|username|userkey)\s*=\s*["']?([^"'\s>]+)|data-account-id\s*=\s*["']?([^"'\s>]+)`)
)

// mentionIn returns the first mention of somebody who is not known to be on the
// issue; "" for none.
func (p *Policy) mentionIn(t text, set string, k *knowledge) string {
	if t.namesPerson() {
		return ""
	}
	for _, who := range mentions(t.value, set == setGitHub) {
		if !k.person(who) {
			return who
		}
	}
	return ""
}

// namesPerson reports whether an argument says whose something is, for which
// tools take mentions too. They are no text.
func (t text) namesPerson() bool {
	if t.key != "assignee" && t.key != "reporter" {
		return false
	}
	at := bracketed.FindStringIndex(t.value)
	return at != nil && at[0] == 0 && at[1] == len(t.value)
}

// mentions returns whom a text mentions, as written there.
func mentions(s string, github bool) []string {
	if !strings.ContainsAny(s, "@~&%\uff20\ufe6b\uff5e") && !strings.Contains(s, "ri:") && !strings.Contains(s, "account-id") {
		return nil
	}
	var list []string
	add := func(groups [][]string) {
		for _, m := range groups {
			for _, name := range m[1:] {
				if name != "" {
					list = append(list, name)
				}
			}
		}
	}
	for _, view := range views(s) {
		add(bracketed.FindAllStringSubmatch(view, -1))
		add(bound.FindAllStringSubmatch(view, -1))
	}
	for _, n := range nodes(s, github) {
		if n.Kind == doc.Mention {
			list = append(list, n.Target)
		}
	}
	if github {
		for _, part := range shownText(markdown.Parse(s, false), nil) {
			add(login.FindAllStringSubmatch(visible(part), -1))
			add(login.FindAllStringSubmatch(part, -1))
		}
	}
	return list
}

// shownText returns what of a document is text and not code, in pieces between
// which something else stands.
func shownText(n *doc.Node, list []string) []string {
	var run strings.Builder
	flush := func() {
		if run.Len() > 0 {
			list = append(list, run.String())
		}
		run.Reset()
	}
	for _, c := range n.Children {
		if c.Kind == doc.Text {
			run.WriteString(c.Text)
			continue
		}
		flush()
		switch c.Kind {
		case doc.Code, doc.Span:
		default:
			if c.Text != "" {
				list = append(list, c.Text)
			}
			list = shownText(c, list)
		}
	}
	flush()
	return list
}

// account is how an account is compared.
func account(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "accountid:")
	return strings.TrimPrefix(s, "@")
}
