package fleet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
)

func TestTheCoordinatorGivesTasksAndItsLastTextIsTheResult(t *testing.T) {
	b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
		"a": inTurn(calls(slices.Concat(delegate("b", "Count the bugs."), delegate("C", "Read the log."), delegate("b", "Count them again."))...), message("All **well**.")),
		"b": says("Three."), "c": says("Quiet."),
	})
	if got := b.succeed(); got != "All **well**." {
		t.Errorf("result %q", got)
	}
	if diff := cmp.Diff([]string{"PROJ-1: All **well**."}, b.comments.posted()); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"=a", "b 2=b", "b=b", "c=c"}, b.branches()); diff != "" {
		t.Errorf("branches and who worked in them (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Three.", "Quiet.", "Three."}, results(b.cast.of("a")[1])); diff != "" {
		t.Errorf("the coordinator was told (-want +got):\n%s", diff)
	}
}

func TestTheCoordinatorIsToldOfTheOthersAndTheyOfTheirTaskAlone(t *testing.T) {
	b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
		"a": inTurn(calls(delegate("b", "Count the bugs.")...), message("Done.")), "b": says("Three."),
	})
	b.job.Agents["b"].Description = "Knows {{ metadata.secret }} and {% this %}."
	b.succeed()
	lead, member := b.cast.of("a")[0], b.cast.of("b")[0]
	for _, want := range []string{"You are a.", "- b (specialist): Knows {{ metadata.secret }} and {% this %}.", "What the fleet is to do:", "well.", "You can give 20 tasks"} {
		if !strings.Contains(lead.System, want) {
			t.Errorf("the coordinator was not told %q:\n%s", want, lead.System)
		}
	}
	if len(lead.Tools) != 1 || lead.Tools[0].Name != "delegate" || !strings.Contains(string(lead.Tools[0].Parameters), `"enum":["b"]`) {
		t.Errorf("the coordinator's tools are %+v", lead.Tools)
	}
	if !strings.Contains(member.Messages[0].Text, "Your task: Count the bugs.") || !strings.Contains(member.Messages[0].Text, "Login fails") {
		t.Errorf("the member was told:\n%s", member.Messages[0].Text)
	}
	if len(member.Tools) != 0 || strings.Contains(member.System, "What the fleet is to do") {
		t.Errorf("the member has tools %+v, or the workflow:\n%s", member.Tools, member.System)
	}
}

func TestWhatCannotBeDelegatedIsSaidToTheCoordinator(t *testing.T) {
	tests := map[string]struct {
		call []string
		want string
	}{
		"a stranger":              {delegate("x", "Count."), `no member "x" to delegate to; the members are b, c`},
		"itself":                  {delegate("a", "Count."), `no member "a" to delegate to`},
		"no task":                 {delegate("b", "  "), "the task is empty"},
		"no arguments":            {[]string{"delegate", `"{{"`}, "the arguments are not"},
		"a list instead of texts": {[]string{"delegate", `{"agent":["b"],"task":1}`}, "the arguments are not"},
		"a member that fails":     {delegate("c", "Count."), "(c did not finish: ask p:c: p:c: out of order)"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
				"a": inTurn(calls(append(delegate("b", "Work."), tt.call...)...), message("Done all the same.")),
				"b": says("Three."), "c": fails("out of order"),
			})
			if got := b.succeed(); got != "Done all the same." {
				t.Errorf("result %q", got)
			}
			told := results(b.cast.of("a")[1])
			if len(told) != 2 || told[0] != "Three." || !strings.Contains(told[1], tt.want) {
				t.Errorf("the coordinator was told %q, want %q", told, tt.want)
			}
		})
	}
}

func TestDelegationsAreBounded(t *testing.T) {
	var all []string
	for i := range fleet.MaxDelegations + 3 {
		all = append(all, delegate("b", fmt.Sprintf("Task %d.", i))...)
	}
	b := newBench(t, manifest.ModeHierarchical, true, map[string]part{"a": inTurn(calls(all...), message("Enough.")), "b": says("ok")})
	b.succeed()
	told := results(b.cast.of("a")[1])
	if got := len(b.cast.of("b")); got != fleet.MaxDelegations {
		t.Errorf("%d tasks were done, want %d", got, fleet.MaxDelegations)
	}
	for _, text := range told[fleet.MaxDelegations:] {
		if !strings.Contains(text, "20 tasks were given, which is the limit") {
			t.Errorf("beyond the limit the coordinator was told %q", text)
		}
	}
}

