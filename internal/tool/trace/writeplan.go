package trace

import (
	"context"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/markup/doc"
	"github.com/aofctl/aofctl/internal/markup/storage"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

type caseArg struct {
	ID          string   `json:"id"`
	Requirement string   `json:"requirement"`
	Criteria    []string `json:"criteria"`
	Kind        string   `json:"kind"`
	Title       string   `json:"title"`
	Steps       string   `json:"steps"`
	Expected    string   `json:"expected"`
}

type writePlanArgs struct {
	Page   toolconfluence.Ref `json:"page_id"`
	Cases  []caseArg          `json:"cases"`
	Title  string             `json:"title"`
	Labels []string           `json:"labels"`
	Status string             `json:"status"`
	Reason string             `json:"reason"`
}

// writePlanAnswer is the result of atlassian_write_test_plan.
type writePlanAnswer struct {
	Plan    string `json:"test_plan"`
	Title   string `json:"title"`
	URL     string `json:"url"`
	Created bool   `json:"created"`
	// Changed is false if the plan says what it said before.
	Changed bool `json:"changed"`
	Draft   bool `json:"draft"`
	// The lists have ids of cases. Confirmed ones were written again as they are, Obsolete
	// are those whose requirements are gone.
	Added     []string `json:"added"`
	Rewritten []string `json:"rewritten"`
	Confirmed []string `json:"confirmed"`
	Obsolete  []string `json:"obsolete"`
	LeftOut   []doubt  `json:"left_out"`
	// Told is what the tool of pages said.
	Told string `json:"note,omitempty"`
}

// maxCases bounds how many test cases one call takes.
const maxCases = 400

func (t *Tools) writeTestPlan() tool.Tool {
	s := spec("atlassian_write_test_plan", tool.Write,
		"Put test cases into the test plan of a page, which is made if there is none. Ids are given here; cases whose requirement is gone are marked obsolete; all else on the plan stays as it is.",
		`{"type":"object","properties":{
"page_id":{"type":"string","description":"page with the requirements; id or address"},
"cases":{"type":"array","items":{"type":"object","properties":{
"id":{"type":"string","description":"of the stale case that this is the new form of; leave out for a new one"},
"requirement":{"type":"string"},
"criteria":{"type":"array","items":{"type":"string"},"description":"ids of the criteria that it covers"},
"kind":{"type":"string","description":"positive, negative or edge"},
"title":{"type":"string"},
"steps":{"type":"string"},
"expected":{"type":"string"}}}},
"title":{"type":"string","description":"of a new plan; default the page's with - Test Plan"},
"labels":{"type":"array","items":{"type":"string"},"description":"of a new plan"},
"status":{"type":"string","enum":["","draft"],"description":"draft: do not publish"},
"reason":{"type":"string","description":"why; told with the new version"}},
"required":["page_id","cases"]}`)
	s.DraftEdits = "status"
	return handler[writePlanArgs]{
		tools: t, offline: true, spec: s,
		pages: func(a writePlanArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		run:   runWritePlan,
	}
}

func (a writePlanArgs) drafts() []requirement.Draft {
	var out []requirement.Draft
	for _, c := range a.Cases {
		d := requirement.Draft{
			ID: strings.TrimSpace(c.ID), Requirement: c.Requirement, Criteria: c.Criteria, Kind: c.Kind,
			Title: clip(c.Title, maxName), Steps: cut(c.Steps), Expected: cut(c.Expected),
		}
		out = append(out, d)
	}
	return out
}

// cut bounds a text of several lines.
func cut(s string) string {
	const most = 2000
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

func runWritePlan(ctx context.Context, j job, a writePlanArgs) (any, error) {
	if len(a.Cases) > maxCases {
		return nil, refuse("%d test cases are given, at most %d are possible at once", len(a.Cases), maxCases)
	}
	page, err := j.glance(ctx, a.Page)
	if err != nil {
		return nil, err
	}
	if len(page.kept.Requirements) == 0 {
		return nil, refuse("page %s has no registered requirements; register them with atlassian_register_requirements first", page.ID)
	}
	title := strings.TrimSpace(a.Title)
	if title == "" {
		title = page.Title + " - Test Plan"
	}
	plan, err := j.planOf(ctx, page, title)
	if err != nil {
		return nil, err
	}
	w := &planWriter{job: j, args: a, page: page, title: title, plan: plan}
	return w.write(ctx)
}

// planWriter writes the test plan of one page.
type planWriter struct {
	job

	args  writePlanArgs
	page  loaded
	title string
	// plan is the page with the test cases; its ID is "" if there is none.
	plan confluence.Page
	edit *requirement.PlanEdit
	out  writePlanAnswer
}

func (w *planWriter) write(ctx context.Context) (any, error) {
	before := withoutOwn(planTables(w.plan.Body), w.page.kept.Plan, w.call.ID)
	w.edit = requirement.EditPlan(w.page.kept.Register, before, requirement.Written{Page: w.page.ID, At: w.plan.Version.When}, w.args.drafts())
	w.out = writePlanAnswer{Plan: w.plan.ID, Title: w.title, Added: []string{}, Obsolete: []string{}, LeftOut: doubts(w.edit.LeftOut)}
	w.out.Rewritten, w.out.Confirmed = w.edit.Rewritten(before)
	if n := w.edit.Added(); n > 0 {
		first, err := w.reserve(ctx, n, before.LastCase())
		if err != nil {
			return nil, err
		}
		w.out.Added = w.edit.Number(first)
	}
	if w.plan.ID == "" && len(w.out.Added) == 0 {
		w.out.Told = "there is no test plan, and no case to make one of"
		return w.out, nil
	}
	failed, err := w.save(ctx)
	if err != nil || failed.Failed {
		return failed, err
	}
	return w.told(ctx)
}

// save makes or changes the page. A failed result says why Confluence did not take it.
func (w *planWriter) save(ctx context.Context) (tool.Result, error) {
	draft := w.args.Status == confluence.StatusDraft
	if w.plan.ID == "" {
		made, err := w.wiki.Create(ctx, w.call.ID+"#plan", toolconfluence.PageText{
			Space: w.page.SpaceKey, Title: w.title, Body: w.fresh(), Draft: draft, Labels: w.args.Labels,
		})
		if err != nil || made.Failed {
			return made, err
		}
		w.plan.ID = strings.TrimPrefix(made.Target, "page:")
		w.out.Created, w.out.Changed = true, true
		return tool.Result{}, w.know(ctx)
	}
	if err := w.know(ctx); err != nil {
		return tool.Result{}, err
	}
	o := storage.Options{DataCenter: w.wiki.API().Kind() == confluence.DataCenter}
	_, o.Kept = storage.Parse(w.plan.Body)
	if now, err := w.changed(w.plan.Body, o); err != nil || now == w.plan.Body {
		return tool.Result{}, err
	}
	w.out.Changed = true
	made, err := w.wiki.Edit(ctx, w.call.ID+"#edit", toolconfluence.PageOf(w.plan.ID), w.reason(), draft, w.changed)
	w.out.Told = made.Text
	return made, err
}

func (w *planWriter) reason() string {
	if reason := strings.TrimSpace(w.args.Reason); reason != "" {
		return reason
	}
	return fmt.Sprintf("test cases for version %d of %s", w.page.kept.Seen, clip(w.page.Title, maxName))
}

// changed is the plan with its test cases as they are to be.
func (w *planWriter) changed(page string, o storage.Options) (string, error) {
	tables := planTables(page).Tables
	if tables == 0 && w.edit.Added() > 0 {
		return storage.AppendTo(page, storage.Write(doc.New(doc.Document, heading("Test cases"), w.edit.Table(requirement.NewTable(), true)), o)), nil
	}
	n := 0
	return storage.EditTables(page, o, func(table *doc.Node) *doc.Node {
		n += requirement.ReadPlan(doc.New(doc.Document, table)).Tables
		return w.edit.Table(table, n == tables)
	}), nil
}

func heading(says string) *doc.Node {
	return &doc.Node{Kind: doc.Heading, Level: 1, Children: []*doc.Node{doc.NewText(doc.Text, says)}}
}

// fresh is the text of a new plan.
func (w *planWriter) fresh() string {
	source := &doc.Node{Kind: doc.Link, Target: w.pageURL(w.page.Page, ""), Children: []*doc.Node{doc.NewText(doc.Text, w.page.Title)}}
	about := doc.New(doc.Paragraph, doc.NewText(doc.Text, "The test cases for "), source,
		doc.NewText(doc.Text, ". Outcomes, owners, further columns and rows are for people; cases are kept up to date by a program."))
	coverage := doc.New(doc.Paragraph, doc.NewText(doc.Text, "Not checked yet."))
	return storage.Write(doc.New(doc.Document, about, heading("Coverage"), coverage, heading("Test cases"), w.edit.Table(requirement.NewTable(), true)),
		storage.Options{DataCenter: w.wiki.API().Kind() == confluence.DataCenter})
}

// reserve gives this call numbers that no test case ever had. Numbers that nobody uses
// in the end are not given again, so a call that was interrupted and overtaken takes
// others; the same call by itself gets the same ones.
func (w *planWriter) reserve(ctx context.Context, n, last int) (int, error) {
	now, err := w.swap(ctx, w.page.ID, func(k *kept) error {
		if k.Plan == nil {
			k.Plan = &requirement.PlanPage{}
		}
		if k.Plan.Call == w.call.ID {
			return nil
		}
		k.Plan.Call, k.Plan.First = w.call.ID, max(k.Plan.Last, last)+1
		k.Plan.Last = k.Plan.First + n - 1
		return nil
	})
	if err != nil {
		return 0, err
	}
	return now.Plan.First, nil
}

// know keeps in the register which page the plan is.
func (w *planWriter) know(ctx context.Context) error {
	if w.page.kept.Plan != nil && w.page.kept.Plan.Page == w.plan.ID {
		return nil
	}
	_, err := w.change(ctx, w.call.ID+"#known", w.page.ID, func(k *kept) error {
		if k.Plan == nil {
			k.Plan = &requirement.PlanPage{}
		}
		k.Plan.Page = w.plan.ID
		return nil
	})
	return err
}

// told is what became of the plan.
func (w *planWriter) told(ctx context.Context) (any, error) {
	now, err := w.wiki.Load(ctx, toolconfluence.PageOf(w.plan.ID), confluence.PageRead{Body: true})
	if err != nil {
		return nil, err
	}
	w.out.Plan, w.out.Title, w.out.URL, w.out.Draft = now.ID, now.Title, w.pageURL(now, ""), now.Status == confluence.StatusDraft
	for _, c := range planTables(now.Body).Cases {
		if c.Obsolete {
			w.out.Obsolete = append(w.out.Obsolete, c.ID)
		}
	}
	return w.out, nil
}

// planOf finds the page with the test cases of another: the one that was kept, or the
// one of a title. Its ID is "" if there is none.
func (j job) planOf(ctx context.Context, page loaded, title string) (confluence.Page, error) {
	if page.kept.Plan != nil && page.kept.Plan.Page != "" {
		found, err := j.wiki.Load(ctx, toolconfluence.PageOf(page.kept.Plan.Page), confluence.PageRead{Body: true})
		if err == nil && (found.Status == confluence.StatusCurrent || found.Status == confluence.StatusDraft) {
			return found, nil
		}
		if err != nil && !confluence.NotFound(err) {
			return found, err
		}
	}
	if title == "" {
		return confluence.Page{}, nil
	}
	found, err := j.wiki.API().PageByTitle(ctx, page.SpaceKey, title, confluence.PageRead{Body: true})
	if confluence.NotFound(err) {
		return confluence.Page{}, nil
	}
	return found, err
}

// planTables reads the test cases of the tables that code can change.
func planTables(body string) requirement.Plan {
	all := doc.New(doc.Document)
	_, kept := storage.Parse(body)
	storage.EditTables(body, storage.Options{Kept: kept}, func(table *doc.Node) *doc.Node {
		all.Add(table)
		return nil
	})
	return requirement.ReadPlan(all)
}

// withoutOwn leaves out what the call itself added before it was interrupted, so that
// it comes to the same again.
func withoutOwn(p requirement.Plan, known *requirement.PlanPage, call string) requirement.Plan {
	if known == nil || known.Call != call {
		return p
	}
	out := requirement.Plan{Tables: p.Tables}
	for _, c := range p.Cases {
		if n := (requirement.Plan{Cases: []requirement.Case{c}}).LastCase(); n < known.First {
			out.Cases = append(out.Cases, c)
		}
	}
	return out
}
