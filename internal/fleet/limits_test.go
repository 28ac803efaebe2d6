package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/step/steptest"
)

// talkers is a fleet of five peers, each of which posts three comments: a run may
// post five.
func talkers(t *testing.T) *bench {
	parts := map[string]part{}
	for i := range 5 {
		var own []string
		for n := range 3 {
			own = append(own, "jira_post_comment", fmt.Sprintf(`{"issue_key":"PROJ-1","body":"%d of %d."}`, n, i))
		}
		parts[fmt.Sprintf("m%d", i)] = inTurn(calls(own...), message("Talked."))
	}
	b := newBench(t, manifest.ModePeer, false, parts)
	b.job.Fleet.Aggregation = manifest.AggregateMerge
	for _, a := range b.job.Agents {
		a.Tools = []string{"jira_post_comment"}
	}
	return b
}

func TestMembersAtTheSameTimeDoNotPassALimitTogether(t *testing.T) {
	for range 20 {
		b := talkers(t)
		var all sync.WaitGroup
		all.Add(5)
		for name, part := range b.cast.parts { // nobody calls before all are about to
			b.cast.parts[name] = func(req llm.Request) (llm.Message, error) {
				if len(req.Messages) == 1 {
					all.Done()
					all.Wait()
				}
				return part(req)
			}
		}
		b.succeed()
		if got := len(b.comments.posted()); got != 5 {
			t.Fatalf("%d comments, want the run's limit of 5", got)
		}
	}
}

func TestARunThatGoesOnKnowsWhatAllItsBranchesDid(t *testing.T) {
	for n := range 20 {
		b := talkers(t)
		b.run.Crash(n)
		if _, err := b.play(); err != nil && !errors.Is(err, steptest.ErrCrash) {
			t.Fatal(err)
		}
		session := &gate.Session{}
		session.Recall(b.run.Entries())
		b.job.Session = session
		err := b.run.Play(t.Context(), func(ctx context.Context, journal step.Journal) error {
			_, err := b.runner().Run(ctx, b.job, journal)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		// What was under way in other branches when the process died was carried out
		// and is not on record: those calls are made again and found, or denied.
		if got := len(b.comments.posted()); got < 5 || got > 5+4 {
			t.Errorf("crash at %d: %d comments, want the limit of 5 and at most what was under way", n, got)
		}
		made := 0
		for _, e := range b.run.Entries() {
			if e.Name == "jira_post_comment" && e.Decision == "allowed" {
				made++
			}
		}
		if made != 5 {
			t.Errorf("crash at %d: %d calls are on record as allowed, want 5", n, made)
		}
	}
}
