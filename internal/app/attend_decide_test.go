package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
)

const guardedHelper = helper + `  approval: {tools: [jira_post_comment], approvers: [%s], allow_self: true}
`

func TestAUserWhoMayDecideApprovesInTheConversation(t *testing.T) {
	for reply, want := range map[string]struct {
		posted int
		heard  string
	}{
		"approve":                {1, "Done."},
		"`/approve K7QX2M`":      {1, "Done."},
		"Yes.":                   {1, "Done."},
		"reject: wrong tone":     {0, "rejected: wrong tone"},
		"No, use another":        {0, "rejected: use another"},
		"approve if it is short": {0, "neither approved nor rejected it, but said: approve if it is short"},
		"what does it do?":       {0, "but said: what does it do?"},
	} {
		t.Run(reply, func(t *testing.T) {
			o := newOffice(t, jiraCaller, assigned(), wants("Because.", "jira_post_comment", `{"issue_key":"AW26-11","body":"Hello"}`), speaks("Over."))
			o.useAgent(fmt.Sprintf(guardedHelper, "'22222'"))
			o.rest()
			o.is(a2a.InputRequired, "Reply `approve` or `reject`")
			o.say(reply)
			o.finish()
			o.is(a2a.Completed, "Over.")
			if len(o.comment.calls) != want.posted {
				t.Errorf("posted %q", o.comment.bodies())
			}
			if text := o.heard("p:m"); !strings.Contains(text, want.heard) {
				t.Errorf("heard no %q:\n%s", want.heard, text)
			}
		})
	}
}

func TestWhatWasSaidBeforeAQuestionDecidesNothing(t *testing.T) {
	post := func(body string) llm.ToolCall {
		return llm.ToolCall{ID: "c-" + body, Name: "jira_post_comment", Args: []byte(`{"issue_key":"AW26-11","body":"` + body + `"}`)}
	}
	o := newOffice(t, jiraCaller, assigned(), llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{post("One"), post("Two")}}, speaks("Over."))
	o.useAgent(fmt.Sprintf(guardedHelper, "'22222'"))
	o.rest()
	o.is(a2a.InputRequired, "One")
	o.say("approve")
	o.say("approve") // sent twice, before the second question stands
	o.rest()
	o.is(a2a.InputRequired, "Two")
	if bodies := o.comment.bodies(); len(bodies) != 1 || bodies[0] != "One" {
		t.Fatalf("posted %q", bodies)
	}
	o.say("reject")
	o.finish()
	o.is(a2a.Completed, "Over.")
	if bodies := o.comment.bodies(); len(bodies) != 1 {
		t.Errorf("posted %q", bodies)
	}
}

func TestAUserWhoMayNotDecideIsToldWhoDoes(t *testing.T) {
	o := newOffice(t, jiraCaller, assigned(), wants("", "jira_post_comment", `{"issue_key":"AW26-11","body":"Hello"}`), speaks("Over."))
	o.useAgent(fmt.Sprintf(guardedHelper, "boss"))
	o.rest()
	o.is(a2a.Working, "Waiting for approval of a change (jira post comment) by one of its approvers, with the comment `/approve K7QX2M` on AW26-11.")
	if bodies := o.comment.bodies(); len(bodies) != 1 || !strings.Contains(bodies[0], "/approve K7QX2M") {
		t.Errorf("the approvers were not asked: %q", bodies)
	}
	o.say("approve K7QX2M")
	o.rest()
	if len(o.comment.calls) != 1 {
		t.Fatal("the user approved it")
	}
	if _, err := o.desk.Decide(t.Context(), operatorSaysYes()); err != nil {
		t.Fatal(err)
	}
	o.finish()
	if bodies := o.comment.bodies(); len(bodies) != 2 || bodies[1] != "Hello" {
		t.Errorf("posted %q", bodies)
	}
	if text := o.heard("p:m"); strings.Count(text, "approve K7QX2M") != 1 {
		t.Errorf("what the user said was not heard:\n%s", text)
	}
}

func operatorSaysYes() approval.Answer {
	return approval.Answer{Code: "K7QX2M", Approve: true, Operator: "op"}
}

func TestADecisionElsewhereTakesTheQuestionBack(t *testing.T) {
	o := newOffice(t, jiraCaller, assigned(), wants("", "jira_post_comment", `{"issue_key":"AW26-11","body":"Hello"}`), speaks("Over."))
	o.useAgent(fmt.Sprintf(guardedHelper, "'22222'"))
	o.rest()
	o.is(a2a.InputRequired, "")
	if _, err := o.desk.Decide(t.Context(), operatorSaysYes()); err != nil {
		t.Fatal(err)
	}
	o.finish()
	o.is(a2a.Completed, "Over.")
	if bodies := o.comment.bodies(); len(bodies) != 1 {
		t.Errorf("posted %q", bodies)
	}
}

func TestProposalsAreDecidedOnceAlthoughTheTalkGoesOn(t *testing.T) {
	post := func(body string) llm.ToolCall {
		return llm.ToolCall{ID: "c-" + body, Name: "jira_update_issue", Args: []byte(`{"issue_key":"AW26-11","body":"` + body + `"}`)}
	}
	o := newOffice(t, jiraCaller, assigned(), llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{post("One"), post("Two")}}, speaks("I propose two."), speaks("Over."))
	o.useAgent(fmt.Sprintf(strings.Replace(helper, "ask_user", "jira_update_issue", 1)+"  writes: propose\n  approval: {approvers: [%s], allow_self: true}\n", "'22222'"))
	o.rest()
	o.is(a2a.InputRequired, "`approve 1 2` for some of them")
	o.say("approve all but 2")
	o.rest()
	o.is(a2a.InputRequired, "neither a yes nor a no")
	o.say("approve 1")
	o.finish()
	if bodies := o.update.bodies(); len(bodies) != 1 || bodies[0] != "One" {
		t.Errorf("wrote %q", bodies)
	}
	o.is(a2a.Completed, "Over.")
	if text := o.heard("p:m"); strings.Count(text, "approve all but 2") != 1 {
		t.Errorf("what decided nothing was not heard:\n%s", text)
	}
}

