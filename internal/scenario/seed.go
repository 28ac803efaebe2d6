package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

// seedOf is what a site has before its issues. Ids that are not given are counted
// on from those of the sandbox.
func seedOf(g manifest.Given) jira.Seed {
	var seed jira.Seed
	standard := jira.DefaultSeed()
	for _, u := range g.Users {
		seed.Users = append(seed.Users, userOf(u, standard.Users))
	}
	for i, p := range g.Projects {
		one := jira.Project{ID: strconv.Itoa(20000 + i), Key: p.Key, Name: or(p.Name, p.Key), TypeKey: or(p.Type, "software"), Lead: p.Lead}
		for n, name := range p.Components {
			one.Components = append(one.Components, jira.Component{ID: strconv.Itoa(20000 + 100*i + n), Name: name})
		}
		for n, v := range p.Versions {
			one.Versions = append(one.Versions, jira.Version{ID: strconv.Itoa(20000 + 100*i + n), Name: v.Name, Description: v.Description,
				Released: v.Released, Archived: v.Archived, ReleaseDate: v.ReleaseDate})
		}
		seed.Projects = append(seed.Projects, one)
	}
	for i, b := range g.Boards {
		seed.Boards = append(seed.Boards, jira.Board{ID: orNumber(b.ID, 100+i), Name: or(b.Name, b.Project+" board"), Type: or(b.Type, "scrum"), Project: b.Project})
	}
	for i, x := range g.Sprints {
		id := orNumber(x.ID, 100+i)
		seed.Sprints = append(seed.Sprints, jira.Sprint{ID: id, Name: or(x.Name, fmt.Sprintf("Sprint %d", id)), Board: orNumber(x.Board, 1),
			State: or(x.State, jira.SprintFuture), Goal: x.Goal})
	}
	for i, f := range g.Fields {
		seed.Fields = append(seed.Fields, fieldOf(f, i))
	}
	return seed
}

func userOf(u manifest.GivenUser, standard []jira.User) jira.User {
	out := jira.User{Handle: u.Name, AccountID: u.AccountID, Name: u.Name, DisplayName: or(u.DisplayName, strings.ToUpper(u.Name[:1])+u.Name[1:]),
		Email: or(u.Email, u.Name+"@example.com"), Token: u.Name + "-token"}
	for _, s := range standard {
		if s.Handle == u.Name { // another Alice takes the place of the one that is there
			out.AccountID, out.Token = or(u.AccountID, s.AccountID), s.Token
		}
	}
	out.AccountID = or(out.AccountID, "712020:scenario-"+u.Name)
	if u.App {
		out.AccountType = jira.AccountApp
	}
	return out
}

func fieldOf(f manifest.GivenField, number int) jira.Field {
	kinds := map[string]jira.Kind{"rich": jira.Rich, "number": jira.Number, "date": jira.Date, "person": jira.Person, "labels": jira.Labels, "select": jira.Select}
	out := jira.Field{ID: f.ID, Name: or(f.Name, f.ID), Kind: jira.Text}
	if kind, ok := kinds[f.Kind]; ok {
		out.Kind = kind
	}
	for n, value := range f.Options {
		out.Options = append(out.Options, jira.Option{ID: strconv.Itoa(30000 + 100*number + n), Value: value})
	}
	return out
}

// fill makes the issues that are there from the start, before anybody hears of it.
func fill(site *jira.Server, g manifest.Given) error {
	for _, i := range g.Issues {
		reporter := or(i.Reporter, "alice")
		in, err := newIssue(site, i.NewIssue)
		if err != nil {
			return fmt.Errorf("line %d: %w", i.Line, err)
		}
		key, err := site.As(reporter).CreateIssue(in)
		if err == nil && i.Key != "" && i.Key != key {
			err = fmt.Errorf("the issue gets the key %s, not %s: keys are counted from 1 in each project", key, i.Key)
		}
		if err == nil {
			err = furnish(site, key, reporter, i)
		}
		if err != nil {
			return fmt.Errorf("make issue %q of line %d: %w", i.Summary, i.Line, err)
		}
	}
	for n, i := range g.Issues {
		for _, l := range i.Links {
			if err := site.As("alice").Link(l.Type, keyOf(g, n), l.To); err != nil {
				return fmt.Errorf("link issue %q of line %d with %s: %w", i.Summary, i.Line, l.To, err)
			}
		}
	}
	return nil
}

// keyOf is the key of the n-th issue: they are counted in each project.
func keyOf(g manifest.Given, n int) string {
	count := 0
	for _, i := range g.Issues[:n+1] {
		if i.Project == g.Issues[n].Project {
			count++
		}
	}
	return fmt.Sprintf("%s-%d", g.Issues[n].Project, count)
}

func furnish(site *jira.Server, key, reporter string, i manifest.GivenIssue) error {
	if i.Status != "" {
		if err := move(site, key, reporter, i.Status); err != nil {
			return err
		}
	}
	if i.Sprint != 0 {
		if err := site.As(reporter).MoveToSprint(key, i.Sprint); err != nil {
			return err
		}
	}
	for _, c := range i.Comments {
		if _, err := site.As(or(c.As, reporter)).Comment(key, c.Body, nil); err != nil {
			return err
		}
	}
	return nil
}

// move takes an issue to a status by as many transitions as it takes.
func move(site *jira.Server, key, who, status string) error {
	issue, _ := site.Issue(key)
	ways := map[string][]string{issue.Status: nil}
	queue := []string{issue.Status}
	for len(queue) > 0 && ways[status] == nil && !strings.EqualFold(queue[0], status) {
		at := queue[0]
		queue = queue[1:]
		for _, t := range jira.DefaultSeed().Transitions {
			if _, seen := ways[t.To]; !seen && slices.Contains(t.From, at) {
				ways[t.To] = append(slices.Clone(ways[at]), t.To)
				queue = append(queue, t.To)
			}
		}
	}
	way, known := ways[status]
	if !known {
		return fmt.Errorf("no way leads from status %s to %q", issue.Status, status)
	}
	for _, to := range way {
		if err := site.As(who).Transition(key, to); err != nil {
			return err
		}
	}
	return nil
}

// newIssue is an issue as the sandbox takes it.
func newIssue(site *jira.Server, n manifest.NewIssue) (jira.NewIssue, error) {
	out := jira.NewIssue{Project: n.Project, Type: n.Type, Summary: n.Summary, Description: n.Description, Labels: n.Labels,
		Priority: n.Priority, Parent: n.Parent, Fields: n.Fields}
	if n.Assignee != "" {
		u, ok := site.User(n.Assignee)
		if !ok {
			return out, errors.New("there is no user " + n.Assignee)
		}
		out.Assignee = u.AccountID
	}
	return out, nil
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func orNumber(n, other int) int {
	if n == 0 {
		return other
	}
	return n
}
