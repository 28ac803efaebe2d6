package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestEndedRunsAreErasedAndOthersAreNot(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		s.erase = true
		for _, id := range []string{"done", "failed", "waits", "works"} {
			c := claim(t, s, id)
			record(t, s, c, toolStep(0))
			_, err := s.Ask(t.Context(), Approval{Code: "CODE" + id, Step: id + ":1", Run: id, Asks: json.RawMessage(`{"text":"secret"}`), Expires: clk.now().Add(time.Hour)})
			must(t, err)
			switch id {
			case "done":
				must(t, s.Finish(t.Context(), c, Outcome{State: StateSucceeded, Result: "secret"}))
			case "failed":
				must(t, s.Finish(t.Context(), c, Outcome{State: StateFailed, Error: "it says secret"}))
			case "waits":
				must(t, s.Suspend(t.Context(), c, Wait{Until: clk.now().Add(time.Hour), For: "an answer", Step: 1}))
			}
		}
		for _, want := range []int{2, 0} {
			if n, err := s.Erase(t.Context()); err != nil || n != want {
				t.Fatalf("Erase = %d, %v; want %d", n, err, want)
			}
		}
		for id, kept := range map[string]bool{"done": false, "failed": false, "waits": true, "works": true} {
			steps, err := s.Steps(t.Context(), id)
			must(t, err)
			r := get(t, s, id)
			_, err = s.Approval(t.Context(), "CODE"+id)
			if (len(steps) > 0) != kept || r.Wiped == kept || (len(r.Work) > 0) != kept || (err == nil) != kept {
				t.Errorf("%s: %d steps, question %v, %+v", id, len(steps), err, r)
			}
			if events := kinds(t, s, id); !kept && (len(events) != 1 || events[0] != EventFinished) {
				t.Errorf("the events of %s are %v", id, events)
			}
		}
		ends, err := s.Events(t.Context(), "failed", 0, 10)
		must(t, err)
		if r := get(t, s, "failed"); r.Error != erasedError || strings.Contains(string(ends[0].Payload), "secret") || !strings.Contains(string(ends[0].Payload), `"failed"`) {
			t.Errorf("%+v ends with %s", r, ends[0].Payload)
		}
		is(t, "Retry", s.Retry(t.Context(), "failed", "ann"), ErrOver)
	})
}

// TestWhatIsErasedIsInNoFile writes texts of all sizes, which SQLite keeps in pages of
// different kinds, and looks for them in the files of a store that is still open.
func TestWhatIsErasedIsInNoFile(t *testing.T) {
	dir, canary := t.TempDir(), []byte("canary-Wq61")
	s, err := Open(t.Context(), dir, nil, Erasing())
	must(t, err)
	defer func() { must(t, s.Close()) }()
	find := func() (list []string) {
		for _, name := range []string{FileName, FileName + "-wal"} {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			must(t, err)
			if bytes.Contains(raw, canary) {
				list = append(list, name)
			}
		}
		return list
	}
	for round := range 5 {
		for _, size := range []int{10, 300, 900, 4000, 50000} {
			id := fmt.Sprintf("r%d-%d", round, size)
			c := claim(t, s, id)
			for i := range 20 {
				one := toolStep(i)
				one.Output, err = json.Marshal(strings.Repeat(string(canary)+" ", size/10*(i+1)/10+1))
				must(t, err)
				record(t, s, c, one)
			}
			must(t, s.Finish(t.Context(), c, Outcome{State: StateSucceeded, Result: string(canary)}))
			if round%2 == 0 { // several at once, and one by one
				_, err = s.Erase(t.Context())
				must(t, err)
			}
		}
		if len(find()) == 0 && round%2 == 1 {
			t.Fatal("it is in no file before it is erased: this test finds nothing")
		}
		_, err = s.Erase(t.Context())
		must(t, err)
		if list := find(); len(list) > 0 {
			t.Fatalf("round %d: it is in %v", round, list)
		}
	}
}
