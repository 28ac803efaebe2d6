package jira

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

type issueArgs struct {
	Issue Key `json:"issue_key"`
}

func (t *Tools) getTransitions() tool.Tool {
	return handler[issueArgs]{
		tools: t,
		spec: spec("jira_get_transitions", tool.Read, "List the transitions that an issue can take now.",
			`{"type":"object","properties":{"issue_key":{"type":"string"}},"required":["issue_key"]}`),
		keys: func(a issueArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a issueArgs) (tool.Result, error) {
			status, list, err := j.workflow(ctx, a.Issue.String())
			if err != nil {
				return tool.Result{}, err
			}
			return tool.Result{Text: fmt.Sprintf("status: %s\ntransitions: %s", status.Name, transitionChoices(list))}, nil
		},
	}
}

type transitionArgs struct {
	Issue      Key            `json:"issue_key"`
	Transition string         `json:"transition"`
	Fields     map[string]any `json:"fields"`
}

func (t *Tools) transitionIssue() tool.Tool {
	return handler[transitionArgs]{
		tools: t,
		spec: spec("jira_transition_issue", tool.Write, "Move an issue to another status.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"transition":{"type":"string","description":"target status, or name or id of the transition"},
"fields":{"type":"object","properties":{"resolution":{"type":"string"}},"description":"any fields that the transition asks for"}},
"required":["issue_key","transition"]}`),
		keys: func(a transitionArgs) []Key { return []Key{a.Issue} },
		run:  runTransition,
	}
}

// runTransition reads the workflow before it writes, and again when it looks for
// what an interrupted write did: Jira keeps no marker of a transition.
func runTransition(ctx context.Context, j job, a transitionArgs) (tool.Result, error) {
	key, already := a.Issue.String(), false
	// chosen is the place of the fields: the screen of the transition.
	chosen := j.inIssue(a.Issue)
	at := func(t jira.Transition) place {
		chosen.settable = func(context.Context) (map[string]jira.EditField, error) { return t.Fields, nil }
		return chosen
	}
	status, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "transition", Target: key,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			return j.transitioned(ctx, key, a.Transition, since)
		},
		Send: func(ctx context.Context) (string, error) {
			now, list, err := j.workflow(ctx, key)
			if err != nil {
				return "", err
			}
			next, found := pick(list, a.Transition)
			if isStatus(now, a.Transition) && (!found || sameStatus(next.To, now)) {
				already = true
				return now.Name, nil
			}
			if !found {
				return "", refuse("%s is in status %s and has no transition %q now; it has %s", key, now.Name, a.Transition, transitionChoices(list))
			}
			fields, _, err := j.coerceAll(ctx, at(next), a.Fields, "")
			if err != nil {
				return "", err
			}
			return next.To.Name, j.client.DoTransition(ctx, key, next.ID, fields)
		},
	})
	if err != nil {
		return tool.Result{}, withChoices(ctx, chosen, err)
	}
	if already {
		return ack("%s is in status %s already; nothing was changed.", key, status)
	}
	return ack("Moved %s to status %s.", key, status)
}

func (j job) workflow(ctx context.Context, key string) (jira.Named, []jira.Transition, error) {
	status, err := j.status(ctx, key)
	if err != nil {
		return jira.Named{}, nil, err
	}
	list, err := j.client.Transitions(ctx, key)
	return status, list, err
}

func (j job) status(ctx context.Context, key string) (jira.Named, error) {
	issue, err := j.client.GetIssue(ctx, key, []string{"status"}, nil)
	if err != nil {
		return jira.Named{}, err
	}
	return decodeNamed(issue, "status"), nil
}

// transitioned reports whether the transition was made already. If the issue
// could still make it, the target status tells. If it cannot, then the status was
// changed since we looked first; whether by us, the history tells.
func (j job) transitioned(ctx context.Context, key, wanted string, since time.Time) (string, bool, error) {
	now, list, err := j.workflow(ctx, key)
	if err != nil {
		return "", false, err
	}
	next, possible := pick(list, wanted)
	if isStatus(now, wanted) || (possible && sameStatus(next.To, now)) {
		return now.Name, true, nil
	}
	if possible {
		return "", false, nil
	}
	ours, err := j.changedStatus(ctx, key, since)
	return now.Name, ours, err
}

// changedStatus reports whether the last change of the status was ours.
func (j job) changedStatus(ctx context.Context, key string, since time.Time) (bool, error) {
	const skew = 10 * time.Minute
	issue, err := j.client.GetIssue(ctx, key, []string{"status"}, []string{"changelog"})
	if err != nil || issue.Changelog == nil {
		return false, err
	}
	var last jira.History
	for _, history := range issue.Changelog.Histories {
		for _, item := range history.Items {
			if item.Field == "status" && !history.Created.Before(last.Created.Time) {
				last = history
			}
		}
	}
	if last.Created.IsZero() || last.Created.Before(since.Add(-skew)) {
		return false, nil
	}
	me, err := j.client.Me(ctx)
	return err == nil && last.Author.Same(me), err
}

// pick finds a transition by id, by its name or by the status that it leads to.
func pick(list []jira.Transition, wanted string) (jira.Transition, bool) {
	wanted = strings.TrimSpace(wanted)
	for _, match := range []func(jira.Transition) bool{
		func(t jira.Transition) bool { return t.ID == wanted },
		func(t jira.Transition) bool { return strings.EqualFold(t.To.Name, wanted) },
		func(t jira.Transition) bool { return strings.EqualFold(t.Name, wanted) },
		func(t jira.Transition) bool { return letters(t.To.Name) == letters(wanted) && letters(wanted) != "" },
		func(t jira.Transition) bool { return letters(t.Name) == letters(wanted) && letters(wanted) != "" },
	} {
		for _, t := range list {
			if match(t) {
				return t, true
			}
		}
	}
	return jira.Transition{}, false
}

func isStatus(now jira.Named, wanted string) bool {
	return now.Name != "" && letters(now.Name) == letters(wanted)
}

func sameStatus(a, b jira.Named) bool {
	if a.ID != "" && b.ID != "" {
		return a.ID == b.ID
	}
	return strings.EqualFold(a.Name, b.Name)
}

func transitionChoices(list []jira.Transition) string {
	if len(list) == 0 {
		return "none (or this account may not make any)"
	}
	parts := make([]string, 0, len(list))
	for _, t := range list {
		parts = append(parts, fmt.Sprintf("%s → %s (id %s%s)", t.Name, t.To.Name, t.ID, needed(t)))
	}
	return strings.Join(parts, "; ")
}

// needed names the fields without which the transition is refused.
func needed(t jira.Transition) string {
	var names []string
	for _, f := range byID(t.Fields) {
		if f.Required && !f.HasDefault {
			name := f.Name
			if values := choices(f.AllowedValues, 12); values != "" {
				name += ": " + values
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return ", needs " + strings.Join(names, "; ")
}
