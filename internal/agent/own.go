package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/step"
)

// The tools that the loop itself serves, for agents that list them.
const (
	// AskUser asks whoever caused the run and ends the turn until they answer.
	AskUser = "ask_user"
	// Finish ends the work with a result.
	Finish = "finish"
)

// OwnTools describes the tools that the loop itself serves.
func OwnTools() []llm.ToolSpec {
	return []llm.ToolSpec{
		{Name: AskUser, Description: "Ask the person who started this a question, and wait for the answer.",
			Parameters: json.RawMessage(`{"type":"object","properties":{"question":{"type":"string","description":"Markdown"}},"required":["question"]}`)},
		{Name: Finish, Description: "End the work with its result.",
			Parameters: json.RawMessage(`{"type":"object","properties":{"result":{"type":"string","description":"the final answer, Markdown"}},"required":["result"]}`)},
	}
}

// own gives the job those of the loop's own tools that its agent lists.
func (l *loop) own() {
	serve := map[string]func(context.Context, step.Journal, []llm.ToolCall) ([]string, error){AskUser: l.askUser, Finish: l.finish}
	l.job.Local = slices.Clone(l.job.Local)
	for _, spec := range OwnTools() {
		if slices.Contains(l.job.Agent.Tools, spec.Name) {
			l.job.Local = append(l.job.Local, Local{Spec: spec, Serve: serve[spec.Name]})
		}
	}
}

// askUser asks one question after the other.
func (l *loop) askUser(ctx context.Context, journal step.Journal, calls []llm.ToolCall) ([]string, error) {
	var texts []string
	for _, call := range calls {
		question, problem := argument(call, "question")
		if problem != "" {
			texts = append(texts, problem)
			continue
		}
		text, err := l.runner.gate.Question(ctx, journal, l.job.Session, l.request(), question)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

// finish ends the work with the last result that is named.
func (l *loop) finish(_ context.Context, _ step.Journal, calls []llm.ToolCall) ([]string, error) {
	var texts []string
	for _, call := range calls {
		result, problem := argument(call, "result")
		if problem == "" {
			l.finished, problem = &result, "Finished."
		}
		texts = append(texts, problem)
	}
	return texts, nil
}

// argument is the text of that name in a call's arguments, or what is wrong.
func argument(call llm.ToolCall, name string) (text, problem string) {
	var fields map[string]any
	if err := json.Unmarshal(call.Args, &fields); err != nil {
		return "", fmt.Sprintf("The arguments of %s are not a JSON object.", call.Name)
	}
	text, _ = fields[name].(string)
	if strings.TrimSpace(text) == "" {
		return "", fmt.Sprintf("The arguments of %s need %q, a text.", call.Name, name)
	}
	return text, ""
}
