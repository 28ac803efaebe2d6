package trace

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

const (
	// maxTraced bounds how many issues a query may give, or name a page, and maxNamed
	// how many further ones, which registers name, are read.
	maxTraced = 500
	maxNamed  = 200
)

// gatherer collects what a matrix is made of.
type gatherer struct {
	job

	pages   []loaded
	sources requirement.Sources
	cut     []string
	// hidden are issues that registers name outside the scope of the call.
	hidden []string
	// moved are the keys that issues have now by those that registers name.
	moved map[string]string
}

func (g *gatherer) add(page loaded) {
	if slices.ContainsFunc(g.pages, func(p loaded) bool { return p.ID == page.ID }) {
		return
	}
	g.pages = append(g.pages, page)
	g.sources.Pages = append(g.sources.Pages, requirement.PageInfo{
		ID: page.ID, Title: page.Title, URL: g.pageURL(page.Page, ""), Register: page.kept.Register, Registered: page.kept.there,
		Anchor: func(r requirement.Requirement) string { return g.place(page.Page, &r) },
	})
}

// fields are what is read of an issue.
func fields() []string {
	return []string{"summary", "status", "issuetype", "description", "resolution", "resolutiondate", "duedate", "fixVersions"}
}

func (g *gatherer) gather(ctx context.Context, jql string) error {
	var issues []jira.Issue
	if strings.TrimSpace(jql) != "" {
		found, cut, err := g.search(ctx, jql, fields(), maxTraced)
		if err != nil {
			return err
		}
		if cut {
			g.cut = append(g.cut, fmt.Sprintf("the query gives more than %d issues: only these were looked at", maxTraced))
		}
		issues = found
	}
	asked := len(issues)
	further, err := g.further(ctx, issues)
	if err != nil {
		return err
	}
	issues = append(issues, further...)
	var keys []string
	for i, one := range issues {
		keys = append(keys, one.Key)
		g.sources.Issues = append(g.sources.Issues, g.info(one, i < asked))
	}
	ties, err := g.ties(ctx, keys)
	if err != nil {
		return err
	}
	for _, one := range issues {
		ties = append(ties, g.mentions(one)...)
	}
	g.sources.Ties = g.resolved(ties)
	return nil
}

// further reads the issues that are not among those of the query: those that registers
// name, and those whose text names a page, as the text of issues that were made here
// does.
func (g *gatherer) further(ctx context.Context, have []jira.Issue) ([]jira.Issue, error) {
	known := map[string]bool{}
	for _, i := range have {
		known[i.Key] = true
	}
	var out []jira.Issue
	for _, page := range g.pages {
		found, cut, err := g.search(ctx, fmt.Sprintf(`text ~ "\"%s\""`, page.ID), fields(), maxTraced)
		if err != nil {
			return nil, err
		}
		if cut {
			g.cut = append(g.cut, fmt.Sprintf("more than %d issues name page %s: only these were looked at", maxTraced, page.ID))
		}
		for _, i := range found {
			if !known[i.Key] {
				known[i.Key] = true
				out = append(out, i)
			}
		}
	}
	named, err := g.named(ctx, known)
	return append(out, named...), err
}

// named reads the issues of the registers that are not known yet.
func (g *gatherer) named(ctx context.Context, known map[string]bool) ([]jira.Issue, error) {
	var wanted []string
	for _, key := range g.registered() {
		parsed, err := tooljira.ParseKey(key)
		switch {
		case err != nil || known[key]:
		case !tool.InProjects(g.call.Projects, parsed.Project()):
			g.hidden = append(g.hidden, key)
		default:
			wanted = append(wanted, key)
		}
	}
	if len(wanted) > maxNamed {
		g.cut = append(g.cut, fmt.Sprintf("%d issues of the registers were not read", len(wanted)-maxNamed))
		g.hidden = append(g.hidden, wanted[maxNamed:]...)
		wanted = wanted[:maxNamed]
	}
	found := make([]*jira.Issue, len(wanted))
	err := each(ctx, len(wanted), func(ctx context.Context, i int) error {
		issue, err := g.jira.Client().GetIssue(ctx, wanted[i], fields(), nil)
		if missing(err) {
			return nil
		}
		found[i] = &issue
		return asJira(err)
	})
	if err != nil {
		return nil, err
	}
	var out []jira.Issue
	g.moved = map[string]string{}
	for i, one := range found {
		if one == nil {
			continue
		}
		key, err := tooljira.ParseKey(one.Key)
		if err != nil || !tool.InProjects(g.call.Projects, key.Project()) {
			g.hidden = append(g.hidden, wanted[i])
			continue
		}
		if one.Key != wanted[i] {
			g.moved[wanted[i]] = one.Key
		}
		if !known[one.Key] {
			known[one.Key] = true
			out = append(out, *one)
		}
	}
	g.rename()
	return out, nil
}

