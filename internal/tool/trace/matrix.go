package trace

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

type matrixArgs struct {
	Page      toolconfluence.Ref   `json:"page_id"`
	Pages     []toolconfluence.Ref `json:"pages"`
	Space     string               `json:"space_key"`
	Label     string               `json:"label"`
	JQL       string               `json:"jql"`
	Plans     []toolconfluence.Ref `json:"test_plans"`
	PlanLabel string               `json:"test_plan_label"`
	Layout    requirement.Layout   `json:"layout"`
}

func (a matrixArgs) pages() []toolconfluence.Ref {
	return traceArgs{Page: a.Page, Pages: a.Pages}.pages()
}

const (
	// maxMatrixPages bounds how many pages a matrix for a page is about.
	maxMatrixPages = 100
	// maxMatrix bounds the text of a matrix, in bytes, to what the policy lets one call
	// write. Nothing is cut off what goes on a page: people would take it for the whole.
	maxMatrix = 120_000
)

// source is a page that a matrix was made of.
type source struct {
	ID      string `json:"page_id"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Version int    `json:"version"`
	Changed string `json:"changed"`
	// Text names the page and its version to people, in Markdown.
	Text string `json:"text"`
}

type orphan struct {
	ID string `json:"id"`
	// Text is Markdown.
	Text string `json:"text"`
}

// matrixAnswer is the result of atlassian_matrix. Lists are there even if they are
// empty: flows ask for their lengths.
type matrixAnswer struct {
	Clean        bool           `json:"clean"`
	Requirements int            `json:"requirements"`
	Verdicts     map[string]int `json:"verdicts"`
	// WithoutIssue, WithoutRequirement and Dead are counts; Orphans has the first two.
	WithoutIssue       int      `json:"requirements_without_issue"`
	WithoutRequirement int      `json:"issues_without_requirement"`
	Dead               int      `json:"links_to_removed"`
	Missing            int      `json:"issues_gone"`
	Outdated           int      `json:"issues_outdated"`
	Orphans            []orphan `json:"orphans"`
	Sources            []source `json:"sources"`
	Plans              []source `json:"test_plans"`
	// Fingerprint is the same for the same matrix of the same versions of test plans and
	// pages with requirements.
	Fingerprint string   `json:"fingerprint"`
	Cut         []string `json:"cut"`
	Markdown    string   `json:"markdown"`
}

func (t *Tools) matrix() tool.Tool {
	return handler[matrixArgs]{
		tools: t, searches: true,
		spec: spec("atlassian_matrix", tool.Read,
			"For flows: the whole matrix of atlassian_trace as Markdown for a section of a page, the same for the same facts. May be long.",
			`{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"pages":{"type":"array","items":{"type":"string"},"description":"further pages"},
"space_key":{"type":"string","description":"with label: all pages of the space that have it"},
"label":{"type":"string"},
"jql":{"type":"string","description":"issues that should each have a requirement"},
"test_plans":{"type":"array","items":{"type":"string"},"description":"pages with test cases"},
"test_plan_label":{"type":"string","description":"with space_key: all pages that have it"},
"layout":{"type":"string","enum":["traceability","compliance"],"description":"compliance adds versions, days and verdicts"}},
"required":[]}`),
		pages: func(a matrixArgs) []toolconfluence.Ref { return append(a.pages(), a.Plans...) },
		run:   runMatrix,
	}
}

func runMatrix(ctx context.Context, j job, a matrixArgs) (any, error) {
	specs, err := j.labelled(ctx, a.Space, a.Label, a.pages())
	if err != nil {
		return nil, err
	}
	if len(specs) == 0 {
		return nil, refuse("there is no page to make a matrix of: give page_id, pages, or space_key and label")
	}
	plans, err := j.labelled(ctx, a.Space, a.PlanLabel, a.Plans)
	if err != nil {
		return nil, err
	}
	g := &gatherer{job: j}
	for _, ref := range specs {
		page, err := j.load(ctx, ref)
		if err != nil {
			return nil, err
		}
		page.kept.Register = requirement.Present(page.kept.Register, page.kept.there, page.outline, seenNow(page))
		g.add(page)
	}
	if err := g.gather(ctx, a.JQL); err != nil {
		return nil, err
	}
	g.restore()
	planned, err := g.planned(ctx, plans)
	if err != nil {
		return nil, err
	}
	m := requirement.Trace(g.sources)
	g.hide(&m)
	return g.whole(m, a.Layout, planned)
}

func seenNow(page loaded) requirement.Seen {
	return requirement.Seen{Version: page.Version.Number, At: page.Version.When}
}

// restore makes the registers of pages that have none from what links say, so that
// each requirement keeps the id that its links have, and from the page.
func (g *gatherer) restore() {
	for i, page := range g.pages {
		if page.kept.there {
			continue
		}
		r := requirement.Recover(page.ID, g.sources.Ties).Recognised(page.outline)
		r = requirement.Present(r, false, page.outline, seenNow(page))
		g.sources.Pages[i].Register, g.sources.Pages[i].Registered = r, true
	}
}

// planned reads the test cases of all plans into one.
func (g *gatherer) planned(ctx context.Context, refs []toolconfluence.Ref) ([]source, error) {
	out := []source{}
	var all requirement.Plan
	for _, ref := range refs {
		plan, page, err := g.plan(ctx, ref)
		if err != nil {
			return nil, err
		}
		for _, c := range plan.Cases {
			c.Row = len(all.Cases) + 1
			all.Cases = append(all.Cases, c)
		}
		all.Tables += plan.Tables
		out = append(out, g.source(page))
	}
	if len(refs) > 0 {
		g.sources.Plan, g.sources.Shared = &all, true
	}
	return out, nil
}

func (g *gatherer) source(page confluence.Page) source {
	out := source{ID: page.ID, Title: page.Title, URL: g.pageURL(page, ""), Version: page.Version.Number, Changed: page.Version.When.UTC().Format(time.DateOnly)}
	out.Text = fmt.Sprintf("%s, version %d of %s", requirement.Link(out.Title, out.URL), out.Version, out.Changed)
	return out
}

func (g *gatherer) whole(m requirement.Matrix, l requirement.Layout, plans []source) (any, error) {
	if l == "" {
		l = requirement.Traceability
	}
	r := m.Report(l, g.sources.Pages)
	if len(r.Markdown) > maxMatrix {
		return nil, refuse("the matrix has %d bytes, at most %d are possible: make one for fewer pages", len(r.Markdown), maxMatrix)
	}
	out := matrixAnswer{
		Requirements: len(m.Rows) - r.Counts[requirement.Withdrawn], Verdicts: map[string]int{}, WithoutIssue: len(m.WithoutIssue),
		WithoutRequirement: len(m.WithoutRequirement), Dead: len(m.Dead), Missing: len(m.Missing), Outdated: len(m.Stale), Orphans: []orphan{},
		Sources: []source{}, Plans: plans, Fingerprint: r.Fingerprint, Cut: append([]string{}, g.cut...), Markdown: r.Markdown,
	}
	for v, n := range r.Counts {
		out.Verdicts[string(v)] = n
	}
	for _, o := range m.Orphans() {
		out.Orphans = append(out.Orphans, orphan{o.ID, o.Markdown})
	}
	for _, page := range g.pages {
		out.Sources = append(out.Sources, g.source(page.Page))
	}
	if l == requirement.Compliance {
		out.Fingerprint = ofVersions(out)
	}
	out.Clean = out.WithoutIssue+out.WithoutRequirement+out.Dead+out.Missing+out.Outdated+len(out.Cut) == 0
	return out, nil
}

// ofVersions is the fingerprint of a matrix and of the versions that it was made of:
// who vouches for it vouches for these.
func ofVersions(a matrixAnswer) string {
	h := sha256.New()
	_, _ = io.WriteString(h, a.Fingerprint)
	for _, s := range append(a.Sources[:len(a.Sources):len(a.Sources)], a.Plans...) {
		_, _ = fmt.Fprintf(h, "\n%s %d", s.ID, s.Version)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

var keyOfSpace = regexp.MustCompile(`^~?[A-Za-z0-9_.:-]+$`)

// labelled adds to a list the pages of a space that have a label, in the order of
// their titles.
func (j job) labelled(ctx context.Context, space, label string, have []toolconfluence.Ref) ([]toolconfluence.Ref, error) {
	space, label = strings.TrimSpace(space), strings.TrimSpace(label)
	switch {
	case label == "":
		return have, nil
	case space == "":
		return nil, refuse("space_key is missing: pages with a label are looked for in one space")
	case !keyOfSpace.MatchString(space):
		return nil, refuse("%q is not the key of a space", clip(space, maxName))
	case strings.ContainsAny(label, "\"\\\r\n"):
		return nil, refuse("%q is not a label", clip(label, maxName))
	case !tool.InSpaces(j.call.Spaces, space):
		return nil, refuse("space %s is outside the scope of this run", space)
	}
	query := confluence.Query{
		CQL:  fmt.Sprintf(`type = page and space = "%s" and label = "%s"`, space, label),
		Part: confluence.Part{Limit: 50},
	}
	var found []confluence.Hit
	for {
		list, err := j.wiki.API().Search(ctx, query)
		if err != nil {
			return nil, err
		}
		if found = append(found, list.Items...); len(found) > maxMatrixPages {
			return nil, refuse("more than %d pages of space %s have the label %s", maxMatrixPages, space, label)
		}
		if list.Next == "" || len(list.Items) == 0 {
			return united(have, found), nil
		}
		query.From = list.Next
	}
}

// united adds what a search found to a list: the same pages in the same order each
// time, whatever the search prefers.
func united(have []toolconfluence.Ref, found []confluence.Hit) []toolconfluence.Ref {
	slices.SortFunc(found, func(a, b confluence.Hit) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID)) })
	for _, hit := range found {
		ref := toolconfluence.Ref{PageRef: confluence.PageRef{ID: hit.ID}}
		if hit.ID != "" && !slices.Contains(have, ref) {
			have = append(have, ref)
		}
	}
	return have
}
