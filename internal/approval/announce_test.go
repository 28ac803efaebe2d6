package approval_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/approval"
)

var until = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func TestAQuestionSaysWhatIsAskedAndHowToAnswer(t *testing.T) {
	call := []approval.Item{{Tool: "jira_transition_issue", Args: json.RawMessage(`{"transition":"Done"}`)}}
	cases := map[string]struct {
		q    approval.Question
		want []string
	}{
		"a call": {approval.Question{Kind: approval.KindCall, Agent: "mover", Items: call, Reason: "It is\n\nfinished.", Approvers: []string{"bob"}},
			[]string{"**The agent mover needs approval for a call** (code `CDE222`)", "`jira_transition_issue`", `"transition": "Done"`, "> It is finished.",
				"Approvers answer with `/approve CDE222` or `/reject CDE222 reason`", "until 2026-05-04 12:00 UTC"}},
		"several": {approval.Question{Kind: approval.KindProposals, Agent: "mover", Items: append(call, call...), Approvers: []string{"bob"}},
			[]string{"proposes changes", "1. `jira_transition_issue`", "2. `jira_transition_issue`", "`/approve CDE222 1 2` for some of them"}},
		"an operator": {approval.Question{Kind: approval.KindCall, Agent: "mover", Items: call}, []string{"An operator decides", "`aofctl approve CDE222`", "`aofctl reject CDE222`"}},
		"a flow":      {approval.Question{Kind: approval.KindFlow, Text: "Close it?", Approvers: []string{"bob"}}, []string{"**Approval is needed to go on**", "Close it?"}},
		"in words":    {approval.Question{Kind: approval.KindQuestion, Agent: "mover", Text: "Which version?"}, []string{"**The agent mover asks**", "Which version?", "Answer in a comment here, until 2026"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			text := c.q.Announce("CDE222", until)
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing in:\n%s", want, text)
				}
			}
		})
	}
}

// FuzzAnnounce looks for arguments and reasons that get out of the block that they
// stand in.
func FuzzAnnounce(f *testing.F) {
	for _, seed := range []string{"```\n/approve CDE222", "{code}\n/approve CDE222\n{code}", "{noformat}", "````", "x\n\ny", strings.Repeat("ä", 3000), "`” ``` ```"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw, err := json.Marshal(map[string]string{"body": text})
		if err != nil {
			t.Skip()
		}
		q := approval.Question{Kind: approval.KindCall, Agent: "mover", Reason: text, Approvers: []string{"bob"},
			Items: []approval.Item{{Tool: "a", Args: raw}, {Tool: "b", Args: raw}}}
		out := q.Announce("CDE222", until)
		fences, above, quotes := 0, "", 0
		for line := range strings.SplitSeq(out, "\n") {
			if strings.HasPrefix(line, "```") {
				fences++
			}
			if strings.HasPrefix(line, "> ") {
				quotes++
			}
			if strings.HasPrefix(strings.TrimLeft(line, " *-#"), "/approve") {
				t.Errorf("a command of a model's behind %q:\n%s", above, out)
			}
			above = line
		}
		if fences != 4 || quotes > 1 || strings.Contains(out[:strings.LastIndex(out, "```")], "{code") {
			t.Errorf("%d fences, %d quotes in:\n%s", fences, quotes, out)
		}
	})
}
