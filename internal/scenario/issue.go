package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

func (w *world) checkIssue(want manifest.WantIssue) {
	issue, there := w.box.Jira.Issue(want.Key)
	switch {
	case want.Missing && there:
		w.fail(want.Line, want.Key+" is there", issue.Summary)
		return
	case want.Missing:
		return
	case !there:
		w.fail(want.Line, want.Key+" is not there", "there are "+names(w.box.Jira.Keys()))
		return
	}
	var why []string
	is := map[string]any{"type": issue.Type, "status": issue.Status, "priority": issue.Priority, "resolution": issue.Resolution,
		"summary": issue.Summary, "description": issue.Description, "labels": anyList(issue.Labels)}
	for _, name := range slices.Sorted(maps.Keys(want.Values)) {
		if text := match(want.Values[name], is[name]); text != "" {
			why = append(why, name+": "+text)
		}
	}
	if want.Assignee != nil {
		if got := w.handle(issue.Assignee); got != *want.Assignee && issue.Assignee != *want.Assignee {
			why = append(why, fmt.Sprintf("assignee: want %s, is %s", or(*want.Assignee, "nobody"), or(got, "nobody")))
		}
	}
	if text := matchMap(want.Fields, issue.Fields); len(want.Fields) > 0 && text != "" {
		why = append(why, "fields: "+text)
	}
	why = append(why, w.commentDiff(want, issue)...)
	if want.AllLinks {
		why = append(why, linkDiff(want.Links, issue)...)
	}
	why = append(why, w.remoteLinkDiff(want, issue)...)
	if len(why) > 0 {
		w.fail(want.Line, want.Key+" is not as expected", strings.Join(why, "\n"))
	}
}

func anyList(list []string) []any {
	out := []any{}
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

// handle is how steps name the user with an account id; "" for nobody.
func (w *world) handle(account string) string {
	u, ok := w.box.Jira.User(account)
	if !ok {
		return account
	}
	return or(u.Handle, account)
}

func (w *world) commentDiff(want manifest.WantIssue, issue jira.Issue) []string {
	var why []string
	meets := func(c manifest.WantComment, is jira.Comment) string {
		if c.By != "" && c.By != w.handle(is.Author) {
			return fmt.Sprintf("want it by %s, is by %s", c.By, w.handle(is.Author))
		}
		if c.Body == nil {
			return ""
		}
		return match(c.Body, is.Body)
	}
	if want.AllComments {
		if len(want.Comments) != len(issue.Comments) {
			why = append(why, fmt.Sprintf("comments: want %d, there are %d%s", len(want.Comments), len(issue.Comments), w.commentList(issue)))
		}
		for i := range min(len(want.Comments), len(issue.Comments)) {
			if text := meets(want.Comments[i], issue.Comments[i]); text != "" {
				why = append(why, fmt.Sprintf("comment %d: %s", i+1, text))
			}
		}
	}
	for _, c := range want.Commented {
		if !slices.ContainsFunc(issue.Comments, func(is jira.Comment) bool { return meets(c, is) == "" }) {
			why = append(why, fmt.Sprintf("no comment with %s%s", show(c.Body), w.commentList(issue)))
		}
	}
	return why
}

func (w *world) commentList(issue jira.Issue) string {
	var text strings.Builder
	for _, c := range issue.Comments {
		text.WriteString("\n  " + w.handle(c.Author) + ": " + clip(oneLine(c.Body), 300))
	}
	return text.String()
}

func linkDiff(want []manifest.GivenLink, issue jira.Issue) []string {
	list := func(kind, to string) string { return kind + " " + to }
	var got, wanted []string
	for _, l := range issue.Links {
		to := l.Outward
		if to == issue.Key {
			to = l.Inward
		}
		got = append(got, list(l.Type, to))
	}
	for _, l := range want {
		wanted = append(wanted, list(l.Type, l.To))
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if slices.Equal(got, wanted) {
		return nil
	}
	return []string{"links: want " + names(wanted) + ", has " + names(got)}
}
