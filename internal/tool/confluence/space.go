package confluence

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type listSpacesArgs struct {
	Keys  []string `json:"keys"`
	Type  string   `json:"type"`
	Limit int      `json:"limit"`
	From  string   `json:"page_token"`
}

func (t *Tools) listSpaces() tool.Tool {
	return handler[listSpacesArgs]{
		tools: t,
		spec: spec("confluence_list_spaces", tool.Read, "List the spaces within the scope of the run.", `{"type":"object","properties":{
"keys":{"type":"array","items":{"type":"string"}},
"type":{"type":"string","enum":["global","personal"]},
"limit":{"type":"integer","description":"default 50, at most 250"},
"page_token":{"type":"string"}}}`, "confluence_get_spaces"),
		run: func(ctx context.Context, j job, a listSpacesArgs) (tool.Result, error) {
			q := confluence.SpaceQuery{Keys: a.Keys, Type: a.Type, Part: confluence.Part{Limit: bounded(a.Limit, 50, 250), From: a.From}}
			list, err := j.api.Spaces(ctx, q)
			var rows []string
			for _, s := range list.Items {
				if tool.InSpaces(j.call.Spaces, s.Key) {
					rows = append(rows, row(s.Key, s.Name, s.Type, "home page "+s.HomepageID))
				}
			}
			return tool.Result{Text: table(fmt.Sprintf("%d spaces (key | name | type | home page)", len(rows)), rows, list.Next), Target: "spaces"}, err
		},
	}
}

// maxSpaces bounds how many spaces are compared with globs.
const maxSpaces = 20

// spaces resolves the spaces of a call to keys; nil means every space.
func (j job) spaces(ctx context.Context) ([]string, error) {
	globs := false
	for _, s := range j.call.Spaces {
		if s == "*" {
			return nil, nil
		}
		globs = globs || tool.IsGlob(s)
	}
	if j.call.Spaces == nil || !globs {
		return j.call.Spaces, nil
	}
	keys := []string{}
	part := confluence.Part{Limit: 250}
	for range maxSpaces {
		list, err := j.api.Spaces(ctx, confluence.SpaceQuery{Part: part})
		if err != nil {
			return nil, err
		}
		for _, s := range list.Items {
			if tool.InSpaces(j.call.Spaces, s.Key) {
				keys = append(keys, s.Key)
			}
		}
		if list.Next == "" {
			break
		}
		part.From = list.Next
	}
	return keys, nil
}
