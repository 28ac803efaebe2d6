package forge

import (
	"cmp"
	"html"
	"strings"
)

// connectPage is what a person sees.
type connectPage struct {
	Status               int
	State, Site, Account string
	Person               Person
	Tenant, Done         bool
	Problem              string
}

// html writes the page. It is put together by hand: a template looks methods up by
// name, for which the linker would keep every exported method of the program.
func (p connectPage) html() string {
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">" +
		"<title>Connect with Jira</title></head><body>\n<h1>Connect with Jira</h1>\n")
	switch {
	case p.Problem != "":
		b.WriteString("<p>" + html.EscapeString(p.Problem) + "</p>")
	case p.Done:
		b.WriteString("<p>Done: this is connected with " + p.who() + " now. You may close this page")
		if p.Site != "" {
			b.WriteString(" and go back to " + html.EscapeString(p.Site))
		}
		b.WriteString(".</p>")
	default:
		p.ask(&b)
	}
	b.WriteString("\n</body></html>\n")
	return b.String()
}

// ask shows who would be connected, and the button that does it.
func (p connectPage) ask(b *strings.Builder) {
	what := "The Jira account <code>" + html.EscapeString(p.Account) + "</code> of the site"
	if p.Tenant {
		what = "The Jira site"
	}
	b.WriteString("<p>" + what + " <strong>" + html.EscapeString(cmp.Or(p.Site, "(its address is not known yet)")) + "</strong>\n" +
		"would be connected with " + p.who() + " here.</p>\n" +
		"<p>Go on only if you opened this page from that site yourself.</p>\n" +
		"<form method=\"post\" action=\"?\"><input type=\"hidden\" name=\"state\" value=\"" + html.EscapeString(p.State) + "\"><button>Connect</button></form>")
}

func (p connectPage) who() string {
	return "<strong>" + html.EscapeString(cmp.Or(p.Person.Name, p.Person.Subject)) + "</strong>"
}
