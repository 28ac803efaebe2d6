package rig

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// happened is an event of a run, of which started and resumed name the owner.
func happened(run string, seconds float64, kind store.EventKind, owner string) store.Event {
	return store.Event{Run: run, At: at(seconds), Kind: kind, Payload: json.RawMessage(fmt.Sprintf(`{"owner": %q}`, owner))}
}

func TestTakingOverIsMeasuredForTheRunsOfTheLostProcess(t *testing.T) {
	s := &Story{Events: []store.Event{
		happened("at work", 0, store.EventStarted, "A"), happened("at work", 1, store.EventStep, ""),
		happened("at work", 12, store.EventResumed, "B"), happened("at work", 14, store.EventStep, ""),
		happened("elsewhere", 0, store.EventStarted, "B"), happened("elsewhere", 30, store.EventStep, ""),
		happened("over", 0, store.EventStarted, "A"), happened("over", 1, store.EventFinished, ""), happened("over", 40, store.EventRetried, ""),
		happened("waiting", 0, store.EventStarted, "A"), happened("waiting", 1, store.EventWaiting, ""), happened("waiting", 50, store.EventResumed, "A"),
		happened("never again", 0, store.EventStarted, "A"),
	}}
	up, on, runs := s.TakeOver([]Loss{{At: at(2), Replica: "A", What: "kill"}})
	if up.Took != 10*time.Second || on.Took != 12*time.Second || runs != 1 || !strings.HasPrefix(up.Where, "run at work, kill at 12:00:02") {
		t.Errorf("%d runs, taken up after %s (%s), went on after %s", runs, up.Took, up.Where, on.Took)
	}
	if _, on, _ := s.TakeOver([]Loss{{At: at(2)}}); on.Took != 28*time.Second {
		t.Errorf("whoever it was: went on after %s", on.Took)
	}
}

func TestAnAnswerThatWasOnRecordIsNotToBeAskedForAgain(t *testing.T) {
	s := &Story{
		Runs: []store.Run{{ID: "r", Result: "done E000007"}},
		Steps: map[string][]step.Entry{"r": {
			{Kind: step.KindModel, Finished: at(1)}, {Kind: step.KindTool, Finished: at(2)}, {Kind: step.KindModel, Finished: at(5)},
		}},
	}
	interrupted := []Call{{Token: "E000007", Turn: 1, At: at(0)}, {Token: "E000007", Turn: 2, At: at(2)}, {Token: "E000007", Turn: 2, At: at(4)}}
	if list := s.Repeated(interrupted); len(list) != 0 {
		t.Errorf("an interrupted step counts as repeated: %v", list)
	}
	list := s.Repeated(append(interrupted, Call{Daemon: "d2", Token: "E000007", Turn: 1, At: at(3)}))
	if diff := cmp.Diff([]string{"answer 1 to E000007 in run r was on record at 12:00:01.000, and d2 asked for it at 12:00:03.000"}, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAStoryTellsWhatIsNotDoneOrDoneTwice(t *testing.T) {
	s := &Story{
		Runs: []store.Run{
			{ID: "a", Delivery: "1", State: store.StateSucceeded}, {ID: "b", Delivery: "1", State: store.StateFailed, IssueKey: "CHA-1", Steps: 3, Error: "boom"},
			{ID: "c", Delivery: "2", State: store.StateWaiting, WaitsFor: "a pause"},
		},
		Steps: map[string][]step.Entry{"b": {{Input: []byte(`"did E000009"`)}, {Name: "jira_log_work", InDoubt: true}}},
	}
	if diff := cmp.Diff([]string{"run b on CHA-1 is failed after 3 steps: boom", "run c on  is waiting after 0 steps: a pause"}, s.Unfinished()); diff != "" {
		t.Errorf("unfinished (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"delivery 1 has the runs a and b"}, s.Twice()); diff != "" {
		t.Errorf("twice (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string][]Kind{"E000009": {Worklog}}, s.Doubts()); diff != "" {
		t.Errorf("in doubt (-want +got):\n%s", diff)
	}
}

func TestAReportSaysWhatWasBrokenAndHowOften(t *testing.T) {
	r := &Report{Name: "test"}
	var many []string
	for n := range 25 {
		many = append(many, fmt.Sprint("write ", n))
	}
	e := NewEvent(1, "CHA-1").Wants(Comment)
	r.Judged(Judge(Truth{}, accepted(e), nil), &Story{}, nil, nil, map[int]int{200: 1, 429: 2, 404: 3})
	r.List("doubled", many)
	var b strings.Builder
	r.Print(&b)
	for _, want := range []string{
		"BROKEN in 13 ways", "1 expected, 0 found", "! lost: comment of E000001 on CHA-1", "! doubled: write 0\n", "! doubled: and 15 more",
		"! 3 webhooks were answered with 404",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "429, after which") {
		t.Errorf("429 counts as a breach:\n%s", b.String())
	}
}
