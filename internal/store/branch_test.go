package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
)

// inBranch is a record of a tool step.
func inBranch(branch string, pos int) Record {
	name := fmt.Sprint("tool-", pos)
	return Record{Pos: pos, Asked: name, Entry: step.Entry{Branch: branch, Kind: step.KindTool, Name: name}}
}

func failingIn(branch string, pos int) Record {
	r := inBranch(branch, pos)
	r.Failure = &step.Failure{Step: r.Asked, Reason: step.ReasonError, Message: "broken"}
	return r
}

func puts(t testing.TB, s *Store, c Claim, records ...Record) {
	t.Helper()
	for _, r := range records {
		_, err := s.Record(t.Context(), c, r)
		must(t, err)
	}
}

func journalOf(t testing.TB, s *Store, c Claim) Journal {
	t.Helper()
	j, err := s.Journal(t.Context(), c)
	must(t, err)
	return j
}

func TestStepsOfBranchesAreRecordedInTheOrderOfTheirBranch(t *testing.T) {
	type test struct {
		branch string
		pos    int
		want   error
		index  int
	}
	tests := map[string]test{
		"the next of a branch":           {"a", 2, nil, 6},
		"the next of another":            {"b", 1, nil, 6},
		"the next of an inner one":       {"a/b", 1, nil, 6},
		"the next of the run's own":      {"", 2, nil, 6},
		"the first of a new one":         {"c", 0, nil, 6},
		"the last of a branch again":     {"a", 1, nil, 4},
		"the last of the run's again":    {"", 1, nil, 5},
		"one before in a branch":         {"a", 0, ErrRefused, 0},
		"a gap in a branch":              {"a", 3, ErrRefused, 0},
		"a gap in a new branch":          {"c", 1, ErrRefused, 0},
		"a gap in the run's own":         {"", 3, ErrRefused, 0},
		"the index instead of the place": {"", 6, ErrRefused, 0},
		"before the first":               {"a", -1, ErrRefused, 0},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		c := claim(t, s, "r")
		puts(t, s, c, inBranch("", 0), inBranch("a", 0), inBranch("a/b", 0), inBranch("b", 0), inBranch("a", 1), inBranch("", 1))
		index, err := s.Record(t.Context(), c, inBranch(tt.branch, tt.pos))
		is(t, "Record", err, tt.want)
		if err == nil && index != tt.index {
			t.Errorf("its index is %d, want %d", index, tt.index)
		}
		steps, err := s.Steps(t.Context(), "r")
		must(t, err)
		for i, e := range steps {
			if e.Index != i {
				t.Errorf("step %d has the index %d", i, e.Index)
			}
		}
		if want := max(6, tt.index+1); len(steps) != want || get(t, s, "r").Steps != want || len(kinds(t, s, "r")) != want+2 {
			t.Errorf("%d steps of %d, events %v; want %d", len(steps), get(t, s, "r").Steps, kinds(t, s, "r"), want)
		}
	})
}

func TestTheJournalTellsBranchesApart(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		want := []Record{inBranch("", 0), inBranch("a b", 0), inBranch("", 1), failingIn("a b/ü%2F", 0), inBranch("a b", 1)}
		puts(t, s, c, want...)
		for i := range want {
			want[i].Entry.Index = i
		}
		if diff := cmp.Diff(Journal{Records: want}, journalOf(t, s, c)); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		events, err := s.Events(t.Context(), "r", 0, 100)
		must(t, err)
		var told []string
		for _, ev := range events {
			var e step.Entry
			if ev.Kind == EventStep {
				must(t, json.Unmarshal(ev.Payload, &e))
				told = append(told, fmt.Sprintf("%d %s", e.Index, e.Branch))
			}
		}
		if diff := cmp.Diff([]string{"0 ", "1 a b", "2 ", "3 a b/ü%2F", "4 a b"}, told); diff != "" {
			t.Errorf("steps that the events tell of (-want +got):\n%s", diff)
		}
	})
}

