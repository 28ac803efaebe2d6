package agent_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/tool"
)

func TestAnAnswerThatIsCutOffIsCompletedBeforeItIsPosted(t *testing.T) {
	b := newBench(t, says("The login fails because the tok"), says("en expired.\n"))
	b.model.stops = map[int]llm.Stop{0: llm.StopLength}
	if text := b.run(t); text != "The login fails because the token expired." {
		t.Errorf("text %q", text)
	}
	if posted := b.posted(); len(posted) != 1 || !strings.Contains(posted[0], "the token expired") {
		t.Errorf("posted %q", posted)
	}
	asked := b.model.asked[1].Messages
	if last := asked[len(asked)-1]; last.Role != llm.User || !strings.Contains(last.Text, "cut off") || asked[len(asked)-2].Text == "" {
		t.Errorf("asked to go on by %+v", asked)
	}
}

func TestHalfAnAnswerIsNeverPosted(t *testing.T) {
	tests := []struct {
		name    string
		answers []llm.Message
		stops   map[int]llm.Stop
		want    string
	}{
		{"cut twice", []llm.Message{says("one "), says("two")}, map[int]llm.Stop{0: llm.StopLength, 1: llm.StopLength}, "raise max_tokens (77) of agent helper"},
		{"nothing but thinking, twice", []llm.Message{says(""), says("")}, map[int]llm.Stop{0: llm.StopLength, 1: llm.StopLength}, "raise max_tokens"},
		{"cut by a filter", []llm.Message{says("one ")}, map[int]llm.Stop{0: llm.StopContent}, "content filter"},
		{"cut by a filter when it went on", []llm.Message{says("one "), says("two")}, map[int]llm.Stop{0: llm.StopLength, 1: llm.StopContent}, "content filter"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.answers...)
			b.model.stops, b.job.Agent.MaxTokens = tt.stops, 77
			_, err := b.runner.Run(t.Context(), b.job, b.tape)
			if !errors.Is(err, agent.ErrCut) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want …%s…", err, tt.want)
			}
			if len(b.posted()) > 0 {
				t.Errorf("posted %q", b.posted())
			}
		})
	}
}

func TestARunThatIsTakenUpAgainGoesOnWithACutAnswerTheSameWay(t *testing.T) {
	b := newBench(t, says("one "), says("two"))
	b.model.stops = map[int]llm.Stop{0: llm.StopLength}
	first := b.run(t)
	b.tape.next = 0
	if again := b.run(t); again != first || len(b.model.asked) != 2 || len(b.posted()) != 1 {
		t.Errorf("%q, then %q, with %d questions", first, again, len(b.model.asked))
	}
}

// The arguments of the last call may lack their end; those before it are whole.
func TestTheLastCallOfACutAnswerIsNotMade(t *testing.T) {
	cut := llm.Message{Role: llm.Assistant}
	for _, id := range []string{"a", "b"} {
		cut.ToolCalls = append(cut.ToolCalls, llm.ToolCall{ID: id, Name: "jira_get_issue", Args: json.RawMessage(`{"issue_key":"PROJ-1"}`)})
	}
	b := newBench(t, cut, says("Done."))
	b.model.stops = map[int]llm.Stop{0: llm.StopLength}
	b.job.Agent.Output = manifest.OutputNone
	if text := b.run(t); text != "Done." || len(b.read.calls) != 1 {
		t.Errorf("text %q after %d calls", text, len(b.read.calls))
	}
	messages := b.model.asked[1].Messages
	if last := messages[len(messages)-1]; last.ToolCallID != "b" || !strings.Contains(last.Text, "Not carried out") {
		t.Errorf("the model is told %+v", last)
	}
}

// A text before tool calls is no beginning of the final one.
func TestAToolCallAfterACutTextBeginsAnew(t *testing.T) {
	b := newBench(t, says("I will n"), calls("jira_get_issue", `{"issue_key":"PROJ-1"}`), says("Done."))
	b.model.stops = map[int]llm.Stop{0: llm.StopLength}
	if text := b.run(t); text != "Done." {
		t.Errorf("text %q", text)
	}
}

// several knows models by their names.
type several map[string]llm.Model

func (s several) Open(ref string) (llm.Model, error) {
	if m, ok := s[ref]; ok {
		return m, nil
	}
	return nil, errors.New("no provider named " + ref)
}

func TestAFallbackAnswersWhereTheAgentsModelIsOutOfService(t *testing.T) {
	b := newBench(t, says("All well."))
	registry, err := tool.NewRegistry(b.comment)
	if err != nil {
		t.Fatal(err)
	}
	broken := &failing{err: &llm.Error{Kind: llm.KindAuth, Message: "no"}}
	b.runner = agent.New(several{"p:m": broken, "q:n": b.model}, gate.New(policy.New(policy.Config{Tools: registry}), nil), registry)
	b.job.Agent.Fallbacks = []string{"q:n"}
	if text := b.run(t); text != "All well." {
		t.Errorf("text %q", text)
	}
	if e := b.tape.recorded[0]; e.Name != "p:m" || e.Model != "m" {
		t.Errorf("recorded %s, answered by %s", e.Name, e.Model)
	}
	b.job.Agent.Fallbacks = []string{"nobody:x"}
	if _, err := b.runner.Run(t.Context(), b.job, &tape{}); err == nil || !strings.Contains(err.Error(), "open fallback of agent helper: no provider named nobody:x") {
		t.Errorf("a fallback that is not there: %v", err)
	}
}

func TestWhatAFailedCallTookIsOnRecord(t *testing.T) {
	b := newBench(t)
	cost := int64(42)
	broken := &failing{err: &llm.Error{Kind: llm.KindContent, Usage: llm.Usage{In: 7, Out: 1}, CostMicroUSD: &cost}}
	registry, err := tool.NewRegistry(b.comment)
	if err != nil {
		t.Fatal(err)
	}
	b.runner = agent.New(several{"p:m": broken}, gate.New(policy.New(policy.Config{Tools: registry}), nil), registry)
	if _, err := b.runner.Run(t.Context(), b.job, b.tape); err == nil {
		t.Fatal("no error")
	}
	if e := b.tape.failed; e.TokensIn != 7 || e.TokensOut != 1 || e.CostMicroUSD == nil || *e.CostMicroUSD != 42 {
		t.Errorf("recorded %+v", e)
	}
	if broken.asked[0].ID != "run:0" {
		t.Errorf("the call is named %q", broken.asked[0].ID)
	}
}

// failing is a model that fails.
type failing struct {
	err   error
	asked []llm.Request
}

func (f *failing) Complete(_ context.Context, req llm.Request) (llm.Response, error) {
	f.asked = append(f.asked, req)
	return llm.Response{}, f.err
}
