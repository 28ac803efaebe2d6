package route_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/route"
)

func FuzzParseCommands(f *testing.F) {
	for _, seed := range []string{
		"/triage now depth=2\nbody", "@aofbot, /review security", "[~accountid:5b10] triage\r\n/x", "{code}\n/x\n{code}",
		"```\n/x\n```\n/y", "> /x\nbq. /y\n{quote}/z{quote}", "/usr/bin/foo\n/ x\n//", "/a \"b c\" 'd", "\xff/\x00x\n/x\xff",
		"@aofbot\n@aofbot /\n[~]\n[~aofbot", "/a=b --c=d “e f” g=", "~~~\n/x\n~~~~\n/y", `/find\-it \{code}`,
	} {
		f.Add(seed, "aofbot", "5b10")
	}
	f.Fuzz(func(t *testing.T, text, bot, id string) {
		cmds := route.ParseCommands(text, bot, []string{id})
		if len(cmds) > route.MaxCommands {
			t.Fatalf("%d commands", len(cmds))
		}
		for _, c := range cmds {
			if len(c.Words) == 0 || c.Words[0] == "" || strings.ContainsAny(c.Line, "\n") {
				t.Fatalf("bad command %+v", c)
			}
			if utf8.ValidString(text) && (!utf8.ValidString(c.Body) || !utf8.ValidString(c.Line)) {
				t.Fatalf("cut through a character: %+v", c)
			}
		}
	})
}

func FuzzDecide(f *testing.F) {
	f.Add("issue_created", "PROJ", "PROJ-1", "/triage x=1", "issue_*", "PROJ-*", "event.issue_type == 'Bug'", true)
	f.Add("comment_created", "", "", "@bot triage", "*", "P*J", "metadata.labels", false)
	f.Add("", "-", "-", "/", "?*?", "-*", "event.", false)
	f.Add("comment_updated", "PROJ", "PROJ-2", "/help\n/x\n/traige\n@PROJ help\n/help", "comment_*", "*", "", true)
	f.Fuzz(func(t *testing.T, name, project, key, text, pattern, projectPattern, expr string, final bool) {
		ev := commented(text)
		ev.Type, ev.Also, ev.Project, ev.IssueKey = name, []string{pattern}, project, key
		tr := trigger("t", events(pattern), projects(projectPattern), expression(expr), command("triage"), command(text))
		in := route.Input{BotName: "bot", Final: final, Self: route.Identity{DisplayNames: []string{project}}, JQL: map[string]route.Answer{key: 1}, Expressions: evaluator{expr: true}, Site: route.Limits{AllowedProjects: []string{projectPattern, "*"}}}
		d := table(tr, trigger("asks", jql(expr), command("x")), trigger("last", noDefault)).Decide(ev, in)
		if (len(d.Matches) > 0) == (d.Reason != "") {
			t.Fatalf("neither a match nor a reason, or both: %+v", d)
		}
		if final && len(d.Needs) > 0 || len(d.Needs) > 0 && len(d.Matches) > 0 {
			t.Fatalf("asks although nobody is left to ask, or although it is decided: %+v", d)
		}
		if len(d.Checks) > 0 && (final || len(d.Matches) > 0) {
			t.Fatalf("asks Jira although nobody is left to ask, or although it is decided: %+v", d)
		}
		for _, m := range d.Matches {
			if m.Claim != "" && !slices.Contains(d.Claims, m.Claim) {
				t.Fatalf("the claim %q of a match is none of %q", m.Claim, d.Claims)
			}
			if m.Target.Kind == route.TargetReply && (m.Response == "" || !utf8.ValidString(m.Response) && utf8.ValidString(text)) {
				t.Fatalf("an odd reply: %q", m.Response)
			}
			if m.Target.IsZero() || m.Trigger == nil {
				t.Fatalf("a match without a target: %+v", m)
			}
		}
	})
}
