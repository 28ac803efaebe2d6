package policy

import (
	"regexp"
	"strings"
)

// macros are those of wiki markup that run code, or show what stands elsewhere,
// such as other issues, pages or sites. Macros that only shape text, such as
// {code}, {panel} or {color}, are not among them.
var (
	wikiMacro = regexp.MustCompile(`(?i)\{(html|html-bobswift|html-include|html-wrap|include|include-page|includeplus|multi-excerpt|multiexcerpt-include|excerpt|` +
		`excerpt-include|iframe|rss|rss-feed|widget|widgetconnector|gadget|jiraissues|jira|chart|viewfile|viewpdf|viewdoc|viewxls|viewppt|multimedia|` +
		`script|groovy|beanshell|velocity|jython|run|sql|sql-query|sql-file|soap|xslt|style|css|js|javascript|userlister|userlist|users|profile|` +
		`contentbylabel|contentbyuser|pagetree|children|blog-posts|search|livesearch|attachments|gallery|loremipsum|junitreport|im|bookmarks|` +
		`get-data|set-data|fetch|http|webhook|embed|external|externalcontent|remotecontent|unmigrated-wiki-markup)(?:[:|][^}\n]*)?\}`)
	pageMacro = regexp.MustCompile(`(?i)<ac:(?:structured-macro|macro)\b[^>]*\bac:name\s*=\s*["']?([\w-]+)`)
)

// bareNames are macros whose names also stand in braces for a value, as in the
// path /users/{profile}; they count with a parameter only.
const bareNames = " jira chart run search users profile excerpt im http webhook external embed fetch style css js children gallery include "

// macroIn returns the name of the first macro that is not harmless.
func macroIn(s string) string {
	for _, view := range []string{s, unmasked(s)} {
		for _, m := range wikiMacro.FindAllStringSubmatch(view, -1) {
			name := strings.ToLower(m[1])
			if len(m[0]) > len(name)+2 || !strings.Contains(bareNames, " "+name+" ") {
				return name
			}
		}
		for _, m := range pageMacro.FindAllStringSubmatch(view, -1) {
			if wikiMacro.MatchString("{" + m[1] + "}") {
				return strings.ToLower(m[1])
			}
		}
	}
	return ""
}
