package manifest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fleetOf loads one fleet whose members may be a, b and c.
func fleetOf(t *testing.T, spec string) *Fleet {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "agents.yaml"), anAgent+strings.ReplaceAll(anAgent, "name: a", "name: b")+strings.ReplaceAll(anAgent, "name: a", "name: c"))
	write(t, filepath.Join(dir, "fleet.yaml"), "kind: Fleet\nmetadata: {name: f}\nspec: "+spec+"\n")
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
	if err != nil {
		t.Fatal(err)
	}
	return catalog.Fleets["f"]
}

func TestAFleetsModeFollowsFromWhatItSays(t *testing.T) {
	tests := map[string]struct {
		spec string
		mode FleetMode
		way  Aggregation
	}{
		"nothing":                      {"{agents: [{name: a}, {name: b}]}", ModePipeline, ""},
		"a coordinator":                {"{agents: [{name: a, role: Coordinator}, {name: b}]}", ModeHierarchical, ""},
		"a manager by name":            {"{agents: [{name: a}, {name: b}], coordination: {manager: b}}", ModeHierarchical, ""},
		"a coordinator with nobody":    {"{agents: [{name: a, role: coordinator}]}", ModePipeline, ""},
		"a way of putting together":    {"{agents: [{name: a}, {name: b}], coordination: {aggregation: merge}}", ModePeer, AggregateMerge},
		"a vote":                       {"{agents: [{name: a}, {name: b}], coordination: {consensus: {min_votes: 2}}}", ModePeer, AggregateConsensus},
		"peers":                        {"{agents: [{name: a}, {name: b}], coordination: {mode: peer}}", ModePeer, AggregateSynthesis},
		"peers, by its other name":     {"{agents: [{name: a}, {name: b}], coordination: {mode: peer, aggregation: synthesis}}", ModePeer, AggregateSynthesis},
		"tiers":                        {"{agents: [{name: a}, {name: b, tier: 2}], coordination: {tiered: {final_aggregation: merge}}}", ModeTiered, AggregateMerge},
		"rounds":                       {"{agents: [{name: a, role: coordinator}, {name: b}], coordination: {deep: {max_iterations: 2}}}", ModeDeep, ""},
		"a way of dealing out":         {"{agents: [{name: a}, {name: b}], coordination: {distribution: round-robin}}", ModeSwarm, AggregateSynthesis},
		"what a coordinator does here": {"{agents: [{name: a, role: coordinator}, {name: b}], coordination: {aggregation: manager_synthesis}}", ModeHierarchical, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if f := fleetOf(t, tt.spec); f.Mode != tt.mode || f.Aggregation != tt.way {
				t.Errorf("mode %q, aggregation %q; want %q, %q", f.Mode, f.Aggregation, tt.mode, tt.way)
			}
		})
	}
}

func TestWhatAVoteNeedsIsRead(t *testing.T) {
	f := fleetOf(t, `{agents: [{name: a, weight: 2}, {name: b}, {name: c}], report_to: ops-7, output: none, budget: {usd: 1, tokens: 1000},
  coordination: {mode: peer, consensus: {algorithm: weighted, options: [ship, wait], min_votes: 2, min_confidence: 0.4, allow_partial: true, weights: {b: 1.5}}}}`)
	want := Consensus{Algorithm: VoteWeighted, MinVotes: 2, MinConfidence: 0.4, AllowPartial: true, Options: []string{"ship", "wait"}}
	if diff := cmp.Diff(want, f.Consensus); diff != "" {
		t.Errorf("vote (-want +got):\n%s", diff)
	}
	if f.Members[0].Weight != 2 || f.Members[1].Weight != 1.5 || f.Members[2].Weight != 1 {
		t.Errorf("members are %+v", f.Members)
	}
	if f.ReportTo != "OPS-7" || f.Output != OutputNone || f.Budget != (Budget{USD: 1, Tokens: 1000}) {
		t.Errorf("fleet is %+v", f)
	}
}

func TestAWorkflowThatIsAListIsReadAsText(t *testing.T) {
	f := fleetOf(t, `{agents: [{name: a, role: coordinator}, {name: b}],
  coordination: {workflow: [{agent: a, role: coordinator, tasks: [look, decide]}, {agent: b, description: Writes, tasks: [write it down]}, {agent: c}]}}`)
	if want := "- a (coordinator): look, decide\n- b: Writes, write it down\n- c"; f.Workflow != want {
		t.Errorf("workflow %q, want %q", f.Workflow, want)
	}
}

func TestAFleetOfAOFRunsOnceItsAgentsAreThere(t *testing.T) {
	dir := compatDir(t, "agent.yaml", "flow.yaml", "daemon-config", "jira-integration", "triggers")
	for _, name := range []string{"incident", "k8s-ops"} {
		write(t, filepath.Join(dir, "agents", name+".yaml"), strings.ReplaceAll(strings.TrimSuffix(anAgent, "---\n"), "name: a", "name: "+name))
	}
	catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
	if err != nil {
		t.Fatal(err)
	}
	f := catalog.Fleets["incident-response"]
	if f.Mode != ModeHierarchical || f.Coordinator() != "incident" || len(f.Members) != 4 {
		t.Errorf("mode %s, coordinator %q, members %+v", f.Mode, f.Coordinator(), f.Members)
	}
	if want := "- k8s-ops (executor): execute_remediation, verify_resolution, rollback_if_needed\n"; !strings.Contains(f.Workflow, want) {
		t.Errorf("workflow:\n%s", f.Workflow)
	}
	told := lines(catalog.Warnings, dir)
	for _, want := range []string{`"strategy" has no effect: use mode`, "tool prometheus is not offered", `"observability" is not offered`} {
		if !strings.Contains(told, want) {
			t.Errorf("nothing is said of %q:\n%s", want, told)
		}
	}
}
