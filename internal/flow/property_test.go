package flow_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/tool"
)

// randomFlow makes a flow of nodes of which each leads to later ones. Without races
// there are no joins that depend on who is first, and no End but the last.
func randomFlow(r *rand.Rand, races bool) string {
	n := 4 + r.IntN(7)
	var nodes, ways strings.Builder
	for i := range n {
		into := 0
		for j := range i {
			if r.IntN(3) == 0 || into == 0 && j == i-1 {
				into++
				when := ""
				if r.IntN(4) == 0 {
					when = fmt.Sprintf(", when: \"'%d' in nodes.n%d.text\"", r.IntN(10), j)
				}
				fmt.Fprintf(&ways, "  - {from: n%d, to: n%d%s}\n", j, i, when)
			}
		}
		if i == 0 || r.IntN(4) == 0 {
			fmt.Fprintf(&ways, "  - {from: start, to: n%d}\n", i)
		}
		fmt.Fprintf(&nodes, "  - {id: n%d, %s}\n", i, randomNode(r, i, into > 0, races))
	}
	return "  nodes:\n" + nodes.String() + "  connections:\n" + ways.String()
}

func randomNode(r *rand.Rand, i int, joins, races bool) string {
	kinds := []string{
		fmt.Sprintf(`type: Tool, config: {tool: jira_write, args: {body: "w%d"}}`, i),
		fmt.Sprintf(`type: Tool, config: {tool: jira_read, args: {body: "r%d"}}, on_error: continue, retry: {max_attempts: 2}`, i),
		fmt.Sprintf(`type: Tool, config: {tool: jira_write, args: {body: "bad%d"}}, on_error: continue`, i),
		`type: Agent, config: {agent: a, input: "look"}`,
		fmt.Sprintf(`type: Transform, config: {template: "t%d{{ previous.text }}"}`, i),
		`type: Wait, config: {duration: 20m}`,
		fmt.Sprintf(`type: ForEach, config: {items: [1, 2, 3], max_parallel: 2, body: {tool: jira_write, args: {body: "f%d.{{ item }}"}}}`, i),
		fmt.Sprintf(`type: ForEach, config: {items: [bad, 2, 3], max_parallel: 1, body: {tool: jira_write, args: {body: "{{ item }}%d"}}}, on_error: continue`, i),
	}
	if joins {
		kinds = append(kinds, `type: Join`)
	}
	if joins && races {
		kinds = append(kinds, fmt.Sprintf(`type: ForEach, config: {items: [bad, 2, 3], body: {tool: jira_write, args: {body: "{{ item }}%d"}}}, on_error: continue`, i),
			`type: Join, config: {strategy: any}`, `type: Join, config: {strategy: majority}`)
	}
	return kinds[r.IntN(len(kinds))]
}

// written are the ids of the writes by what was written.
func (b *bench) written() map[string][]string {
	out := map[string][]string{}
	for _, c := range b.write.calls {
		var args struct{ Body string }
		_ = json.Unmarshal(c.Args, &args)
		if !slices.Contains(out[args.Body], c.ID) {
			out[args.Body] = append(out[args.Body], c.ID)
		}
	}
	return out
}

func randomBench(t *testing.T, text string) *bench {
	b := newBench(t, text)
	b.write.answer = func(args map[string]any) (tool.Result, error) {
		body, _ := args["body"].(string)
		return tool.Result{Text: "did " + body, Failed: strings.HasPrefix(body, "bad")}, nil
	}
	return b
}

func TestFlowsThatCrashAnywhereEndTheSame(t *testing.T) {
	for seed := range uint64(25) {
		text := randomFlow(rand.New(rand.NewPCG(seed, 1)), false)
		whole := randomBench(t, text)
		want := whole.mustPlay(t)
		wrote, total := whole.written(), len(whole.run.Entries())
		for k := range total {
			b := randomBench(t, text)
			b.run.Crash(k)
			got := b.mustPlay(t)
			if got.Text != want.Text {
				t.Fatalf("seed %d: crashed behind %d steps it ends with %q, else with %q\n%s", seed, k, got.Text, want.Text, text)
			}
			if diff := cmp.Diff(whole.steps(), b.steps()); diff != "" {
				t.Fatalf("seed %d, crash behind %d: steps (-whole +crashed):\n%s\n%s", seed, k, diff, text)
			}
			if diff := cmp.Diff(wrote, b.written()); diff != "" {
				t.Fatalf("seed %d, crash behind %d: writes by id (-whole +crashed):\n%s", seed, k, diff)
			}
		}
	}
}

func TestFlowsWithRacesWriteNothingTwice(t *testing.T) {
	for seed := range uint64(25) {
		text := randomFlow(rand.New(rand.NewPCG(seed, 2)), true)
		whole := randomBench(t, text)
		whole.mustPlay(t)
		for k := range len(whole.run.Entries()) {
			b := randomBench(t, text)
			b.run.Crash(k)
			first := b.mustPlay(t)
			for body, ids := range b.written() {
				if len(ids) > 1 {
					t.Fatalf("seed %d, crash behind %d: %s was written as %v\n%s", seed, k, body, ids, text)
				}
			}
			steps := b.steps()
			again, err := b.turn(t)
			if err != nil || again.Text != first.Text {
				t.Fatalf("seed %d, crash behind %d: played again it ends with %q, %v, before with %q\n%s", seed, k, again.Text, err, first.Text, text)
			}
			if diff := cmp.Diff(steps, b.steps()); diff != "" {
				t.Fatalf("seed %d, crash behind %d: playing again does more:\n%s\n%s", seed, k, diff, text)
			}
		}
	}
}
