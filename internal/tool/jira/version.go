package jira

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type listVersionsArgs struct {
	Project ProjectKey `json:"project_key"`
	Page    string     `json:"page_token"`
}

const versionsPage = 50

func (t *Tools) listVersions() tool.Tool {
	return handler[listVersionsArgs]{
		tools: t,
		spec: spec("jira_list_versions", tool.Read, "List the versions of a project, the latest first.", `{"type":"object","properties":{
"project_key":{"type":"string"},
"page_token":{"type":"string"}},
"required":["project_key"]}`, "jira_get_project_versions"),
		projects: func(a listVersionsArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run: func(ctx context.Context, j job, a listVersionsArgs) (tool.Result, error) {
			start, err := jira.Position(a.Page)
			if err != nil {
				return tool.Result{}, err
			}
			list, err := j.versions(ctx, a.Project)
			if err != nil {
				return tool.Result{}, err
			}
			rows := make([]string, 0, len(list))
			for _, v := range slices.Backward(list) {
				rows = append(rows, row(v.ID, v.Name, versionState(v), v.StartDate, v.ReleaseDate, v.Description))
			}
			return tool.Result{Text: slice("versions (id | name | state | start | release | description)", rows, start, versionsPage)}, nil
		},
	}
}

func (j job) versions(ctx context.Context, project ProjectKey) ([]jira.Version, error) {
	if project == "" {
		return nil, refuse("project_key is empty")
	}
	return j.client.Versions(ctx, project.String())
}

func versionState(v jira.Version) string {
	switch {
	case v.Archived:
		return "archived"
	case v.Released:
		return "released"
	default:
		return "unreleased"
	}
}

type updateVersionArgs struct {
	Project     ProjectKey `json:"project_key"`
	Version     string     `json:"version"`
	Name        *string    `json:"name"`
	Description *string    `json:"description"`
	Start       *string    `json:"start_date"`
	Release     *string    `json:"release_date"`
	Released    *bool      `json:"released"`
	Archived    *bool      `json:"archived"`
}

func (t *Tools) updateVersion() tool.Tool {
	return handler[updateVersionArgs]{
		tools: t,
		spec: spec("jira_update_version", tool.Write, "Change or release a version of a project.", `{"type":"object","properties":{
"project_key":{"type":"string"},
"version":{"type":"string","description":"name or id"},
"name":{"type":"string"},
"description":{"type":"string"},
"start_date":{"type":"string"},
"release_date":{"type":"string","description":"e.g. 2024-01-31"},
"released":{"type":"boolean"},
"archived":{"type":"boolean"}},
"required":["project_key","version"]}`),
		projects: func(a updateVersionArgs) []ProjectKey { return []ProjectKey{a.Project} },
		run:      runUpdateVersion,
	}
}

func runUpdateVersion(ctx context.Context, j job, a updateVersionArgs) (tool.Result, error) {
	values, err := a.values()
	if err != nil {
		return tool.Result{}, err
	}
	list, err := j.versions(ctx, a.Project)
	if err != nil {
		return tool.Result{}, err
	}
	version, err := a.pick(list)
	if err != nil {
		return tool.Result{}, err
	}
	_, err = j.once(ctx, j.call.ID, tool.Action{
		Kind: "update version", Target: a.Project.String(), Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			now, err := j.client.Version(ctx, version.ID)
			return version.ID, err == nil && a.met(now), err
		},
		Send: func(ctx context.Context) (string, error) {
			return version.ID, j.client.UpdateVersion(ctx, version.ID, values)
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	return ack("Updated version %s of %s.", version.ID, a.Project)
}

// pick finds the version by id, by its name, or by the name that it gets: the
// call may be the repeat of one that went through.
func (a updateVersionArgs) pick(list []jira.Version) (jira.Version, error) {
	wanted := strings.TrimSpace(a.Version)
	for _, match := range []func(jira.Version) bool{
		func(v jira.Version) bool { return v.ID == wanted },
		func(v jira.Version) bool { return v.Name == wanted },
		func(v jira.Version) bool { return strings.EqualFold(v.Name, wanted) },
		func(v jira.Version) bool { return a.Name != nil && a.met(v) },
	} {
		if found := filter(list, match); len(found) == 1 {
			return found[0], nil
		}
	}
	names := make([]string, 0, len(list))
	for _, v := range slices.Backward(list) {
		names = append(names, v.Name+" ("+v.ID+")")
	}
	return jira.Version{}, refuse("%s has no version %q; it has %s", a.Project, a.Version, fewOf(names))
}

func (a updateVersionArgs) values() (map[string]any, error) {
	values := map[string]any{}
	for key, text := range map[string]*string{"name": a.Name, "description": a.Description} {
		if text != nil {
			values[key] = *text
		}
	}
	for key, text := range map[string]*string{"startDate": a.Start, "releaseDate": a.Release} {
		if text == nil {
			continue
		}
		if _, err := time.Parse(time.DateOnly, *text); err != nil {
			return nil, refuse("%q is not a date such as 2024-01-31", shorten(*text, 40))
		}
		values[key] = *text
	}
	for key, flag := range map[string]*bool{"released": a.Released, "archived": a.Archived} {
		if flag != nil {
			values[key] = *flag
		}
	}
	if len(values) == 0 {
		return nil, refuse("nothing to change is given; name at least one of name, description, start_date, release_date, released, archived")
	}
	return values, nil
}

// met reports whether the version is as it was asked to be.
func (a updateVersionArgs) met(v jira.Version) bool {
	text := func(want *string, have string) bool { return want == nil || *want == have }
	flag := func(want *bool, have bool) bool { return want == nil || *want == have }
	return text(a.Name, v.Name) && text(a.Description, v.Description) && text(a.Start, v.StartDate) &&
		text(a.Release, v.ReleaseDate) && flag(a.Released, v.Released) && flag(a.Archived, v.Archived)
}
