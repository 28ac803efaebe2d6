package flow_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// asked are the names of the agents that worked, sorted.
func (b *bench) asked() string {
	var list []string
	for _, job := range b.staff.jobs {
		list = append(list, job.Agent.Name)
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func TestSkippedWaysLeadNowhereAndTakenOnesGoOn(t *testing.T) {
	b := newBench(t, `
  nodes:
  - {id: x, type: Agent, config: {agent: a}}
  - {id: no, type: Agent, config: {agent: b}}
  - {id: after-no, type: Agent, config: {agent: b}}
  - {id: both, type: Agent, config: {agent: c}}
  - {id: own, type: Agent, config: {agent: b}, when: "command == 'other'"}
  - {id: e, type: End, config: {message: "{{ nodes['no'].status }} {{ nodes['after-no'].status }} {{ nodes.own.status }} {{ nodes.both.output }}"}}
  connections:
  - {from: start, to: x}
  - {from: x, to: no, when: "nodes.x.output == 'nothing'"}
  - {from: "no", to: after-no}
  - {from: after-no, to: both}
  - {from: x, to: both, when: "x.output == 'from a'"}
  - {from: x, to: own}
  - {from: both, to: e}
  - {from: own, to: e}`)
	if got := b.mustPlay(t).Text; got != "skipped skipped skipped from c" {
		t.Errorf("result %q", got)
	}
	if got := b.asked(); got != "a c" {
		t.Errorf("worked: %s", got)
	}
}

func TestReadyNodesWorkAtTheSameTime(t *testing.T) {
	b := newBench(t, `
  nodes:
  - {id: x, type: Agent, config: {agent: a}}
  - {id: y, type: Agent, config: {agent: b}}
  - {id: z, type: Agent, config: {agent: c}}
  connections: [{from: start, to: x}, {from: start, to: y}, {from: start, to: z}]`)
	var all sync.WaitGroup
	all.Add(3)
	b.staff.work = func(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error) {
		all.Done()
		all.Wait() // hangs if one of them is not at work
		return b.staff.say(ctx, job, journal)
	}
	if got := b.mustPlay(t).Text; got != "from c" {
		t.Errorf("result %q", got)
	}
}

func TestAFailureSaysWhichNodeAndStartsNothingNew(t *testing.T) {
	b := newBench(t, `
  nodes:
  - {id: x, type: Agent, config: {agent: a}}
  - {id: bad, type: Tool, config: {tool: jira_write}}
  - {id: next, type: Agent, config: {agent: c}}
  connections: [{from: start, to: x}, {from: x, to: bad}, {from: x, to: next, when: "nodes.x.output == 'never'"}, {from: bad, to: next}]`)
	b.write.answer = refuse("")
	b.write.answer = func(map[string]any) (tool.Result, error) { return tool.Result{Text: "no", Failed: true}, nil }
	_, err := b.play(t)
	if err == nil || err.Error() != "flow f: node bad failed: no" || b.asked() != "a" {
		t.Errorf("%v; worked: %s", err, b.asked())
	}
}

func TestOnErrorSaysHowTheFlowGoesOn(t *testing.T) {
	tests := map[string]struct{ onError, want, ran string }{
		"continue": {"continue", "ok: failed no", "next transform"},
		"a node":   {"rescue", "rescued: no", "rescue transform"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, `
  nodes:
  - {id: bad, type: Tool, config: {tool: jira_write}, on_error: `+tc.onError+`}
  - {id: next, type: Transform, config: {template: "ok: {{ nodes.bad.status }} {{ nodes.bad.error }}"}}
  - {id: rescue, type: Transform, config: {template: "rescued: {{ nodes.bad.error }}"}}
  connections: [{from: start, to: bad}, {from: bad, to: next}, {from: bad, to: rescue, when: "nodes.bad.status == 'never'"}]`)
			b.write.answer = func(map[string]any) (tool.Result, error) { return tool.Result{Text: "no", Failed: true}, nil }
			if got := b.mustPlay(t).Text; got != tc.want {
				t.Errorf("result %q", got)
			}
			if diff := cmp.Diff([]string{"bad jira_write", "bad refused", tc.ran}, b.steps()); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
	b := newBench(t, `
  nodes:
  - {id: good, type: Tool, config: {tool: jira_write}, on_error: rescue}
  - {id: rescue, type: Transform, config: {template: "rescued"}}
  - {id: next, type: Transform, config: {template: "well"}}
  connections: [{from: start, to: good}, {from: good, to: next}]`)
	if got := b.mustPlay(t).Text; got != "well" {
		t.Errorf("a node that succeeded leads to %q", got)
	}
	if diff := cmp.Diff([]string{"good jira_write", "next transform"}, b.steps()); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

// race is a flow in which two agents work side by side and a join waits for one.
func race(strategy string) string {
	return `
  nodes:
  - {id: fast, type: Agent, config: {agent: a}}
  - {id: slow, type: Agent, config: {agent: b}}
  - {id: third, type: Agent, config: {agent: c}}
  - {id: slower, type: Tool, config: {tool: jira_write}}
  - {id: j, type: Join, config: {strategy: ` + strategy + `}}
  - {id: e, type: End, config: {message: "{{ nodes.j.winner }}: {{ nodes.j.output|items|length }} {{ nodes.slow.status|default('?') }}"}}
  connections:
  - {from: start, to: fast}
  - {from: start, to: slow}
  - {from: start, to: third}
  - {from: slow, to: slower}
  - {from: fast, to: j}
  - {from: slower, to: j}
  - {from: third, to: j}
  - {from: j, to: e}`
}

func TestAJoinNeedNotWaitForAll(t *testing.T) {
	tests := map[string]struct {
		strategy string
		waits    []string // agents that do not finish before the join
		want     string
	}{
		"any":      {"any", []string{"b", "c"}, "fast: 1 ?"},
		"majority": {"majority", []string{"b"}, "fast: 2 ?"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, race(tc.strategy))
			b.staff.work = func(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error) {
				if slices.Contains(tc.waits, job.Agent.Name) {
					if _, err := journal.Wait(ctx, "long", step.Pause{For: "long", Within: time.Hour}); err != nil {
						return agent.Result{}, err
					}
				}
				return b.staff.say(ctx, job, journal)
			}
			result, err := b.turn(t)
			if err != nil || result.Text != tc.want {
				t.Errorf("%q, %v", result.Text, err)
			}
			if len(b.write.calls) > 0 {
				t.Error("a loser began something new")
			}
		})
	}
}

func TestWhoWasFirstStaysFirst(t *testing.T) {
	b := newBench(t, race("any"))
	var others sync.WaitGroup // the others are through before c begins
	b.staff.work = func(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error) {
		if job.Agent.Name == "c" {
			others.Wait()
			return b.staff.say(ctx, job, journal)
		}
		defer others.Done()
		if _, err := journal.Wait(ctx, "w", step.Pause{Within: time.Hour}); err != nil {
			return agent.Result{}, err
		}
		return b.staff.say(ctx, job, journal)
	}
	others.Add(2)
	b.run.Crash(2) // behind the join, before the end is recorded
	if _, err := b.turn(t); err == nil {
		t.Fatalf("it did not crash: %v", b.steps())
	}
	others.Add(2)
	b.run.Pass(2 * time.Hour) // what they waited for has come
	if got := b.mustPlay(t).Text; got != "third: 1 ?" {
		t.Errorf("result %q after %v", got, b.steps())
	}
	if diff := cmp.Diff([]string{"e end", "j join", "third m"}, b.steps()); diff != "" {
		t.Errorf("who lost did something (-want +got):\n%s", diff)
	}
}

func TestAnEndEndsTheOtherBranches(t *testing.T) {
	b := newBench(t, `
  nodes:
  - {id: first, type: Agent, config: {agent: a}}
  - {id: e, type: End, config: {message: "enough"}}
  - {id: w, type: Wait, config: {duration: 1h}}
  - {id: late, type: Tool, config: {tool: jira_write}}
  connections: [{from: start, to: first}, {from: first, to: e}, {from: start, to: w}, {from: w, to: late}]`)
	if result, err := b.turn(t); err != nil || result.Text != "enough" {
		t.Fatalf("%q, %v", result.Text, err)
	}
	b.run.Pass(2 * time.Hour)
	if result, err := b.turn(t); err != nil || result.Text != "enough" || len(b.write.calls) > 0 {
		t.Errorf("played again: %q, %v, %d writes", result.Text, err, len(b.write.calls))
	}
}

func TestANodeIsTriedAgainAfterAPause(t *testing.T) {
	b := newBench(t, `
  nodes: [{id: n, type: Tool, config: {tool: jira_read}, retry: {max_attempts: 3, delay: 10s, backoff: exponential}}]`)
	b.read.answer = func(map[string]any) (tool.Result, error) {
		return tool.Result{Text: "not yet", Failed: len(b.read.calls) < 3}, nil
	}
	for _, pause := range []time.Duration{10 * time.Second, 20 * time.Second} {
		if _, err := b.turn(t); !errors.Is(err, step.ErrWaiting) {
			t.Fatal(err)
		}
		b.run.Pass(pause - time.Millisecond)
		if _, err := b.turn(t); !errors.Is(err, step.ErrWaiting) {
			t.Fatalf("the pause is shorter than %s: %v", pause, err)
		}
		b.run.Pass(time.Millisecond)
	}
	if result, err := b.turn(t); err != nil || result.Text != "not yet" || len(b.read.calls) != 3 {
		t.Errorf("%q, %v after %d tries", result.Text, err, len(b.read.calls))
	}
}

func TestWhatWroteIsNotTriedAgain(t *testing.T) {
	tests := map[string]struct {
		answer func(map[string]any) (tool.Result, error)
		calls  int
		fails  string
	}{
		"refused": {func(map[string]any) (tool.Result, error) { return tool.Result{Text: "no", Failed: true}, nil }, 3, "no"},
		"in doubt": {func(map[string]any) (tool.Result, error) { return tool.Result{}, tool.ErrInDoubt }, 1,
			"it cannot be known whether jira_write happened"},
		"broken": {func(map[string]any) (tool.Result, error) { return tool.Result{}, errors.New("connection reset") }, 1,
			"it cannot be known whether jira_write happened"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, "  nodes: [{id: n, type: Tool, config: {tool: jira_write}, retry: {max_attempts: 3}}]")
			b.write.answer = tc.answer
			_, err := b.play(t)
			if err == nil || !strings.Contains(err.Error(), tc.fails) || len(b.write.calls) != tc.calls {
				t.Errorf("%v after %d calls", err, len(b.write.calls))
			}
		})
	}
	t.Run("an agent that wrote before it failed", func(t *testing.T) {
		b := newBench(t, `kind: Flow
metadata: {name: f}
spec:
  nodes: [{id: n, type: Flow, config: {flow: inner}, retry: {max_attempts: 3}}]
---
kind: Flow
metadata: {name: inner}
spec:
  nodes: [{id: w, type: Tool, config: {tool: jira_write}}, {id: r, type: Tool, depends_on: w, config: {tool: jira_read}}]`)
		b.read.answer = func(map[string]any) (tool.Result, error) { return tool.Result{Text: "gone", Failed: true}, nil }
		_, err := b.play(t)
		if err == nil || !strings.Contains(err.Error(), "jira_write happened already") || len(b.write.calls) != 1 {
			t.Errorf("%v after %d writes", err, len(b.write.calls))
		}
	})
}

