package jira

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

// ProjectKey is a project's key, such as PROJ, in capitals; "" if none is given.
type ProjectKey string

// String returns the key.
func (p ProjectKey) String() string { return string(p) }

// UnmarshalJSON implements json.Unmarshaler. null is no key.
func (p *ProjectKey) UnmarshalJSON(raw []byte) error {
	var s *string
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("a project key is a string: %w", err)
	}
	if s == nil || strings.TrimSpace(*s) == "" {
		*p = ""
		return nil
	}
	key := strings.TrimSpace(*s)
	if !projectKey.MatchString(key) || len(key) > 255 {
		return fmt.Errorf("%q is not a project key such as PROJ", shorten(key, 100))
	}
	*p = ProjectKey(strings.ToUpper(key))
	return nil
}

type listProjectsArgs struct {
	Query string `json:"query"`
	Page  string `json:"page_token"`
}

const projectsPage = 50

func (t *Tools) listProjects() tool.Tool {
	return handler[listProjectsArgs]{
		tools: t, confined: true,
		spec: spec("jira_list_projects", tool.Read, "List the projects within reach.", `{"type":"object","properties":{
"query":{"type":"string","description":"part of key or name"},
"page_token":{"type":"string"}}}`, "jira_get_projects"),
		run: runListProjects,
	}
}

func runListProjects(ctx context.Context, j job, a listProjectsArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	all, err := j.client.Projects(ctx)
	if err != nil {
		return tool.Result{}, err
	}
	query := strings.ToLower(strings.TrimSpace(a.Query))
	found := filter(all, func(p jira.Project) bool {
		return tool.InProjects(j.call.Projects, p.Key) &&
			(strings.Contains(strings.ToLower(p.Key), query) || strings.Contains(strings.ToLower(p.Name), query))
	})
	rows := make([]string, 0, len(found))
	for _, p := range found {
		rows = append(rows, row(p.Key, p.Name, p.ProjectType))
	}
	return tool.Result{Text: slice("projects (key | name | type)", rows, start, projectsPage), Target: "projects"}, nil
}
