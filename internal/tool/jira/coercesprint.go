package jira

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
)

// sprint is a list when read and one number when set. It may be given by its id,
// by its name, or as "active".
func (c coercion) sprint(ctx context.Context, items []any) (any, error) {
	if len(items) == 0 {
		return nil, nil
	}
	if len(items) > 1 {
		return nil, refuse("%s takes one sprint", c.field.Name)
	}
	text := strings.TrimSpace(fmt.Sprint(items[0]))
	if object, ok := items[0].(map[string]any); ok {
		text = first(object, "id", "name")
	}
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		return id, nil
	}
	return c.sprintNamed(ctx, text)
}

// sprintNamed looks among the open sprints of the project's boards.
func (c coercion) sprintNamed(ctx context.Context, name string) (any, error) {
	boards, err := c.boardsOf(ctx, []string{c.at.projectKey()}, jira.Boards{Type: "scrum"})
	if err != nil {
		return nil, err
	}
	var all, found []jira.Sprint
	for _, b := range boards {
		list, err := c.client.Sprints(ctx, b.ID, []string{"active", "future"}, 0, agilePage)
		if err != nil {
			return nil, err
		}
		all = append(all, list.Items...)
	}
	wanted := letters(name)
	for _, s := range all {
		isActive := s.State == "active" && (wanted == "active" || wanted == "current")
		same := func(have jira.Sprint) bool { return have.ID == s.ID }
		if (letters(s.Name) == wanted || isActive) && len(filter(found, same)) == 0 {
			found = append(found, s)
		}
	}
	if len(found) == 1 {
		return found[0].ID, nil
	}
	names := make([]string, 0, len(all))
	for _, s := range all {
		names = append(names, fmt.Sprintf("%s (%d, %s)", s.Name, s.ID, s.State))
	}
	if len(found) > 1 {
		return nil, refuse("several sprints are %q; use an id: %s", name, fewOf(names))
	}
	return nil, refuse("%s has no open sprint %q; it has %s", c.at.projectKey(), name, fewOf(names))
}