func TestANodeThatTakesTooLongFailsAndStaysFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, `
  nodes:
  - {id: n, type: Agent, config: {agent: a}, timeout: 30s, on_error: continue}
  - {id: w, type: Wait, config: {duration: 1m}}
  - {id: e, type: End, config: {message: "{{ nodes.n.status }}: {{ nodes.n.error }}"}}
  connections: [{from: start, to: n}, {from: n, to: w}, {from: w, to: e}]`)
		hang := true
		b.staff.work = func(ctx context.Context, job agent.Job, journal step.Journal) (agent.Result, error) {
			if r, err := b.staff.say(ctx, job, journal); err != nil || !hang {
				return r, err
			}
			_, err := journal.Do(ctx, step.KindModel, "m", func(ctx context.Context, _ string) (step.Entry, error) {
				<-ctx.Done()
				return step.Entry{}, context.Cause(ctx)
			})
			return agent.Result{}, err
		}
		if _, err := b.turn(t); !errors.Is(err, step.ErrWaiting) {
			t.Fatal(err)
		}
		hang = false // it would be through at once now
		if got := b.mustPlay(t).Text; got != "failed: time-out: node n did not finish within 30s" {
			t.Errorf("result %q", got)
		}
		want := []string{"e end", "n m", "n/(time-out 1) time-out", "w wait"}
		if diff := cmp.Diff(want, b.steps()); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
	})
}