func TestALongAnswerOfAMemberIsCut(t *testing.T) {
	b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
		"a": inTurn(calls(delegate("b", "Talk.")...), message("Done.")), "b": says(strings.Repeat("x", 50_000)),
	})
	b.succeed()
	if told := results(b.cast.of("a")[1])[0]; len(told) > 17_000 || !strings.Contains(told, "34000 characters more") {
		t.Errorf("the coordinator was told %d bytes, ending in %q", len(told), told[len(told)-40:])
	}
}

func TestACoordinatorThatFailsFailsTheRun(t *testing.T) {
	b := newBench(t, manifest.ModeHierarchical, true, map[string]part{"a": fails("no money"), "b": says("ok")})
	if _, err := b.play(); err == nil || !strings.Contains(err.Error(), "fleet team") || !strings.Contains(err.Error(), "no money") {
		t.Errorf("error %v", err)
	}
	if got := b.comments.posted(); got != nil {
		t.Errorf("posted %q", got)
	}
}

func TestTheFleetSpeaksOnceAndOnlyWhereItIsTo(t *testing.T) {
	parts := map[string]part{"a": inTurn(calls(delegate("b", "Work.")...), message("Report.")), "b": says("ok")}
	tests := map[string]struct {
		parts  map[string]part
		change func(*bench)
		want   []string
	}{
		"as a rule":                    {want: []string{"PROJ-1: Report."}},
		"the coordinator is to be mum": {change: func(b *bench) { b.job.Agents["a"].Output = manifest.OutputNone }},
		"the fleet says otherwise": {change: func(b *bench) {
			b.job.Agents["a"].Output, b.job.Fleet.Output = manifest.OutputNone, manifest.OutputComment
		}, want: []string{"PROJ-1: Report."}},
		"the fleet is to be mum": {change: func(b *bench) { b.job.Fleet.Output = manifest.OutputNone }},
		"a part of a flow":       {change: func(b *bench) { b.job.Quiet = true }},
		"a response first":       {change: func(b *bench) { b.job.Response = "On it, says {{ agent }}." }, want: []string{"PROJ-1: On it, says team.", "PROJ-1: Report."}},
		"a member posted": {parts: map[string]part{"a": parts["a"],
			"b": inTurn(calls("jira_post_comment", `{"issue_key":"PROJ-1","body":"Mine."}`), message("Posted it."))}, want: []string{"PROJ-1: Mine."}},
		"no issue":            {change: func(b *bench) { b.job.Origin.IssueKey = "" }},
		"an issue of its own": {change: func(b *bench) { b.job.Origin.IssueKey, b.job.Fleet.ReportTo = "", "PROJ-7" }, want: []string{"PROJ-7: Report."}},
		"both":                {change: func(b *bench) { b.job.Fleet.ReportTo = "PROJ-7" }, want: []string{"PROJ-1: Report."}},
		"an answer in JSON": {parts: map[string]part{"a": says(`{"n":1}`), "b": says("ok")},
			change: func(b *bench) { b.job.Agents["a"].OutputSchema = []byte(`{"type":"object"}`) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.parts == nil {
				tt.parts = parts
			}
			b := newBench(t, manifest.ModeHierarchical, true, tt.parts)
			b.job.Agents["b"].Tools = []string{"jira_post_comment"}
			if tt.change != nil {
				tt.change(b)
			}
			b.succeed()
			if diff := cmp.Diff(tt.want, b.comments.posted()); diff != "" {
				t.Errorf("comments (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheLimitsOfARunHoldForAllMembersTogether(t *testing.T) {
	many := func(llm.Request) (llm.Message, error) { return message("ok"), nil }
	var own []string
	for range 4 {
		own = append(own, "jira_post_comment", `{"issue_key":"PROJ-1","body":"Mine."}`)
	}
	b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
		"a": inTurn(calls(slices.Concat(delegate("b", "Talk."), delegate("c", "Listen."))...), calls(delegate("c", "Talk.")...), message("Report.")),
		"b": inTurn(calls(own...), message("Talked.")),
		"c": when("no such word", many, func(req llm.Request) (llm.Message, error) {
			if strings.Contains(req.Messages[0].Text, "Talk.") {
				return inTurn(calls(own...), message("Talked."))(req)
			}
			return message("ok"), nil
		}),
	})
	for _, name := range []string{"b", "c"} {
		b.job.Agents[name].Tools = []string{"jira_post_comment"}
	}
	b.succeed()
	if got := len(b.comments.posted()); got != 5 {
		t.Errorf("%d comments, want the run's limit of 5", got)
	}
}