// registered are the keys in the registers of the pages.
func (g *gatherer) registered() []string {
	var out []string
	for _, page := range g.pages {
		for _, i := range page.kept.Issues {
			out = append(out, i.Key)
		}
		for _, r := range page.kept.Requirements {
			out = append(out, r.Keys()...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// rename puts the keys that issues have now in place of those of the registers.
func (g *gatherer) rename() {
	if len(g.moved) == 0 {
		return
	}
	change := func(list []requirement.Issue) {
		for i := range list {
			if now, ok := g.moved[list[i].Key]; ok {
				list[i].Key = now
			}
		}
	}
	for i := range g.sources.Pages {
		r := g.sources.Pages[i].Register.Clone()
		change(r.Issues)
		for k := range r.Requirements {
			change(r.Requirements[k].Issues)
		}
		g.sources.Pages[i].Register = r
	}
}

func (g *gatherer) info(i jira.Issue, asked bool) requirement.IssueInfo {
	out := requirement.IssueInfo{Key: i.Key, URL: g.jira.Client().BrowseURL(i.Key), Asked: asked}
	var kind, resolution jira.Named
	var status struct {
		jira.Named

		Category struct{ Key string } `json:"statusCategory"`
	}
	var versions []jira.Named
	var resolved string
	_ = json.Unmarshal(i.Fields["summary"], &out.Summary)
	_ = json.Unmarshal(i.Fields["status"], &status)
	_ = json.Unmarshal(i.Fields["issuetype"], &kind)
	_ = json.Unmarshal(i.Fields["resolution"], &resolution)
	_ = json.Unmarshal(i.Fields["resolutiondate"], &resolved)
	_ = json.Unmarshal(i.Fields["duedate"], &out.Due)
	_ = json.Unmarshal(i.Fields["fixVersions"], &versions)
	out.Summary, out.Status, out.Type = clip(out.Summary, maxName), status.Name, kind.Name
	out.Category, out.Resolution, out.Resolved = status.Category.Key, resolution.Name, day(resolved)
	if at, err := time.Parse(jiraTime, resolved); err == nil {
		out.ResolvedAt = at
	}
	for _, v := range versions {
		out.Versions = append(out.Versions, v.Name)
	}
	return out
}

// jiraTime is how Jira writes moments in fields.
const jiraTime = "2006-01-02T15:04:05.000-0700"

// day is the begin of a time such as 2026-03-02T10:00:00.000+0000, as Jira's own
// calendar has it.
func day(at string) string {
	if len(at) < len(time.DateOnly) {
		return ""
	}
	return at[:len(time.DateOnly)]
}

// mentions are what the description of an issue says: references, and addresses of
// pages.
func (g *gatherer) mentions(i jira.Issue) []requirement.Tie {
	var text string
	_ = json.Unmarshal(i.Fields["description"], &text)
	var out []requirement.Tie
	for _, ref := range requirement.Mentions(text) {
		out = append(out, requirement.Tie{Key: i.Key, Ref: ref, Via: requirement.ViaMention})
	}
	for _, address := range addresses(text) {
		if ref, ok := g.pageAt(address); ok {
			out = append(out, requirement.Tie{Key: i.Key, Ref: ref, Via: requirement.ViaMention})
		}
	}
	return out
}

// addresses are what looks like one in a text.
func addresses(text string) []string {
	var out []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\r\n|[]<>\"'`", r) }) {
		if strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://") {
			out = append(out, strings.TrimRight(word, ".,;:!?)"))
		}
	}
	return out
}

// resolved makes of places in pages the requirements at them, and leaves out what is
// of other pages or known from a better source.
func (g *gatherer) resolved(ties []requirement.Tie) []requirement.Tie {
	var out []requirement.Tie
	seen := map[requirement.Tie]bool{}
	for _, tie := range ties {
		i := slices.IndexFunc(g.pages, func(p loaded) bool { return p.ID == tie.Ref.Page })
		if i < 0 {
			continue
		}
		if tie.Via != requirement.ViaLink {
			tie.Ref.ID = g.atPlace(g.pages[i], tie.Ref.ID)
		}
		if key := (requirement.Tie{Key: tie.Key, Ref: tie.Ref, Via: tie.Via}); !seen[key] {
			seen[key] = true
			out = append(out, tie)
		}
	}
	return specific(out)
}

// atPlace is the requirement that an id or the end of an address means; "" for the
// page.
func (g *gatherer) atPlace(page loaded, place string) string {
	if place == "" {
		return ""
	}
	for _, r := range page.kept.Requirements {
		if r.ID == place {
			return r.ID
		}
	}
	for _, r := range page.kept.Requirements {
		if _, fragment, ok := strings.Cut(g.place(page.Page, &r), "#"); ok && strings.EqualFold(unescaped(fragment), place) {
			return r.ID
		}
	}
	return ""
}

// specific leaves out that an issue belongs to a page where it belongs to one of its
// requirements, unless a link says both.
func specific(ties []requirement.Tie) []requirement.Tie {
	of := map[string]bool{}
	for _, tie := range ties {
		if tie.Ref.ID != "" {
			of[tie.Key+" "+tie.Ref.Page] = true
		}
	}
	return slices.DeleteFunc(ties, func(tie requirement.Tie) bool {
		return tie.Ref.ID == "" && tie.Via != requirement.ViaLink && of[tie.Key+" "+tie.Ref.Page]
	})
}