func TestAFlowWithinAnotherFailsAsANodeDoes(t *testing.T) {
	b := newBench(t, `kind: Flow
metadata: {name: f}
spec:
  nodes:
  - {id: n, type: Flow, config: {flow: inner}, on_error: continue}
  - {id: e, type: End, depends_on: n, config: {message: "{{ nodes.n.error }}"}}
---
kind: Flow
metadata: {name: inner}
spec:
  nodes: [{id: r, type: Tool, config: {tool: jira_read}}]`)
	b.read.answer = func(map[string]any) (tool.Result, error) { return tool.Result{Text: "gone", Failed: true}, nil }
	want := b.mustPlay(t).Text
	if !strings.Contains(want, "flow inner: node r failed: gone") {
		t.Errorf("result %q", want)
	}
	if again := b.mustPlay(t).Text; again != want {
		t.Errorf("played again: %q", again)
	}
	if !slices.Contains(b.steps(), "n/(failed) failed") {
		t.Errorf("which node failed is not on record: %v", b.steps())
	}
}

func TestWaitingNodesDoNotStopOthers(t *testing.T) {
	b := newBench(t, `
  nodes:
  - {id: w, type: Wait, config: {duration: 2h}}
  - {id: x, type: Agent, config: {agent: a}}
  - {id: y, type: Agent, config: {agent: b}}
  - {id: j, type: Join}
  - {id: e, type: End, config: {message: ok}}
  connections: [{from: start, to: w}, {from: start, to: x}, {from: x, to: y}, {from: w, to: j}, {from: y, to: j}, {from: j, to: e}]`)
	if _, err := b.turn(t); !errors.Is(err, step.ErrWaiting) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"x m", "y m"}, b.steps()); diff != "" {
		t.Errorf("steps before the wait is over (-want +got):\n%s", diff)
	}
	if got := b.mustPlay(t).Text; got != "ok" {
		t.Errorf("result %q", got)
	}
}

