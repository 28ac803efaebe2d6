package cli

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
)

func TestStepsShowWhoDidWhatAndWhatCameOfIt(t *testing.T) {
	var out bytes.Buffer
	(&console{out: &out}).showSteps([]step.Entry{
		{Index: 0, Kind: step.KindModel, Name: "p:m", Agent: "boss", TokensIn: 5, TokensOut: 2,
			Output: []byte(`{"message": {"text": "Go.", "tool_calls": [{"name": "delegate", "args": {"agent": "scout", "task": "Look"}}]}}`)},
		{Index: 1, Kind: step.KindTool, Name: "jira_get_issue", Agent: "scout", Branch: "team/scout", Input: []byte(`{ "issue_key": "A-1" }`), Output: []byte(`"Found."`)},
		{Index: 2, Kind: step.KindNode, Name: "transform", Branch: "prep", Output: []byte(`{ "n": [1, 2] }`)},
		{Index: 3, Kind: step.KindNode, Name: "end", Branch: "over", Output: []byte(`{"node": "over", "text": "All done.", "value": "All done."}`)},
		{Index: 4, Kind: step.KindWait, Name: "wait", Branch: "pause", Output: []byte(`null`)},
		{Index: 5, Kind: step.KindModel, Name: "p:m", Agent: "boss", Error: "no answer"},
	})
	want := `   0 model    p:m                          0s  boss:               5+2 tokens, ?
     -> Go.; delegate {"agent":"scout","task":"Look"}
   1 tool     jira_get_issue               0s  scout [team/scout]: {"issue_key":"A-1"}
     -> Found.
   2 node     transform                    0s  [prep]:
     -> {"n":[1,2]}
   3 node     end                          0s  [over]:
     -> All done.
   4 wait     wait                         0s  [pause]:
   5 model    p:m                          0s  boss:               0+0 tokens, ?; error: no answer
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestStepsOfOneAgentNameNobody(t *testing.T) {
	var out bytes.Buffer
	(&console{out: &out}).showSteps([]step.Entry{{Kind: step.KindTool, Name: "jira_get_issue", Output: []byte(`"Found."`)}})
	if want := "   0 tool     jira_get_issue               0s\n     -> Found.\n"; out.String() != want {
		t.Errorf("steps %q, want %q", out.String(), want)
	}
}
