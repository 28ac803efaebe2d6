package enrich

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strings"

	eventjira "github.com/aofctl/aofctl/internal/event/jira"
)

// vars returns all variables that an object tells, from the cache if they were
// read for the same state of it just now.
func (e *Enricher) vars(ctx context.Context, o object) (map[string]any, error) {
	if vars, ok := e.cache.get(o); ok {
		return vars, nil
	}
	vars, err := e.read(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", o.kind, o.id, err)
	}
	e.cache.put(o, vars)
	return vars, nil
}

func (e *Enricher) read(ctx context.Context, o object) (map[string]any, error) {
	switch o.kind {
	case kindIssue:
		// Comments and worklogs can be many, and no variable comes from them.
		return e.member(ctx, "issue", "api/2/issue/"+url.PathEscape(o.id), url.Values{"fields": {"*all,-comment,-worklog,-attachment"}})
	case kindLinked:
		return e.linked(ctx, o.id)
	case kindSprint:
		return e.member(ctx, "sprint", "agile/1.0/sprint/"+url.PathEscape(o.id), nil)
	case kindReport:
		return e.report(ctx, o.id)
	case kindBoard:
		return e.board(ctx, o.id)
	case kindVersion:
		return e.version(ctx, o.id)
	case kindProject:
		return e.member(ctx, "project", "api/2/project/"+url.PathEscape(o.id), nil)
	case kindUser:
		return e.user(ctx, o.id)
	default:
		return map[string]any{}, nil
	}
}

// member reads a thing and understands it as if an event had brought it, so that
// both give the same variables.
func (e *Enricher) member(ctx context.Context, name, path string, query url.Values) (map[string]any, error) {
	body, err := e.jira.Read(ctx, path, query)
	if err != nil {
		return nil, err
	}
	payload := append([]byte(`{"webhookEvent":"enrichment","`+name+`":`), body...)
	ev, err := eventjira.Normalize(append(payload, '}'), e.opt)
	if err != nil {
		return nil, fmt.Errorf("understand the answer: %w", err)
	}
	delete(ev.Vars, "event_type")
	return ev.Vars, nil
}

// linked reads the key of an issue that an event names by its id.
func (e *Enricher) linked(ctx context.Context, id string) (map[string]any, error) {
	end, id, _ := strings.Cut(id, " ")
	issue, err := e.member(ctx, "issue", "api/2/issue/"+url.PathEscape(id), url.Values{"fields": {"summary"}})
	if err != nil || issue["issue_key"] == nil {
		return nil, err
	}
	vars := map[string]any{}
	switch end {
	case "link_source":
		vars["link_source_issue_key"] = issue["issue_key"]
	case "link_destination":
		vars["link_destination_issue_key"] = issue["issue_key"]
	}
	return vars, nil
}

// board reads a board and where it belongs. Data Center's boards do not say so;
// one that shows a single project belongs to that.
func (e *Enricher) board(ctx context.Context, id string) (map[string]any, error) {
	path := "agile/1.0/board/" + url.PathEscape(id)
	vars, err := e.member(ctx, "board", path, nil)
	if err != nil || vars["project_key"] != nil {
		return vars, err
	}
	body, err := e.jira.Read(ctx, path+"/project", url.Values{"maxResults": {"2"}})
	if temporary(err) {
		return nil, err
	}
	var page struct {
		Values []struct {
			Key  string `json:"key"`
			Name string `json:"name"`
		} `json:"values"`
	}
	// If this cannot be read, the board itself still is.
	if err == nil && json.Unmarshal(body, &page) == nil && len(page.Values) == 1 {
		vars["project_key"], vars["project_name"] = page.Values[0].Key, page.Values[0].Name
	}
	return vars, nil
}

// version reads a version and its project, which it names by id.
func (e *Enricher) version(ctx context.Context, id string) (map[string]any, error) {
	vars, err := e.member(ctx, "version", "api/2/version/"+url.PathEscape(id), nil)
	if err != nil {
		return nil, err
	}
	project, _ := vars["project_id"].(string)
	if project == "" {
		return vars, nil
	}
	told, err := e.vars(ctx, object{kindProject, project, ""})
	if err != nil {
		return nil, err
	}
	maps.Copy(vars, told)
	return vars, nil
}

// user reads a person's e-mail address, which Cloud tells only of those who show
// it to everybody.
func (e *Enricher) user(ctx context.Context, id string) (map[string]any, error) {
	parameter, id, _ := strings.Cut(id, " ")
	body, err := e.jira.Read(ctx, "api/2/user", url.Values{parameter: {id}})
	if err != nil {
		return nil, err
	}
	var user struct {
		Email string `json:"emailAddress"`
	}
	if err := json.Unmarshal(body, &user); err != nil {
		return nil, fmt.Errorf("understand the answer: %w", err)
	}
	if user.Email == "" {
		return map[string]any{}, nil
	}
	return map[string]any{"user_email": user.Email}, nil
}