func TestARefusedCallIsMadeAnewWhenTheRunIsTriedAgain(t *testing.T) {
	for attempt, calls := range map[int]int{1: 1, 2: 2} {
		b := newBench(t, "  nodes: [{id: n, type: Tool, config: {tool: jira_write}}]")
		b.write.answer = func(map[string]any) (tool.Result, error) {
			return tool.Result{Text: "said", Failed: len(b.write.calls) == 1}, nil
		}
		b.run.Crash(1) // as a run that is tried again forgets the step that failed
		if _, err := b.turn(t); err == nil {
			t.Fatal("it did not crash")
		}
		b.job.Attempt = attempt
		_, err := b.play(t)
		if len(b.write.calls) != calls || (err == nil) != (attempt == 2) {
			t.Errorf("attempt %d: %v after %d calls", attempt, err, len(b.write.calls))
		}
	}
}

func TestWhatAFlowProposesIsDoneOnceSomebodyApproves(t *testing.T) {
	b := newBench(t, `
  writes: propose
  nodes:
  - {id: one, type: Tool, config: {tool: jira_write, args: {body: one}}}
  - {id: two, type: Tool, config: {tool: jira_write, args: {body: two}}}
  connections: [{from: start, to: two}, {from: two, to: one}]`)
	if _, err := b.turn(t); !errors.Is(err, step.ErrWaiting) {
		t.Fatal(err)
	}
	if len(b.write.calls) > 0 || len(b.asker.asked) != 1 || len(b.asker.asked[0].Items) != 2 {
		t.Fatalf("%d writes before anybody was asked: %+v", len(b.write.calls), b.asker.asked)
	}
	b.run.Signal("approve", []byte(`{"approved":true,"by":"ann"}`))
	b.mustPlay(t)
	if diff := cmp.Diff([]string{`{"body":"one"}`, `{"body":"two"}`}, b.write.args()); diff != "" {
		t.Errorf("writes in the order of the file (-want +got):\n%s", diff)
	}
}

func TestACallThatNeedsApprovalWaitsInItsNode(t *testing.T) {
	b := newBench(t, `
  approval: {tools: [jira_write], approvers: [bob]}
  nodes:
  - {id: w, type: Tool, config: {tool: jira_write}}
  - {id: r, type: Tool, config: {tool: jira_read}}
  connections: [{from: start, to: w}, {from: start, to: r}]`)
	if _, err := b.turn(t); !errors.Is(err, step.ErrWaiting) || len(b.write.calls) != 0 || len(b.read.calls) != 1 {
		t.Fatalf("%v: %d writes, %d reads", err, len(b.write.calls), len(b.read.calls))
	}
	b.run.Signal("approve", []byte(`{"approved":true,"by":"bob"}`))
	b.mustPlay(t)
	if len(b.write.calls) != 1 || len(b.asker.asked) != 1 {
		t.Errorf("%d writes, asked %d times", len(b.write.calls), len(b.asker.asked))
	}
}

func TestBudgetsOfFlowsHoldWithinOneAnother(t *testing.T) {
	b := newBench(t, `kind: Flow
metadata: {name: f}
spec:
  budget: {usd: 2}
  nodes: [{id: n, type: Flow, config: {flow: inner}}]
---
kind: Flow
metadata: {name: inner}
spec:
  budget: {tokens: 100}
  nodes: [{id: n, type: Agent, config: {agent: a}}]`)
	b.mustPlay(t)
	part := b.staff.jobs[0].Part
	if part.Budget.Tokens != 100 || part.Whole != "flow inner" || len(part.Around) != 1 || part.Around[0].Budget.USD != 2 || part.Around[0].Target != "flow f" {
		t.Errorf("budgets %+v of %s around %+v", part.Budget, part.Whole, part.Around)
	}
}

func TestOfTwoEndsTheFirstCounts(t *testing.T) {
	b := newBench(t, `
  nodes: [{id: one, type: End, config: {message: "1"}}, {id: two, type: End, config: {message: "2"}}]
  connections: [{from: start, to: one}, {from: start, to: two}]`)
	if got := b.mustPlay(t).Text; got != "1" {
		t.Errorf("result %q", got)
	}
	if got := b.mustPlay(t).Text; got != "1" || len(b.steps()) != 1 {
		t.Errorf("played again: %q, %v", got, b.steps())
	}
}
