package agent_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// oracle answers every question.
type oracle struct {
	asked  []approval.Question
	answer approval.Decision
}

func (o *oracle) Ask(_ context.Context, _ step.Journal, q approval.Question, _ approval.Post) (approval.Decision, error) {
	o.asked = append(o.asked, q)
	return o.answer, nil
}

func (b *bench) withOracle(t *testing.T, o *oracle) {
	t.Helper()
	registry, err := tool.NewRegistry(b.comment, b.read)
	if err != nil {
		t.Fatal(err)
	}
	b.runner = agent.New(b.model, gate.New(policy.New(policy.Config{Tools: registry}), o), registry)
}

func TestAnAgentAsksThePersonAndGoesOnWithTheAnswer(t *testing.T) {
	cases := map[string]struct {
		answer approval.Decision
		actor  tool.Person
		want   string
		asked  int
	}{
		"answered": {approval.Decision{Approved: true, By: "Alice (alice)", Reason: "It is version 2."}, tool.Person{Name: "alice"}, "Answer of Alice (alice):\nIt is version 2.", 1},
		"silence":  {approval.Decision{Reason: "nobody decided in time"}, tool.Person{Name: "alice"}, "There was no answer: nobody decided in time", 1},
		"nobody":   {approval.Decision{}, tool.Person{}, "There is nobody to ask", 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, calls("ask_user", `{"question":"Which version?"}`), says("Thanks."))
			o := &oracle{answer: c.answer}
			b.withOracle(t, o)
			b.job.Agent.Tools = append(b.job.Agent.Tools, "ask_user")
			b.job.Origin.Actor, b.job.Origin.Subject = c.actor, "issue:1"
			b.run(t)
			told := b.model.asked[1].Messages[2].Text
			if !strings.HasPrefix(told, c.want) || len(o.asked) != c.asked {
				t.Errorf("the model was told %q, %d questions", told, len(o.asked))
			}
			if c.asked == 1 && (o.asked[0].Text != "Which version?" || o.asked[0].Subject != "issue:1" || o.asked[0].Requester != c.actor) {
				t.Errorf("question %+v", o.asked[0])
			}
		})
	}
}

func TestOnlyAnAgentThatListsThemHasTheLoopsOwnTools(t *testing.T) {
	b := newBench(t, calls("finish", `{"result":"x"}`), says("Done."))
	if text := b.run(t); text != "Done." {
		t.Errorf("result %q", text)
	}
	for _, spec := range b.model.asked[0].Tools {
		if spec.Name == "finish" || spec.Name == "ask_user" {
			t.Errorf("the model was given %s", spec.Name)
		}
	}
}

func TestFinishEndsTheWorkWithItsResult(t *testing.T) {
	both := llm.Message{Role: llm.Assistant, Text: "I am through.", ToolCalls: []llm.ToolCall{
		{ID: "1", Name: "jira_get_issue", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`)},
		{ID: "2", Name: "finish", Args: json.RawMessage(`{"result":" The cause is the cache. "}`)}}}
	b := newBench(t, calls("finish", `{"result":""}`), both)
	b.job.Agent.Tools = append(b.job.Agent.Tools, "finish")
	if text := b.run(t); text != "The cause is the cache." {
		t.Errorf("result %q", text)
	}
	if posted := b.posted(); len(posted) != 1 || posted[0] != "The cause is the cache." {
		t.Errorf("posted %q", posted)
	}
	if told := b.model.asked[1].Messages[2].Text; !strings.Contains(told, `need "result"`) {
		t.Errorf("the model was told %q", told)
	}
}