func TestWhatWasApprovedInVainIsToldToTheUserAlone(t *testing.T) {
	update := llm.ToolCall{ID: "c", Name: "jira_update_issue", Args: []byte(`{"issue_key":"AW26-11","body":"One"}`)}
	o := newOffice(t, jiraCaller, assigned(), llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{update}}, speaks("I propose this."))
	o.update.refused = "the field is not on the screen"
	o.useAgent(fmt.Sprintf(strings.Replace(helper, "ask_user", "jira_update_issue", 1)+"  writes: propose\n  approval: {approvers: [%s], allow_self: true}\n", "'22222'"))
	o.rest()
	o.say("approve")
	o.finish()
	o.is(a2a.Completed, "I propose this.")
	o.is(a2a.Completed, "Approved, but not carried out:\n\n1. `jira_update_issue`: the field is not on the screen")
	if len(o.comment.calls) > 0 {
		t.Errorf("a comment tells others of it: %s", o.comment.calls[0].Args)
	}
}

func TestNobodyWaitsForAnAnswerForEver(t *testing.T) {
	o := newOffice(t, jiraCaller, assigned(), wants("", "ask_user", `{"question":"Which?"}`), speaks("Without it, then."))
	o.rest()
	o.run.Pass(25 * time.Hour)
	o.finish()
	o.is(a2a.Completed, "Without it, then.")
	if text := o.heard("p:m"); !strings.Contains(text, "There was no answer.") {
		t.Errorf("heard:\n%s", text)
	}
	o = newOffice(t, jiraCaller, assigned(), wants("", "jira_post_comment", `{"issue_key":"AW26-11","body":"Hello"}`), speaks("Over."))
	o.useAgent(fmt.Sprintf(guardedHelper, "'22222'"))
	o.rest()
	o.run.Pass(25 * time.Hour)
	o.finish()
	o.is(a2a.Completed, "Over.")
	if len(o.comment.calls) > 0 {
		t.Error("what nobody approved was done")
	}
}

// unsigned is an error of whoever lacks the user's consent.
type unsigned struct{}

func (unsigned) Error() string        { return "no token" }
func (unsigned) AuthRequired() string { return "Please *sign in*." }
func (unsigned) Temporary() bool      { return true }

func TestWorkThatLacksTheUsersSignInGoesOnByItselfAfterwards(t *testing.T) {
	o := newOffice(t, jiraCaller, assigned(), wants("", "jira_post_comment", `{"issue_key":"AW26-11","body":"Hello"}`), speaks("Over."))
	o.comment.err = func(tries int) error {
		if tries <= 2 {
			return unsigned{}
		}
		return nil
	}
	o.rest()
	o.is(a2a.AuthRequired, "Please *sign in*.")
	o.run.Pass(1 << 40) // nobody told the run: it looks itself
	o.rest()
	o.is(a2a.AuthRequired, "Please *sign in*.")
	o.say("I have.")
	o.finish()
	o.is(a2a.Completed, "Over.")
	if bodies := o.comment.bodies(); len(bodies) != 1 || bodies[0] != "Hello" {
		t.Errorf("posted %q", bodies)
	}
	if text := o.heard("p:m"); strings.Count(text, "I have.") != 1 {
		t.Errorf("what the user said was not heard:\n%s", text)
	}
}

func TestAFlowAsksItsUserForApproval(t *testing.T) {
	o := newOffice(t, jiraCaller, assigned())
	o.askingFlow()
	o.rest()
	o.is(a2a.InputRequired, "Go on?")
	o.say("Hm, what is it about?")
	o.rest()
	o.is(a2a.InputRequired, "neither a yes nor a no")
	o.say("approve")
	// What was no decision is worked on in a further round, which asks again.
	o.rest()
	o.is(a2a.InputRequired, "Go on?")
	if text := o.heard("p:a"); !strings.Contains(text, "The user asks:\nHm, what is it about?") {
		t.Errorf("heard:\n%s", text)
	}
}

// askingFlow is a flow of an agent and an approval that the user may give.
func (o *office) askingFlow() {
	o.t.Helper()
	inline := &manifest.Agent{Meta: manifest.Meta{Name: "a"}, Model: "p:a", Instructions: "You are a.", Output: manifest.OutputNone, MaxIterations: 3}
	o.useFlow([]manifest.FlowNode{
		{ID: "look", Type: manifest.NodeAgent, Config: &manifest.AgentNode{Inline: inline}},
		{ID: "ask", Type: manifest.NodeApproval, Config: &manifest.ApprovalNode{Message: "Go on?", Approvers: []string{"22222"}, AllowSelf: true}},
		{ID: "end", Type: manifest.NodeEnd, Config: &manifest.EndNode{Message: "It is {{ nodes.ask.output.approved }}."}},
	}, "start look", "look ask", "ask end")
	o.model.lines["p:a"] = []llm.Message{speaks("From a.")}
}
