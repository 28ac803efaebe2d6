package gate

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

func TestTheAuditLogKeepsNoTextsOfSitesThatMayLeave(t *testing.T) {
	req := Request{Tool: "jira_add_comment", Args: json.RawMessage(`{"body":"a secret"}`), Reason: "since the secret is out"}
	row := func() Deed {
		t.Helper()
		var d Deed
		denied := policy.Verdict{Rule: policy.RuleScope}
		if err := json.Unmarshal((&Gate{}).account(req, denied, step.Entry{Target: "PROJ-1", Output: json.RawMessage(`"no secret"`)}, nil), &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	if own := row(); !strings.Contains(string(own.Args), "secret") || own.Reason == "" || own.ArgsDigest != "" {
		t.Errorf("of the daemon's own work it keeps %+v", own)
	}
	req.Origin = tool.Origin{Agent: "reviewer", OnBehalf: tool.OnBehalf{Installation: "i-1", Account: "ann"}}
	theirs := row()
	if text, _ := json.Marshal(theirs); strings.Contains(string(text), "secret") {
		t.Errorf("of a user's it keeps %s", text)
	}
	if theirs.Agent != "reviewer" || theirs.Target != "PROJ-1" || theirs.Rule != string(policy.RuleScope) || len(theirs.ArgsDigest) != 64 {
		t.Errorf("of a user's it keeps %+v", theirs)
	}
}
