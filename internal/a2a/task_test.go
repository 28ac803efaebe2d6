package a2a

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func chunk(seq int64, id, text string, more bool) Event {
	return Event{Seq: seq, Artifact: &ArtifactUpdate{Artifact: Artifact{ID: id, Parts: []Part{TextOf(text)}}, Append: more}}
}

func status(seq int64, s State) Event {
	return Event{Seq: seq, Status: &StatusUpdate{Status: Status{State: s}}}
}

func TestEventsChangeTheTaskInTheirOrder(t *testing.T) {
	task := Task{ID: "t"}
	for _, e := range []Event{
		{Seq: 1, Task: &Task{ID: "t", ContextID: "c", Status: Status{State: Submitted}}},
		status(2, Working), chunk(3, "a", "one", false), chunk(4, "a", "two", true),
		chunk(5, "b", "old", false), chunk(6, "b", "new", false), status(7, Completed),
	} {
		if err := task.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	want := Task{
		ID: "t", ContextID: "c", Status: Status{State: Completed}, Seq: 7,
		Artifacts: []Artifact{
			{ID: "a", Parts: []Part{TextOf("one"), TextOf("two")}},
			{ID: "b", Parts: []Part{TextOf("new")}},
		},
	}
	if d := cmp.Diff(want, task); d != "" {
		t.Error(d)
	}
}

func TestAnEventThatTheSnapshotHasChangesNothing(t *testing.T) {
	task := Task{Status: Status{State: Working}, Seq: 5}
	for _, e := range []Event{status(5, Failed), chunk(4, "a", "x", true)} {
		if err := task.Apply(e); err != nil {
			t.Fatal(err)
		}
	}
	if task.Status.State != Working || task.Artifacts != nil || task.Seq != 5 {
		t.Errorf("the task became %+v", task)
	}
}

func TestATaskThatHasEndedNeverChanges(t *testing.T) {
	for _, s := range States() {
		if !s.Terminal() {
			continue
		}
		task := Task{ID: "t", Status: Status{State: s}, Seq: 3}
		for _, e := range []Event{status(4, Working), status(4, s), chunk(4, "a", "x", false), {Seq: 4, Task: &Task{}}} {
			var ended *TerminalError
			if err := task.Apply(e); !errors.As(err, &ended) || ended.State != s || !strings.Contains(err.Error(), string(s)) {
				t.Errorf("%s took %+v: %v", s, e, err)
			}
		}
		if d := cmp.Diff(Task{ID: "t", Status: Status{State: s}, Seq: 3}, task); d != "" {
			t.Error(d)
		}
	}
}

func TestAChunkOfNoArtifactIsAnError(t *testing.T) {
	task := Task{ID: "t"}
	if err := task.Apply(chunk(1, "a", "x", true)); err == nil || task.Seq != 0 {
		t.Errorf("got %v, and the task is at %d", err, task.Seq)
	}
}

func TestHistoryIsCutFromItsBeginning(t *testing.T) {
	three := []Message{{ID: "1"}, {ID: "2"}, {ID: "3"}}
	for n, want := range map[int][]Message{AllHistory: three, 0: {}, 1: three[2:], 3: three, 9: three} {
		task := Task{History: three}
		task.LastMessages(n)
		if d := cmp.Diff(want, task.History); d != "" {
			t.Errorf("last %d: %s", n, d)
		}
	}
}

func TestWhatIsStoredAsJSONComesBackWhole(t *testing.T) {
	message := Message{
		ID: "m", ContextID: "c", TaskID: "t", Role: User, Extensions: []string{"e"}, ReferenceTaskIDs: []string{"r"},
		Metadata: json.RawMessage(`{"n":9007199254740993}`),
		Parts: []Part{
			TextOf(""), DataOf(json.RawMessage(`null`)), DataOf(json.RawMessage(`[1.50]`)),
			{Kind: BytesPart, Bytes: []byte{0, 255}, Filename: "f", MediaType: "x/y"}, {Kind: URLPart, URL: "https://x"},
		},
	}
	for _, e := range []Event{
		{Seq: 1, Task: &Task{
			ID: "t", ContextID: "c", Seq: 1, History: []Message{message, {ID: "bare", Role: Agent}},
			Status:    Status{State: Working, Message: &message, Time: time.Unix(1763716800, 123).UTC()},
			Artifacts: []Artifact{{ID: "a", Name: "n", Description: "d", Parts: message.Parts, Extensions: []string{"e"}}},
		}},
		{Seq: 2, Message: &message},
		status(3, Completed),
		{Seq: 4, Artifact: &ArtifactUpdate{TaskID: "t", ContextID: "c", Artifact: Artifact{ID: "a"}, Append: true, Last: true, Metadata: json.RawMessage(`{}`)}},
	} {
		stored, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(stored, &back); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(e, back); d != "" {
			t.Errorf("%s: %s", stored, d)
		}
	}
}