// TestWhatIsForgottenWhenARunIsTriedAgain writes steps as branch and position, a
// failed one with an exclamation mark, in the order of their commits.
func TestWhatIsForgottenWhenARunIsTriedAgain(t *testing.T) {
	type at struct {
		branch string
		pos    int
		failed bool
	}
	type test struct {
		steps   []at
		kept    []string
		rewinds string
		timed   int
	}
	tests := map[string]test{
		"nothing happened":                       {nil, nil, "0,", 0},
		"nothing failed":                         {[]at{{"", 0, false}, {"a", 0, false}, {"", 1, false}}, []string{":0", "a:0", ":1"}, "2,", 3},
		"a branch failed, another went on":       {[]at{{"a", 0, false}, {"a", 1, true}, {"b", 0, false}, {"b", 1, false}}, []string{"a:0", "b:0", "b:1"}, "-1,a:1,", 4},
		"a branch went on behind its failure":    {[]at{{"a", 0, true}, {"a", 1, false}, {"b", 0, false}}, []string{"b:0"}, "-1,a:0,", 3},
		"the run spoke before and behind":        {[]at{{"", 0, false}, {"a", 0, true}, {"b", 0, false}, {"", 1, false}}, []string{":0", "b:0"}, "0,a:0,", 3},
		"two branches failed":                    {[]at{{"a", 0, true}, {"b", 0, false}, {"b", 1, true}, {"c", 0, false}}, []string{"b:0", "c:0"}, "-1,a:0,b:1,", 4},
		"an inner branch failed":                 {[]at{{"a", 0, false}, {"a/x", 0, true}, {"a/y", 0, false}, {"a", 1, false}, {"", 0, false}, {"b", 0, false}}, []string{"a:0", "a/y:0"}, "-1,a:0,a/x:0,b:-1,", 3},
		"a branch was begun behind a failure":    {[]at{{"", 0, false}, {"a", 0, false}, {"", 1, true}, {"b", 0, false}, {"b/x", 0, false}}, []string{":0", "a:0"}, "1,b:-1,b/x:-1,", 2},
		"the run failed itself":                  {[]at{{"a", 0, false}, {"", 0, true}}, []string{"a:0"}, "0,", 1},
		"the run failed behind a failed branch":  {[]at{{"", 0, false}, {"a", 0, true}, {"", 1, true}}, []string{":0"}, "0,a:0,", 1},
		"a name that begins with another's name": {[]at{{"a", 0, true}, {"ab", 0, false}, {"ab/c", 0, false}}, []string{"ab:0", "ab/c:0"}, "-1,a:0,", 3},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		c := claim(t, s, "r")
		for _, a := range tt.steps {
			r := inBranch(a.branch, a.pos)
			if a.failed {
				r = failingIn(a.branch, a.pos)
			}
			puts(t, s, c, r)
		}
		before := kinds(t, s, "r")
		end(t, s, c, StateFailed)
		must(t, s.Retry(t.Context(), "r", "ann"))
		c = claims(t, s, "r")[0]
		j := journalOf(t, s, c)
		var kept []string
		rewinds := ""
		for _, r := range j.Records {
			kept = append(kept, fmt.Sprintf("%s:%d", r.Entry.Branch, r.Pos))
		}
		for _, r := range j.Rewinds {
			rewinds += r.String() + ","
		}
		if diff := cmp.Diff(tt.kept, kept); diff != "" || rewinds != tt.rewinds || j.TimedFrom != tt.timed || get(t, s, "r").Steps != len(kept) {
			t.Errorf("rewinds %s, timed from %d, %d steps; want %s, %d; steps (-want +got):\n%s", rewinds, j.TimedFrom, get(t, s, "r").Steps, tt.rewinds, tt.timed, diff)
		}
		// It goes on in all branches behind what was kept.
		next := map[string]int{"": 0, "a": 0, "b": 0, "new": 0}
		for _, r := range j.Records {
			next[r.Entry.Branch] = r.Pos + 1
		}
		for branch, pos := range next {
			puts(t, s, c, inBranch(branch, pos))
		}
		if events := kinds(t, s, "r"); len(events) != len(before)+len(next)+3 {
			t.Errorf("events %v", events)
		}
	})
}

func TestARunWaitsForTheFirstOfWhatItsBranchesWaitFor(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		c, soon, late := claim(t, s, "r"), clk.now().Add(time.Minute), clk.now().Add(time.Hour)
		waits := []Wait{
			{Branch: "a", Name: "w", For: "ann", Signal: "ann", Until: late},
			{Branch: "b", Name: "w", For: "a pause", Until: soon, Tries: 2, Worked: time.Second, Attempt: true},
			{Branch: "c/d", Name: "w", For: "ann"},
			{Branch: "e", Name: "w", For: "eve"},
			{Branch: "f", Name: "w", For: "fay"},
			{Branch: "g", Name: "w", For: "guy"},
		}
		must(t, s.Suspend(t.Context(), c, waits...))
		r := get(t, s, "r")
		if r.WaitsFor != "ann; a pause; eve; 2 more" || !r.WakeAt.Equal(soon) || r.Attempt != 2 {
			t.Errorf("waiting run is %+v", r)
		}
		clk.add(time.Minute)
		wake(t, s, 1)
		c = claims(t, s, "r")[0]
		j := journalOf(t, s, c)
		var want []Waited
		for _, w := range waits {
			w.Attempt = false
			want = append(want, Waited{Wait: w, Due: w.Branch == "b"})
		}
		if diff := cmp.Diff(want, j.Waits); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
		done := inBranch("b", 0)
		done.Waited = true
		puts(t, s, c, done)
		must(t, s.Suspend(t.Context(), c, waits[0], waits[2]))
		signal(t, s, "ann", true)
		c = claims(t, s, "r")[0]
		j = journalOf(t, s, c)
		if len(j.Records) != 2 || j.Records[1].Entry.Branch != "a" || j.Records[1].Asked != "w" || j.Records[1].Entry.Name != "approval" {
			t.Errorf("records %+v", j.Records)
		}
		for _, w := range j.Waits {
			if w.Branch == "a" || w.Branch == "b" {
				t.Errorf("%s still waits", w.Branch)
			}
		}
	})
}

