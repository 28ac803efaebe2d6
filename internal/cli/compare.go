package cli

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// change is a line of the comparison of two runs: an action that both took, or
// only one.
type change struct {
	// Sign is "=" for both, "-" for then, "+" for now.
	Sign   string `json:"sign"`
	Action string `json:"action"`
	// Note tells what became of it, if it was not simply done.
	Note string `json:"note,omitempty"`
}

// compare lists the actions of two runs: what both did in the same order, what
// only the first did and what only the second did.
func compare(then, now []step.Entry) []change {
	a, b := actions(then), actions(now)

	// common[i][j] is how many actions a[i:] and b[j:] have in common, in order.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i].Action == b[j].Action {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var out []change
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i].Action == b[j].Action:
			out = append(out, change{"=", b[j].Action, b[j].Note})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, change{"-", a[i].Action, a[i].Note})
			i++
		default:
			out = append(out, change{"+", b[j].Action, b[j].Note})
			j++
		}
	}
	return out
}

// actions are the calls of a run that changed something outside, or would have, by
// branches. One that was approved, or proposed first, is one action, and the
// comments that asked for that are none.
func actions(steps []step.Entry) []change {
	steps = slices.Clone(steps)
	slices.SortStableFunc(steps, func(a, b step.Entry) int { return strings.Compare(a.Branch, b.Branch) })
	var list []change
	asked := map[string][]int{} // what waits for people, by the action
	for i, e := range steps {
		if e.Kind != step.KindTool || !e.Write || i > 0 && announces(steps[i-1], e) {
			continue
		}
		a := change{Action: e.Name + " " + arguments(e.Input), Note: actionNote(e)}
		waiting := asked[a.Action]
		switch {
		case e.Decision == policy.RuleApproval || e.Decision == policy.RulePropose:
			asked[a.Action] = append(waiting, len(list))
		case e.Decision == policy.RuleAllowed && len(waiting) > 0:
			list[waiting[0]].Note, asked[a.Action] = strings.TrimSuffix("approved, "+a.Note, ", "), waiting[1:]
			continue
		}
		list = append(list, a)
	}
	return list
}

// announces reports whether a step is the comment that tells people of a question.
func announces(before, e step.Entry) bool {
	return before.Branch == e.Branch && before.Kind == step.KindApproval && strings.HasPrefix(before.Name, "ask ") && e.Name == "jira_post_comment"
}

func actionNote(e step.Entry) string {
	switch {
	case e.InDoubt:
		return "in doubt"
	case e.Decision == policy.RuleAllowed && e.Error != "":
		return "failed: " + oneLine(e.Error, 80)
	case e.Decision == policy.RuleAllowed, e.Decision == policy.RuleDryRun:
		return ""
	}
	return e.Decision
}

// arguments are the arguments in one line, their names in order.
func arguments(raw json.RawMessage) string {
	var fields any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&fields); err != nil {
		return string(raw)
	}
	body, err := json.Marshal(fields)
	if err != nil {
		return string(raw)
	}
	return string(body)
}

func (c *console) showReplays(list []replayed) {
	same, failed := 0, 0
	var thenTokens, nowTokens int64
	var cost [2]spending
	for _, r := range list {
		c.showReplay(r)
		switch {
		case r.Error != "":
			failed++
			continue
		case !differs(r.Changes):
			same++
		}
		thenTokens += r.Then.TokensIn + r.Then.TokensOut
		nowTokens += r.Now.TokensIn + r.Now.TokensOut
		cost[0].add(r.Then.Run)
		cost[1].add(r.Now.Run)
	}
	if len(list) > 1 {
		c.printf("%d runs: %d do the same, %d something else, %d could not be repeated. Tokens %d then, %d now; cost %s then, %s now\n",
			len(list), same, len(list)-same-failed, failed, thenTokens, nowTokens, cost[0], cost[1])
	}
}

func (c *console) showReplay(r replayed) {
	of := r.Now.Run
	if of.ID == "" {
		of = r.Then.Run
	}
	c.printf("%s/%s on %s, run %s\n", of.TargetKind, of.Target, dash(of.IssueKey), of.ID)
	c.printf("  then  %s\n  now   %s\n", summary(r.Then.Run), summary(r.Now.Run))
	if text := cmp.Or(r.Error, r.Now.Error); text != "" {
		c.printf("  error %s\n", oneLine(text, 160))
	}
	if r.Error != "" {
		return
	}
	for _, ch := range r.Changes {
		note := ""
		if ch.Note != "" {
			note = "   (" + ch.Note + ")"
		}
		c.printf("  %s %s%s\n", ch.Sign, oneLine(ch.Action, 200), note)
	}
	if len(r.Changes) == 0 {
		c.printf("  no actions, then or now\n")
	}
}

// summary is a run in a line.
func summary(r store.Run) string {
	if r.ID == "" {
		return "not run"
	}
	return fmt.Sprintf("%s, %d tokens, %s", r.State, r.TokensIn+r.TokensOut, dollars(r.CostMicroUSD))
}

func differs(changes []change) bool {
	for _, ch := range changes {
		if ch.Sign != "=" {
			return true
		}
	}
	return false
}

// spending sums up costs; it is unknown once one of them is.
type spending struct {
	micro   int64
	unknown bool
}

func (s *spending) add(r store.Run) {
	if r.ID == "" {
		return
	}
	if r.CostMicroUSD == nil {
		s.unknown = true
		return
	}
	s.micro += *r.CostMicroUSD
}

func (s spending) String() string {
	if s.unknown {
		return strings.TrimSpace(dollars(nil))
	}
	return dollars(&s.micro)
}
