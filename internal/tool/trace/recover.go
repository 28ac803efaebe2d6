package trace

import (
	"context"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/requirement"
	"github.com/aofctl/aofctl/internal/tool"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
)

// maxRecovered bounds how many issues are looked at to restore a register.
const maxRecovered = 300

// recover makes of the links of issues what the register of a page was, if it has
// none: of issues whose text names the page, and of those of a query.
func (j job) recover(ctx context.Context, page loaded, jql string) (requirement.Register, []string, error) {
	none := j.call.Projects != nil && len(j.call.Projects) == 0
	switch {
	case page.kept.there && strings.TrimSpace(jql) != "":
		return requirement.Register{}, []string{"recover_jql was not needed: the page has its register"}, nil
	case page.kept.there || none && strings.TrimSpace(jql) == "":
		return requirement.Register{}, nil, nil
	case none:
		return requirement.Register{}, nil, refuse("recover_jql: no project is within the scope of this run")
	}
	keys, cut, err := j.find(ctx, fmt.Sprintf(`text ~ "\"%s\""`, page.ID), maxRecovered)
	if err != nil {
		return requirement.Register{}, nil, err
	}
	if strings.TrimSpace(jql) != "" {
		further, also, err := j.find(ctx, jql, maxRecovered)
		if err != nil {
			return requirement.Register{}, nil, err
		}
		keys, cut = unite(keys, further), cut || also
	}
	ties, err := j.ties(ctx, keys)
	if err != nil {
		return requirement.Register{}, nil, err
	}
	r := requirement.Recover(page.ID, ties).Recognised(page.outline)
	var notes []string
	if n := len(r.Requirements); n > 0 || len(r.Issues) > 0 {
		notes = append(notes, fmt.Sprintf("the page had no register: %d requirements and their issues were restored from the links of %d issues; criteria and texts are those of now", n, len(keys)))
	}
	if cut {
		notes = append(notes, fmt.Sprintf("only the first %d issues were looked at to restore the register", maxRecovered))
	}
	return r, notes, nil
}

func unite(a, b []string) []string {
	out := append([]string{}, a...)
	have := map[string]bool{}
	for _, key := range a {
		have[key] = true
	}
	for _, key := range b {
		if !have[key] {
			out = append(out, key)
		}
	}
	return out
}

// find lists the keys of issues within the scope that meet a query.
func (j job) find(ctx context.Context, jql string, most int) (keys []string, cut bool, err error) {
	issues, cut, err := j.search(ctx, jql, []string{"summary"}, most)
	for _, i := range issues {
		keys = append(keys, i.Key)
	}
	return keys, cut, err
}

// searchPage is how many issues are asked for at once.
const searchPage = 100

// search lists issues within the scope that meet a query, so many at most.
func (j job) search(ctx context.Context, jql string, fields []string, most int) (out []jira.Issue, cut bool, err error) {
	narrowed, err := j.jira.Narrow(ctx, jql)
	if err != nil {
		return nil, false, asJira(err)
	}
	s := jira.Search{JQL: narrowed, Fields: fields, Limit: min(most, searchPage)}
	for {
		found, err := j.jira.Client().Search(ctx, s)
		if err != nil {
			return nil, false, asJira(err)
		}
		for _, i := range found.Issues {
			if key, err := tooljira.ParseKey(i.Key); err == nil && tool.InProjects(j.call.Projects, key.Project()) {
				out = append(out, i)
			}
		}
		if found.Next == "" || len(found.Issues) == 0 {
			return out, false, nil
		}
		if len(out) >= most {
			return out[:most], true, nil
		}
		s.Page = found.Next
	}
}
