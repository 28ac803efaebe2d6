package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// noModels knows no model.
type noModels struct{}

func (noModels) Open(ref string) (llm.Model, error) {
	return nil, errors.New("no provider named " + ref)
}

func TestWithoutItsModelAnAgentDoesNothing(t *testing.T) {
	b := newBench(t, says("ok"))
	registry, err := tool.NewRegistry(b.comment)
	if err != nil {
		t.Fatal(err)
	}
	b.runner = agent.New(noModels{}, gate.New(policy.New(policy.Config{Tools: registry}), nil), registry)
	b.job.Response = "On it."
	_, err = b.runner.Run(t.Context(), b.job, b.tape)
	if err == nil || !strings.Contains(err.Error(), "agent helper") || len(b.posted()) != 0 {
		t.Errorf("posted %v: %v", b.posted(), err)
	}
}

func TestInstructionsThatCannotBeReadAreNamed(t *testing.T) {
	b := newBench(t, says("ok"))
	b.job.Agent.Instructions = "{% if %}"
	if _, err := b.runner.Run(t.Context(), b.job, b.tape); err == nil || !strings.Contains(err.Error(), "agent helper") {
		t.Errorf("Run: %v", err)
	}
	if _, err := agent.Needs(b.job.Agent); err == nil || !strings.Contains(err.Error(), "agent helper") {
		t.Errorf("Needs: %v", err)
	}
}

func TestTheCallsOfOneAnswerAreServedInOrder(t *testing.T) {
	var answer llm.Message
	answer.Role = llm.Assistant
	want := []string{"c", "a", "b"}
	for _, id := range want {
		answer.ToolCalls = append(answer.ToolCalls, llm.ToolCall{ID: id, Name: "jira_get_issue", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`)})
	}
	b := newBench(t, answer, says("ok"))
	b.run(t)
	var got, ids []string
	for _, m := range b.model.asked[1].Messages[2:] {
		got = append(got, m.ToolCallID)
	}
	for _, c := range b.read.calls {
		ids = append(ids, c.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-asked +given):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"run:1", "run:2", "run:3"}, ids); diff != "" {
		t.Errorf("ids of the calls (-want +got):\n%s", diff)
	}
}

func TestTheFirstQuestionIsOnRecordAndWhatFollowsIsNotRepeated(t *testing.T) {
	b := newBench(t, calls("jira_get_issue", `{"issue_key":"PROJ-1"}`), says("ok"))
	b.job.Agent.Output = manifest.OutputNone
	b.run(t)
	var first struct{ System, User string }
	if err := json.Unmarshal(b.tape.recorded[0].Input, &first); err != nil {
		t.Fatal(err)
	}
	if first.System != b.model.asked[0].System || first.User != b.model.asked[0].Messages[0].Text {
		t.Errorf("on record is %+v", first)
	}
	if last := b.tape.recorded[2]; last.Kind != step.KindModel || last.Input != nil || last.TokensIn != 10 || last.Model != "m" {
		t.Errorf("the second question is %+v", last)
	}
}

// garbled is a journal whose records are of no use.
type garbled struct{ kind step.Kind }

func (garbled) Next() (step.Kind, bool) { return "", false }

func (garbled) Wait(context.Context, string, step.Pause) (step.Entry, error) {
	return step.Entry{}, errors.New("agents do not wait")
}

func (g garbled) Branch(string) step.Journal { return g }

func (garbled) Rest(context.Context) error { return errors.New("agents do not wait") }

func (g garbled) Do(ctx context.Context, kind step.Kind, name string, fn step.Func) (step.Entry, error) {
	entry, err := fn(ctx, "run:0")
	if kind == g.kind {
		entry.Output = json.RawMessage(`{"message":`)
	}
	return entry, err
}

func TestARecordThatCannotBeReadFailsTheRun(t *testing.T) {
	for _, kind := range []step.Kind{step.KindModel, step.KindTool} {
		t.Run(string(kind), func(t *testing.T) {
			b := newBench(t, calls("jira_get_issue", `{"issue_key":"PROJ-1"}`), says("ok"))
			if _, err := b.runner.Run(t.Context(), b.job, garbled{kind}); err == nil || !strings.Contains(err.Error(), "decode") {
				t.Errorf("error %v, want one that says what could not be read", err)
			}
		})
	}
}

func TestACommentThatCannotBePostedFailsTheRunAndKeepsItsText(t *testing.T) {
	b := newBench(t, says("All well."))
	b.comment.result = tool.Result{Text: "Jira refuses: no permission", Failed: true}
	result, err := b.runner.Run(t.Context(), b.job, b.tape)
	if err == nil || !strings.Contains(err.Error(), "no permission") || result.Text != "All well." {
		t.Errorf("text %q: %v", result.Text, err)
	}
}
