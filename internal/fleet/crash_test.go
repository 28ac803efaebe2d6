package fleet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
)

// plays are a fleet of each mode, with as much going on as the mode has to offer.
func plays() map[string]func(t *testing.T) *bench {
	post := inTurn(calls("jira_post_comment", `{"issue_key":"PROJ-1","body":"Mine."}`), message("Posted."))
	return map[string]func(t *testing.T) *bench{
		"hierarchical": func(t *testing.T) *bench {
			return newBench(t, manifest.ModeHierarchical, true, map[string]part{
				"a": inTurn(calls(slices.Concat(delegate("b", "One."), delegate("c", "Two."), delegate("x", "No."), delegate("b", "Three."))...),
					calls(delegate("b", "Four.")...), message("Report.")),
				"b": says("b"), "c": fails("broken"),
			})
		},
		"hierarchical with a comment": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
				"a": inTurn(calls(slices.Concat(delegate("b", "One."), delegate("c", "Two."))...), message("Report.")), "b": post, "c": says("c")})
			b.job.Agents["b"].Tools = []string{"jira_post_comment"}
			return b
		},
		"pipeline": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModePipeline, false, map[string]part{"a": says("a"), "b": says("b"), "c": says("c")})
			b.job.Response = "On it."
			return b
		},
		"peer": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModePeer, false, map[string]part{"a": says("a"), "b": says("b"), "c": fails("broken")})
			b.job.Fleet.Aggregation, b.job.Fleet.Members[1].Replicas = manifest.AggregateSynthesis, 3
			return b
		},
		"vote": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModePeer, true, map[string]part{
				"a": says(`{"options":["This","That"]}`), "b": voter("this", "A"), "c": voter("that", "B"), "d": voter("this, too", "A")})
			b.job.Fleet.Aggregation, b.job.Fleet.Consensus = manifest.AggregateConsensus, manifest.Consensus{Algorithm: manifest.VoteMajority, MinVotes: 1}
			return b
		},
		"tiered": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModeTiered, false, map[string]part{"a": says("a"), "b": says("b"), "c": says("c"), "d": says("d")})
			b.job.Fleet.Aggregation, b.job.Fleet.Members[2].Tier, b.job.Fleet.Members[3].Tier = manifest.AggregateMerge, 2, 2
			return b
		},
		"swarm": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModeSwarm, false, map[string]part{
				"a": when("Split the work", says(`{"tasks":[{"task":"1","size":2},{"task":"2","size":1},{"task":"3","size":1},{"task":"4","size":3}]}`), says("a")), "b": says("b")})
			b.job.Fleet.Aggregation, b.job.Fleet.Distribution = manifest.AggregateSynthesis, manifest.DistributeLeastLoaded
			return b
		},
		"deep": func(t *testing.T) *bench {
			b := newBench(t, manifest.ModeDeep, true, map[string]part{
				"a": rounds("Deep.", `{"steps":[{"agent":"b","task":"1"},{"agent":"c","task":"2"}]}`, `{"steps":[{"agent":"b","task":"3"}]}`), "b": says("b"), "c": fails("broken")})
			b.job.Fleet.Deep.MaxRounds = 2
			return b
		},
	}
}

// outcome is what there is in the end.
type outcome struct {
	Result string
	Posted []string
	Steps  []string
}

func (b *bench) outcome(result string) outcome {
	o := outcome{Result: result, Posted: b.comments.posted()}
	for _, e := range b.run.Entries() {
		o.Steps = append(o.Steps, fmt.Sprintf("%s %s %s by %s: %s%s", e.Branch, e.Kind, e.Name, e.Agent, e.Output, e.Error))
	}
	slices.Sort(o.Steps)
	return o
}

// recorded are the ids of the steps that are on record.
func (b *bench) recorded() []string {
	count := map[string]int{}
	var ids []string
	for _, e := range b.run.Entries() {
		id := fmt.Sprintf("run:%s:%d", e.Branch, count[e.Branch])
		count[e.Branch]++
		ids = append(ids, strings.Replace(id, "::", ":", 1))
	}
	return ids
}

