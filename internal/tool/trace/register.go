package trace

import (
	"context"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

type foundArg struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Section  string   `json:"section"`
	Criteria []string `json:"criteria"`
}

type registerArgs struct {
	Page         toolconfluence.Ref `json:"page_id"`
	Requirements []foundArg         `json:"requirements"`
	Complete     bool               `json:"complete"`
	FromPage     bool               `json:"from_page"`
	Unmarked     bool               `json:"keep_unmarked"`
	RecoverJQL   string             `json:"recover_jql"`
}

type registerAnswer struct {
	Page    string `json:"page"`
	Version int    `json:"version"`
	// The counts are by what became of the requirements.
	New       int      `json:"new"`
	Changed   int      `json:"changed"`
	Unchanged int      `json:"unchanged"`
	Removed   int      `json:"removed"`
	Entries   []shown  `json:"requirements"`
	Notes     []string `json:"notes,omitempty"`
	Cut       string   `json:"cut,omitempty"`
}

// maxFound bounds how many requirements are registered at once.
const maxFound = 400

func (t *Tools) registerRequirements() tool.Tool {
	s := spec("atlassian_register_requirements", tool.Write,
		"Register the requirements that a page states: each keeps its id for good. Tells which are new, changed or removed, and their issues.",
		`{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"requirements":{"type":"array","items":{"type":"object","properties":{
"id":{"type":"string","description":"as the page has it, or as registered before"},
"title":{"type":"string"},
"text":{"type":"string"},
"section":{"type":"string","description":"heading that it stands below"},
"criteria":{"type":"array","items":{"type":"string"},"description":"acceptance criteria in the page's words"}},
"required":["title"]}},
"complete":{"type":"boolean","description":"true: the page has no others, those not named are removed"},
"from_page":{"type":"boolean","description":"register what the page itself marks as requirements by ids, headings or columns, and no others; takes no list"},
"keep_unmarked":{"type":"boolean","description":"with from_page: leave those alone that have no id in the page's text"},
"recover_jql":{"type":"string","description":"issues whose links restore a register that was lost"}},
"required":["page_id"]}`)
	s.Unseen = true
	return handler[registerArgs]{
		tools: t, spec: s,
		pages: func(a registerArgs) []toolconfluence.Ref { return []toolconfluence.Ref{a.Page} },
		run:   runRegister,
	}
}

func runRegister(ctx context.Context, j job, a registerArgs) (any, error) {
	given, err := a.found()
	if err != nil {
		return nil, err
	}
	page, err := j.load(ctx, a.Page)
	if err != nil {
		return nil, err
	}
	if len(given) == 0 && a.Complete && len(page.outline.Candidates) > 0 {
		return nil, refuse("no requirements are given, but the page has what looks like %d; with complete, all that are registered would count as removed", len(page.outline.Candidates))
	}
	found, notes := requirement.Ground(page.outline, given)
	if a.FromPage {
		if found, a.Complete = page.outline.Stated(), true; len(found) > maxFound {
			return nil, refuse("page %s has %d requirements, at most %d are possible on one page", page.ID, len(found), maxFound)
		}
	}
	recovered, told, err := j.recover(ctx, page, a.RecoverJQL)
	if err != nil {
		return nil, err
	}
	seen := requirement.Seen{Version: page.Version.Number, At: page.Version.When, Complete: a.Complete, MarkedOnly: a.Unmarked}
	all := map[string]requirement.Change{}
	answer := requirement.Last{}
	now, err := j.change(ctx, j.call.ID, page.ID, func(k *kept) error {
		clear(all)
		if k.Last != nil && k.Last.Call == j.call.ID {
			return nil // it was done, and the answer lost
		}
		if k.Seen > seen.Version {
			return refuse("page %s was registered with version %d meanwhile, and this was read from version %d: read it again", page.ID, k.Seen, seen.Version)
		}
		if !k.there {
			k.Register = recovered
		}
		named, notes := found, notes
		if a.Complete {
			more, told := requirement.Overlooked(page.outline, k.Register, found)
			named, notes = slices.Concat(found, more), slices.Concat(notes, told)
		}
		r := requirement.Reconcile(k.Register, named, seen)
		k.Register = r.Register
		last := requirement.Last{Call: j.call.ID, Notes: slices.Concat(told, notes, r.Notes)}
		for _, c := range r.Changes {
			all[c.ID] = c
			if c.Tells() {
				last.Changes = append(last.Changes, c)
			}
		}
		if answer = last; len(last.Changes)+len(last.Notes) > 0 {
			k.Last = &last
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if now.Last != nil && now.Last.Call == j.call.ID {
		answer = *now.Last
	}
	return fitted(registered(page.ID, now, all, answer), func(a *registerAnswer) []*[]shown { return []*[]shown{&a.Entries} },
		func(a *registerAnswer, cut string) { a.Cut = cut })
}

// registered tells what became of each requirement. all is empty after a crash, when
// the register itself tells it.
func registered(page string, now kept, all map[string]requirement.Change, answer requirement.Last) registerAnswer {
	out := registerAnswer{Page: page, Version: now.Seen, Notes: answer.Notes, Entries: []shown{}}
	for _, c := range answer.Changes {
		all[c.ID] = c
	}
	for _, r := range now.Requirements {
		c, ok := all[r.ID]
		if !ok {
			c = requirement.Change{ID: r.ID, Kind: requirement.Unchanged}
		}
		one := show(page, r, r.State == requirement.Current && (c.Tells() || slices.ContainsFunc(r.Issues, r.Behind)))
		if r.State == requirement.Removed && !c.Tells() {
			if len(one.Outdated) > 0 { // another call found out, and nobody said yet that it was seen to
				one.State = string(requirement.Gone)
				out.Entries = append(out.Entries, one)
			}
			continue
		}
		one.State, one.What, one.Added, one.Dropped, one.Edited = string(c.Kind), c.What, c.Added, c.Dropped, c.Edited
		if slices.ContainsFunc(r.Issues, r.Back) {
			one.State = string(requirement.Returned)
		}
		out.Entries = append(out.Entries, one)
		switch c.Kind {
		case requirement.New, requirement.Returned:
			out.New++
		case requirement.Changed:
			out.Changed++
		case requirement.Gone:
			out.Removed++
		default:
			out.Unchanged++
		}
	}
	return out
}

// found checks the list.
func (a registerArgs) found() ([]requirement.Found, error) {
	switch {
	case a.FromPage && a.Requirements != nil:
		return nil, refuse("from_page takes no requirements: they are those of the page")
	case a.Unmarked && !a.FromPage:
		return nil, refuse("keep_unmarked goes with from_page only")
	case !a.FromPage && a.Requirements == nil:
		return nil, refuse("requirements are missing")
	}
	if len(a.Requirements) > maxFound {
		return nil, refuse("%d requirements are given, at most %d are possible on one page", len(a.Requirements), maxFound)
	}
	var out []requirement.Found
	for i, f := range a.Requirements {
		if strings.TrimSpace(f.Title) == "" {
			return nil, refuse("requirement %d has no title", i+1)
		}
		one := requirement.Found{ID: strings.TrimSpace(f.ID), Title: clip(f.Title, maxName), Text: f.Text, Section: clip(f.Section, maxName)}
		if ref, ok := requirement.ParseReference(one.ID); ok && ref.ID != "" {
			one.ID = ref.ID
		}
		for _, c := range f.Criteria {
			one.Criteria = append(one.Criteria, clip(c, maxText))
		}
		out = append(out, one)
	}
	return out, nil
}