// TestNoSignalIsLost lets a signal come at each moment of a run that waits for it
// sooner or later.
func TestNoSignalIsLost(t *testing.T) {
	type test func(t *testing.T, s *Store, c Claim) Claim
	w := Wait{Branch: "a", Name: "question", Signal: "go"}
	rests := func(t *testing.T, s *Store, c Claim) Claim {
		t.Helper()
		must(t, s.Suspend(t.Context(), c, w, Wait{Branch: "b", Signal: "b"}))
		return claims(t, s, "r")[0]
	}
	tests := map[string]test{
		"before the run asks": func(t *testing.T, s *Store, c Claim) Claim {
			signal(t, s, "go", false)
			return rests(t, s, c)
		},
		"before the branch asks, while others work": func(t *testing.T, s *Store, c Claim) Claim {
			signal(t, s, "go", false)
			for range 2 { // an answer got lost
				rec, err := s.Await(t.Context(), c, w)
				must(t, err)
				if rec == nil || rec.Entry.Branch != "a" || string(rec.Entry.Output) != `{"by":"ann"}` {
					t.Errorf("the wait is over with %+v", rec)
				}
			}
			return c
		},
		"while the branch waits and others work": func(t *testing.T, s *Store, c Claim) Claim {
			rec, err := s.Await(t.Context(), c, w)
			must(t, err)
			if rec != nil {
				t.Errorf("the wait is over with %+v", rec)
			}
			signal(t, s, "go", true)
			signal(t, s, "go", true)
			if n := len(journalOf(t, s, c).Records); n != 0 {
				t.Errorf("%d steps were recorded behind the back of the holder", n)
			}
			return rests(t, s, c)
		},
		"while the run waits": func(t *testing.T, s *Store, c Claim) Claim {
			must(t, s.Suspend(t.Context(), c, w, Wait{Branch: "b", Signal: "b"}))
			signal(t, s, "go", true)
			return claims(t, s, "r")[0]
		},
		"when the run has just gone on for another": func(t *testing.T, s *Store, c Claim) Claim {
			must(t, s.Suspend(t.Context(), c, w, Wait{Branch: "b", Name: "b", Signal: "b"}))
			signal(t, s, "b", true)
			signal(t, s, "go", true)
			return claims(t, s, "r")[0]
		},
		"when the process has died meanwhile": func(t *testing.T, s *Store, c Claim) Claim {
			_, err := s.Await(t.Context(), c, w)
			must(t, err)
			release(t, s)
			signal(t, s, "go", true)
			return claims(t, s, "r")[0]
		},
	}
	cases(t, tests, func(t *testing.T, s *Store, test test) {
		c := test(t, s, claim(t, s, "r"))
		answers := 0
		for _, r := range journalOf(t, s, c).Records {
			if r.Entry.Branch == "a" && r.Asked == "question" && r.Entry.Kind == step.KindWait && string(r.Entry.Output) == `{"by":"ann"}` {
				answers++
			}
		}
		if answers != 1 {
			t.Errorf("%d answers are on record", answers)
		}
		// It is used up: the next wait for it is another one.
		rec, err := s.Await(t.Context(), c, Wait{Branch: "z", Name: "again", Signal: "go"})
		must(t, err)
		if rec != nil {
			t.Errorf("it answered twice: %+v", rec)
		}
	})
}

func TestTheFirstOfSeveralEarlySignalsCounts(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		for _, payload := range []string{`"first"`, `"second"`} {
			_, err := s.Signal(t.Context(), "go", "answer", json.RawMessage(payload))
			must(t, err)
		}
		_, err := s.Signal(t.Context(), "bad", "answer", json.RawMessage("{{"))
		is(t, "a signal that is no JSON", err, ErrRefused)
		must(t, s.Suspend(t.Context(), c, Wait{Name: "w", Signal: "go"}, Wait{Branch: "b", Signal: "bad"}))
		records := journalOf(t, s, claims(t, s, "r")[0]).Records
		if len(records) != 1 || string(records[0].Entry.Output) != `"first"` {
			t.Errorf("records %+v", records)
		}
	})
}