// checkQuestions checks that the same question was asked under the same id.
func (b *bench) checkQuestions() {
	b.t.Helper()
	first := map[string]string{}
	for _, q := range b.cast.asked {
		text := questionText(q.req)
		if was, known := first[q.id]; known && was != text {
			b.t.Errorf("step %s asked differently after the crash:\n%s\n%s", q.id, was, text)
		}
		first[q.id] = text
	}
}

func questionText(req llm.Request) string {
	body, err := json.Marshal(req)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

// crashAt lets a run crash at its nth step and goes on until it ends, with further
// crashes after each of so many steps; 0 for none. It returns the text.
func (b *bench) crashAt(n, again int) string {
	b.t.Helper()
	b.run.Crash(n)
	var known []string
	for turn := 0; ; turn++ {
		asked := len(b.cast.asked)
		result, err := b.play()
		for _, q := range b.cast.asked[asked:] {
			if slices.Contains(known, q.id) {
				b.t.Errorf("step %s is on record and was asked again", q.id)
			}
		}
		switch {
		case err == nil:
			return result.Text
		case !errors.Is(err, steptest.ErrCrash):
			b.t.Fatal(err)
		case turn > 100:
			b.t.Fatal("the run does not end")
		}
		known = b.recorded()
		if again > 0 {
			b.run.Crash(again)
		}
	}
}

func TestAFleetThatCrashesAnywhereEndsTheSameAndAsksNobodyTwice(t *testing.T) {
	for name, play := range plays() {
		t.Run(name, func(t *testing.T) {
			plain := play(t)
			want := plain.outcome(plain.succeed())
			if len(want.Posted) == 0 {
				t.Fatalf("nothing was posted: %+v", want)
			}
			for n := range len(want.Steps) {
				for _, again := range []int{0, 1, 2} {
					b := play(t)
					got := b.outcome(b.crashAt(n, again))
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("crash at step %d, then after each %d (-undisturbed +crashed):\n%s", n, again, diff)
					}
					b.checkQuestions()
				}
			}
		})
	}
}

// patient is an asker that waits for the answer to its question.
type patient struct{}

func (patient) Ask(ctx context.Context, journal step.Journal, _ approval.Question, _ approval.Post) (approval.Decision, error) {
	entry, err := journal.Wait(ctx, "approval", step.Pause{For: "a person", Signal: "answer", Yield: true})
	return approval.Decision{Approved: entry.Output != nil, By: "ann"}, err
}

func TestAMemberThatWaitsForAPersonLetsTheOthersGoOn(t *testing.T) {
	for name, crash := range map[string]bool{"once": false, "with a crash while it waits": true} {
		t.Run(name, func(t *testing.T) {
			post := inTurn(calls("jira_post_comment", `{"issue_key":"PROJ-1","body":"May I?"}`), message("Posted it."))
			b := newBench(t, manifest.ModeHierarchical, true, map[string]part{
				"a": inTurn(calls(slices.Concat(delegate("b", "Ask."), delegate("c", "Work."))...), message("Report.")), "b": post, "c": says("Worked.")})
			b.job.Agents["b"].Tools = []string{"jira_post_comment"}
			b.job.Agents["b"].Approval = &manifest.Approval{Tools: []string{"jira_post_comment"}}
			b.asker = patient{}
			if crash {
				b.run.Crash(2)
			}
			_, err := b.play()
			if crash && errors.Is(err, steptest.ErrCrash) {
				_, err = b.play()
			}
			if !errors.Is(err, step.ErrWaiting) || len(b.comments.posted()) != 0 {
				t.Fatalf("posted %q: %v", b.comments.posted(), err)
			}
			if len(b.run.Waits()) != 1 || b.run.Waits()[0].Branch != "b" || !slices.Contains(b.branches(), "c=c") {
				t.Fatalf("waits %+v, branches %v", b.run.Waits(), b.branches())
			}
			b.run.Signal("answer", json.RawMessage(`true`))
			if got := b.succeed(); got != "Report." {
				t.Errorf("result %q", got)
			}
			if diff := cmp.Diff([]string{"PROJ-1: May I?"}, b.comments.posted()); diff != "" {
				t.Errorf("comments (-want +got):\n%s", diff)
			}
			if asked := len(b.cast.of("c")); asked > 1 && !crash {
				t.Errorf("c was asked %d times", asked)
			}
		})
	}
}
