package trace

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"

	"github.com/aofctl/aofctl/internal/requirement"
)

func unescaped(s string) string {
	if out, err := url.PathUnescape(s); err == nil {
		return out
	}
	return s
}

type tracedIssue struct {
	Key     string   `json:"key"`
	Summary string   `json:"summary,omitempty"`
	Status  string   `json:"status,omitempty"`
	Via     []string `json:"via,omitempty"`
	// Gone, Hidden and Outdated are told where they are so.
	Gone     bool `json:"gone,omitempty"`
	Hidden   bool `json:"hidden,omitempty"`
	Outdated bool `json:"outdated,omitempty"`
}

type tracedRow struct {
	Ref       string        `json:"ref"`
	Title     string        `json:"title"`
	State     string        `json:"state"`
	Recovered bool          `json:"recovered,omitempty"`
	Issues    []tracedIssue `json:"issues"`
	Tests     []string      `json:"test_cases,omitempty"`
}

type tracedPair struct {
	Issue string `json:"issue"`
	Ref   string `json:"ref"`
}

// traceAnswer is the result of atlassian_trace. Lists are there even if they are
// empty: flows ask for their lengths.
type traceAnswer struct {
	// Clean is true if nothing is amiss.
	Clean              bool          `json:"clean"`
	Requirements       int           `json:"requirements"`
	Covered            int           `json:"with_issue"`
	Unregistered       []string      `json:"pages_without_register,omitempty"`
	WithoutIssue       []string      `json:"requirements_without_issue"`
	WithoutRequirement []tracedIssue `json:"issues_without_requirement"`
	Dead               []tracedPair  `json:"links_to_removed"`
	Missing            []tracedPair  `json:"issues_gone"`
	Several            []string      `json:"requirements_with_several_issues"`
	Outdated           []tracedPair  `json:"issues_outdated"`
	Unlinked           []tracedPair  `json:"without_link"`
	NotKept            []tracedPair  `json:"not_in_register"`
	Cut                []string      `json:"cut,omitempty"`
	Next               string        `json:"next,omitempty"`
	Pages              []tracedRow   `json:"pages"`
	Rows               []tracedRow   `json:"rows"`
	Markdown           string        `json:"markdown"`
}

// reported makes a result that fits: so many rows from a number on, and their
// Markdown.
func reported(m requirement.Matrix, g *gatherer, from int) (any, error) {
	g.hide(&m)
	from = min(from, len(m.Rows))
	for n := len(m.Rows) - from; ; n = n * 3 / 4 {
		out := g.answer(m, m.Rows[from:from+n])
		if from+n < len(m.Rows) {
			out.Next = strconv.Itoa(from + n)
		}
		text, err := encode(out)
		if err != nil || len(text) <= maxResult {
			return out, err
		}
		if n <= 1 {
			return g.shortest(out)
		}
	}
}

// shortest cuts what is amiss, if that alone is too long.
func (g *gatherer) shortest(out traceAnswer) (any, error) {
	out.Cut = append(out.Cut, "the lists of what is amiss are cut to their first entries, and the rows and the Markdown are left out: ask for fewer pages or a narrower query")
	out.Rows, out.Markdown = []tracedRow{}, ""
	const most = 25
	for _, list := range []*[]tracedPair{&out.Dead, &out.Missing, &out.Outdated, &out.Unlinked, &out.NotKept} {
		*list = (*list)[:min(len(*list), most)]
	}
	for _, list := range []*[]string{&out.WithoutIssue, &out.Several} {
		*list = (*list)[:min(len(*list), most)]
	}
	out.WithoutRequirement = out.WithoutRequirement[:min(len(out.WithoutRequirement), most)]
	for i := range out.Pages {
		out.Pages[i].Issues = out.Pages[i].Issues[:min(len(out.Pages[i].Issues), most)]
	}
	return out, nil
}

func (g *gatherer) answer(m requirement.Matrix, rows []requirement.Row) traceAnswer {
	out := traceAnswer{
		Requirements: len(m.Rows), WithoutIssue: refs(m.WithoutIssue), Several: refs(m.Several), Dead: pairs(m.Dead), Missing: pairs(m.Missing),
		Outdated: pairs(m.Stale), Unlinked: pairs(m.Unlinked), NotKept: pairs(m.Unregistered), Cut: g.cut,
		WithoutRequirement: []tracedIssue{}, Pages: []tracedRow{}, Rows: []tracedRow{}, Markdown: m.Markdown(rows),
	}
	for _, r := range m.Rows {
		if len(r.Issues) > 0 {
			out.Covered++
		}
	}
	for _, p := range g.pages {
		if !p.kept.there {
			out.Unregistered = append(out.Unregistered, p.ID)
		}
	}
	for _, i := range m.WithoutRequirement {
		out.WithoutRequirement = append(out.WithoutRequirement, tracedIssue{Key: i.Key, Summary: i.Summary, Status: i.Status})
	}
	for _, r := range m.PageRows {
		out.Pages = append(out.Pages, g.row(r))
	}
	for _, r := range rows {
		out.Rows = append(out.Rows, g.row(r))
	}
	out.Clean = len(out.WithoutIssue)+len(out.WithoutRequirement)+len(out.Dead)+len(out.Missing)+len(out.Several)+len(out.Outdated)+
		len(out.Unlinked)+len(out.NotKept)+len(out.Unregistered)+len(out.Cut) == 0
	return out
}

func (g *gatherer) row(r requirement.Row) tracedRow {
	out := tracedRow{Ref: r.Ref.String(), Title: clip(r.Name, maxName), State: string(r.State), Recovered: r.Recovered, Issues: []tracedIssue{}}
	for _, i := range r.Issues {
		out.Issues = append(out.Issues, tracedIssue{
			Key: i.Key, Summary: i.Summary, Status: i.Status, Via: i.Via, Gone: i.Missing, Outdated: i.Stale, Hidden: slices.Contains(g.hidden, i.Key),
		})
	}
	for _, c := range r.Cases {
		name := c.ID
		if name == "" {
			name = fmt.Sprintf("#%d", c.Row)
		}
		out.Tests = append(out.Tests, name)
	}
	return out
}

// hide tells issues that were not looked at, because they are outside the scope, from
// those that are gone.
func (g *gatherer) hide(m *requirement.Matrix) {
	m.Missing = slices.DeleteFunc(m.Missing, func(p requirement.Pair) bool { return slices.Contains(g.hidden, p.Key) })
	for _, rows := range [][]requirement.Row{m.Rows, m.PageRows} {
		for _, r := range rows {
			for k := range r.Issues {
				if slices.Contains(g.hidden, r.Issues[k].Key) {
					r.Issues[k].Missing = false
				}
			}
		}
	}
}

func refs(list []requirement.Reference) []string {
	out := []string{}
	for _, r := range list {
		out = append(out, r.String())
	}
	return out
}

func pairs(list []requirement.Pair) []tracedPair {
	out := []tracedPair{}
	for _, p := range list {
		out = append(out, tracedPair{p.Key, p.Ref.String()})
	}
	return out
}