func TestSignalsThatNobodyWaitsForGoWithOldRuns(t *testing.T) {
	withClock(t, func(t *testing.T, s *Store, clk *clock) {
		signal(t, s, "old", false)
		clk.add(time.Hour)
		limit := clk.now()
		signal(t, s, "new", false)
		_, err := s.Wipe(t.Context(), limit)
		must(t, err)
		c := claim(t, s, "r")
		for name, kept := range map[string]bool{"old": false, "new": true} {
			rec, err := s.Await(t.Context(), c, Wait{Branch: name, Name: "w", Signal: name})
			must(t, err)
			if (rec != nil) != kept {
				t.Errorf("signal %s is kept: %v", name, rec != nil)
			}
		}
	})
}

func TestARunThatIsOverWaitsForNothing(t *testing.T) {
	type test func(t *testing.T, s *Store, c Claim)
	tests := map[string]test{
		"ended":    func(t *testing.T, s *Store, c Claim) { finish(t, s, c) },
		"canceled": func(t *testing.T, s *Store, _ Claim) { cancel(t, s, "r", "ann", StateRunning); release(t, s) },
	}
	cases(t, tests, func(t *testing.T, s *Store, over test) {
		c := claim(t, s, "r")
		_, err := s.Await(t.Context(), c, Wait{Branch: "a", Signal: "go"})
		must(t, err)
		over(t, s, c)
		signal(t, s, "go", false)
		_, err = s.Await(t.Context(), c, Wait{Branch: "a", Signal: "go"})
		is(t, "Await", err, ErrLost)
		is(t, "Suspend for nothing", s.Suspend(t.Context(), c), ErrRefused)
	})
}

// TestAWaitOfAnOlderVersionGoesOn has runs that waited, or were at work behind a
// wait, when their waits were part of their rows.
func TestAWaitOfAnOlderVersionGoesOn(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000).UTC()
	dir := older(t, 6, func(db *sql.DB) {
		for i, r := range []struct {
			id, state, signal, waitsFor string
			step, wake                  any
		}{
			{"timed", "waiting", "", "another try", 1, millis(now)},
			{"woken", "queued", "", "", 1, millis(now)},
			{"asked", "waiting", "go", "ann", 1, nil},
			{"held", "waiting", "hold:k", "more events", -1, millis(now.Add(time.Hour))},
		} {
			exec(t, db, `INSERT INTO runs (id, delivery, source, site, subject, project, issue_key, event_type, actor, trigger_name, target_kind, target,
				revision, catalog, state, ready, open, created_at, epoch, steps, wait_step, wake_at, tries, worked, signal, waits_for)
				VALUES (?, 'd', 'jira', '', ?, 'P', 'P-1', 'e', '', 't', 'agent', 'a', '', '', ?, ?, 1, 1, 1, 1, ?, ?, 2, 1000000, ?, ?)`,
				r.id, fmt.Sprint("issue:", i), r.state, flag(r.state == "queued"), r.step, r.wake, r.signal, r.waitsFor)
			exec(t, db, `INSERT INTO run_work (run, work) VALUES (?, x'7b7d')`, r.id)
			if r.id != "held" {
				oldStep(t, db, r.id, step.Entry{Kind: step.KindModel, Name: "ask"})
			}
		}
	})
	s, err := Open(t.Context(), dir, func() time.Time { return now })
	must(t, err)
	defer func() { must(t, s.Close()) }()
	wake(t, s, 1)
	got := map[string]Journal{}
	for _, c := range claimed(t, s, 10) {
		got[c.Run] = journalOf(t, s, c)
	}
	due := Wait{Step: 1, Until: now, Tries: 2, Worked: time.Second}
	want := map[string]Journal{
		"timed": {Records: []Record{{Asked: "ask", Entry: step.Entry{Kind: step.KindModel, Name: "ask"}}}, Waits: []Waited{{Wait: due, Due: true}}},
		"woken": {Records: []Record{{Asked: "ask", Entry: step.Entry{Kind: step.KindModel, Name: "ask"}}}, Waits: []Waited{{Wait: due, Due: true}}},
	}
	want["timed"].Waits[0].For = "another try"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("journals (-want +got):\n%s", diff)
	}
	signal(t, s, "hold:k", false) // it is not for runs that take events in
	if run, err := s.Join(t.Context(), Lease{}, "hold:k", "d2", func(r Run) (Run, error) { return r, nil }); err != nil || run != "held" {
		t.Errorf("joined %q, %v", run, err)
	}
	signal(t, s, "go", true)
	c := claims(t, s, "asked")[0]
	puts(t, s, c, inBranch("", 2), inBranch("a", 0))
	if n := len(journalOf(t, s, c).Records); n != 4 {
		t.Errorf("%d steps", n)
	}
}
