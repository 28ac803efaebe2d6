package jira

import (
	"context"
	"net/http"
	"net/url"
)

// Transition is a step of the workflow that the issue can take now.
type Transition struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	To   Named  `json:"to"`
	// Fields are those of the transition's screen, by id.
	Fields map[string]EditField `json:"fields"`
}

// Transitions lists what the issue can do now, with the fields of each.
func (c *Client) Transitions(ctx context.Context, key string) ([]Transition, error) {
	var answer struct {
		Transitions []Transition `json:"transitions"`
	}
	err := c.get(ctx, issuePath(key, "transitions"), url.Values{"expand": {"transitions.fields"}}, &answer)
	return answer.Transitions, err
}

// DoTransition takes the issue through a transition, setting fields by id.
func (c *Client) DoTransition(ctx context.Context, key, id string, fields map[string]any) error {
	body := map[string]any{"transition": map[string]any{"id": id}}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	return c.do(ctx, request{method: http.MethodPost, path: issuePath(key, "transitions"), body: body}, nil)
}
