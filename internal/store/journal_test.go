package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
)

func TestAJournalIsReadAsItWasRecorded(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		at := time.UnixMilli(1_800_000_000_000).UTC()
		want := []Record{
			{Asked: "ask", Worked: 1500 * time.Microsecond, Entry: step.Entry{Index: 0, Kind: step.KindModel, Name: "ask gpt", Started: at,
				Finished: at.Add(time.Second), Input: json.RawMessage(`{"a":"\u0000"}`), Output: json.RawMessage(`[1]`), Model: "gpt",
				TokensIn: 3, CostMicroUSD: ptr(int64(7)), Attempts: 2, Decision: "allow", Target: "PROJ-1"}},
			{Pos: 1, Asked: "", Entry: step.Entry{Index: 1, Kind: step.KindTool}},
			{Pos: 2, Asked: "late", Worked: time.Hour, Clock: 2 * time.Hour, Entry: step.Entry{Index: 2, Kind: step.KindTool, Name: "late", Error: "too late"},
				Failure: &step.Failure{Step: "late", Reason: step.ReasonTimeout, Message: "too late"}},
		}
		for _, r := range want {
			must(t, put(s, c, r))
		}
		j, err := s.Journal(t.Context(), c)
		must(t, err)
		if diff := cmp.Diff(Journal{Records: want}, j); diff != "" {
			t.Errorf("journal (-want +got):\n%s", diff)
		}
		steps, err := s.Steps(t.Context(), "r")
		must(t, err)
		if len(steps) != 3 || steps[2].Name != "late" {
			t.Errorf("steps are %+v", steps)
		}
	})
}

func TestARunIsAsExpensiveAsItsSteps(t *testing.T) {
	known, other, most := int64(120), int64(80), int64(math.MaxInt64)
	type test struct {
		steps []step.Entry
		want  Run
	}
	tests := map[string]test{
		"no model call": {
			steps: []step.Entry{{Kind: step.KindTool}},
			want:  Run{Steps: 1, CostMicroUSD: new(int64)},
		},
		"known prices add up": {
			steps: []step.Entry{
				{Kind: step.KindModel, TokensIn: 10, TokensCached: 4, TokensOut: 2, CostMicroUSD: &known},
				{Kind: step.KindTool, InDoubt: true},
				{Kind: step.KindModel, TokensIn: 5, TokensOut: 1, CostMicroUSD: &other},
			},
			want: Run{Steps: 3, TokensIn: 15, TokensCached: 4, TokensOut: 3, InDoubt: true, CostMicroUSD: ptr(known + other)},
		},
		"one unknown price makes the sum unknown": {
			steps: []step.Entry{{Kind: step.KindModel, TokensIn: 1, CostMicroUSD: &known}, {Kind: step.KindModel, TokensIn: 1},
				{Kind: step.KindModel, CostMicroUSD: &known}},
			want: Run{Steps: 3, TokensIn: 2},
		},
		"counts beyond all bounds": {
			steps: []step.Entry{
				{Kind: step.KindModel, TokensIn: math.MaxInt, TokensCached: math.MaxInt, TokensOut: math.MaxInt, CostMicroUSD: &most},
				{Kind: step.KindModel, TokensIn: math.MaxInt, TokensCached: math.MaxInt, TokensOut: math.MaxInt, CostMicroUSD: &most}},
			want: Run{Steps: 2, TokensIn: 2 * mostTokens, TokensCached: 2 * mostTokens, TokensOut: 2 * mostTokens, CostMicroUSD: ptr(int64(2 * mostTokens))},
		},
		"negative counts": {
			steps: []step.Entry{{Kind: step.KindModel, TokensIn: math.MinInt, TokensOut: -1, CostMicroUSD: ptr(int64(-5))}},
			want:  Run{Steps: 1, CostMicroUSD: new(int64)},
		},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		admit(t, s, "issue:1", "r", "next")
		c := claimOf(t, s, "r")
		for i, e := range tt.steps {
			e.Index = i
			record(t, s, c, e, e) // an answer got lost
		}
		compare := func(when string) {
			r := get(t, s, "r")
			got := Run{Steps: r.Steps, TokensIn: r.TokensIn, TokensCached: r.TokensCached, TokensOut: r.TokensOut,
				InDoubt: r.InDoubt, CostMicroUSD: r.CostMicroUSD}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("totals %s (-want +got):\n%s", when, diff)
			}
		}
		compare("at work")
		finish(t, s, c)
		compare("at the end")
		claimOf(t, s, "next")
	})
}

func TestStepsAreRecordedInOrderOnly(t *testing.T) {
	tests := map[string]struct {
		index int
		want  error
	}{
		"the next":         {2, nil},
		"the last again":   {1, nil},
		"one before":       {0, ErrRefused},
		"one too far":      {3, ErrRefused},
		"a negative index": {-1, ErrRefused},
		"beyond all":       {math.MaxInt32, ErrRefused},
	}
	onEachStore(t, func(t *testing.T, s *Store) {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				reset(t, s)
				c := claim(t, s, "r")
				record(t, s, c, toolStep(0), toolStep(1))
				e := toolStep(tt.index)
				e.Output = json.RawMessage(`"other"`)
				is(t, "Record", put(s, c, Record{Entry: e}), tt.want)
				r := get(t, s, "r")
				if want := max(2, tt.index+1); tt.want == nil && r.Steps != want {
					t.Errorf("%d steps, want %d", r.Steps, want)
				}
				steps, err := s.Steps(t.Context(), "r")
				must(t, err)
				if len(steps) != r.Steps || steps[1].Output != nil || len(kinds(t, s, "r")) != r.Steps+2 {
					t.Errorf("%d steps, of which %v are on record; events %v", r.Steps, steps, kinds(t, s, "r"))
				}
			})
		}
	})
}

// TestWhatIsWrittenUnderAnOldClaimIsRefused has claims that came to their end in
// every way that there is.
func TestWhatIsWrittenUnderAnOldClaimIsRefused(t *testing.T) {
	tests := map[string]func(t *testing.T, s *Store, c Claim){
		"given back": func(t *testing.T, s *Store, _ Claim) {
			_, err := s.Release(t.Context(), me)
			must(t, err)
		},
		"taken up again": func(t *testing.T, s *Store, _ Claim) {
			_, err := s.Release(t.Context(), me)
			must(t, err)
			if c := claimOf(t, s, "r"); c.Epoch != 2 {
				t.Errorf("epoch is %d, want 2", c.Epoch)
			}
		},
		"over under another claim": func(t *testing.T, s *Store, _ Claim) {
			_, err := s.Release(t.Context(), me)
			must(t, err)
			finish(t, s, claimOf(t, s, "r"))
		},
		"failed and tried again": func(t *testing.T, s *Store, c Claim) {
			end(t, s, c, StateFailed)
			must(t, s.Retry(t.Context(), "r", "ann"))
		},
		"waited and went on": func(t *testing.T, s *Store, c Claim) {
			suspend(t, s, c, Wait{Signal: "go"})
			_, err := s.Signal(t.Context(), "go", "approval", nil)
			must(t, err)
			claimOf(t, s, "r")
		},
	}
	cases(t, tests, func(t *testing.T, s *Store, lose func(*testing.T, *Store, Claim)) {
		c := claim(t, s, "r")
		lose(t, s, c)
		before, events := get(t, s, "r"), kinds(t, s, "r")
		_, err := s.Journal(t.Context(), c)
		is(t, "Journal", err, ErrLost)
		is(t, "Record", put(s, c, Record{Entry: toolStep(before.Steps)}), ErrLost)
		is(t, "Finish", s.Finish(t.Context(), c, Outcome{State: StateFailed}), ErrLost)
		if err := s.Suspend(t.Context(), c, Wait{Signal: "x"}); err != nil && !errors.Is(err, ErrLost) {
			t.Errorf("Suspend = %v", err)
		}
		if diff := cmp.Diff(before, get(t, s, "r")); diff != "" {
			t.Errorf("the run changed (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff(events, kinds(t, s, "r")); diff != "" {
			t.Errorf("its events changed (-before +after):\n%s", diff)
		}
	})
}

func TestARunThatIsNotThereCannotBeChanged(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := Claim{Run: "nobody", Epoch: 1}
		_, err := s.Journal(t.Context(), c)
		is(t, "Journal", err, ErrLost)
		is(t, "Record", put(s, c, Record{Entry: toolStep(0)}), ErrLost)
		is(t, "Finish", s.Finish(t.Context(), c, Outcome{State: StateFailed}), ErrNotFound)
		is(t, "Suspend", s.Suspend(t.Context(), c, Wait{}), ErrNotFound)
		is(t, "Retry", s.Retry(t.Context(), "nobody", "ann"), ErrNotFound)
		_, err = s.Cancel(t.Context(), "nobody", "ann")
		is(t, "Cancel", err, ErrNotFound)
		_, err = s.Run(t.Context(), "nobody")
		is(t, "Run", err, ErrNotFound)
		_, err = s.RevisionText(t.Context(), "nobody")
		is(t, "RevisionText", err, ErrNotFound)
	})
}

// TestAChangeWhoseAnswerGotLostIsRepeated makes each change twice, as those do
// who cannot tell whether it happened.
func TestAChangeWhoseAnswerGotLostIsRepeated(t *testing.T) {
	tests := map[string]func(t *testing.T, s *Store, c Claim) error{
		"Admit": func(t *testing.T, s *Store, _ Claim) error {
			return s.Admit(t.Context(), Lease{}, []Run{queuedRun("x", "y")}, nil)
		},
		"Record": func(t *testing.T, s *Store, c Claim) error {
			return put(s, c, Record{Entry: toolStep(0)})
		},
		"Finish": func(t *testing.T, s *Store, c Claim) error {
			return s.Finish(t.Context(), c, Outcome{State: StateFailed})
		},
		"Suspend": func(t *testing.T, s *Store, c Claim) error {
			return s.Suspend(t.Context(), c, Wait{Signal: "x", Attempt: true})
		},
		"Cancel": func(t *testing.T, s *Store, c Claim) error {
			_, err := s.Cancel(t.Context(), c.Run, "ann")
			return err
		},
		"Release": func(t *testing.T, s *Store, _ Claim) error {
			_, err := s.Release(t.Context(), me)
			return err
		},
		"Revive": func(t *testing.T, s *Store, _ Claim) error {
			_, err := s.Revive(t.Context(), time.Hour)
			return err
		},
		"Done": func(t *testing.T, s *Store, _ Claim) error { return s.Done(t.Context(), "r:0", "10500") },
	}
	cases(t, tests, func(t *testing.T, s *Store, change func(*testing.T, *Store, Claim) error) {
		c := claim(t, s, "r")
		must(t, change(t, s, c))
		once, events := get(t, s, "r"), kinds(t, s, "")
		must(t, change(t, s, c))
		if diff := cmp.Diff(once, get(t, s, "r")); diff != "" {
			t.Errorf("the second time changed (-once +twice):\n%s", diff)
		}
		if diff := cmp.Diff(events, kinds(t, s, "")); diff != "" {
			t.Errorf("the second time told (-once +twice):\n%s", diff)
		}
	})
}

func TestAnEntryThatIsNoJSONIsRefusedForGood(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		e := toolStep(0)
		e.Output = json.RawMessage("{{")
		is(t, "Record", put(s, c, Record{Entry: e}), ErrRefused)
		record(t, s, c, toolStep(0))
	})
}

// TestADamagedJournalIsToldFromADatabaseThatIsAway damages each part of one.
func TestADamagedJournalIsToldFromADatabaseThatIsAway(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		for column, damage := range map[string]string{
			"entry":   `UPDATE run_steps SET entry = ? WHERE run = ?`,
			"failure": `UPDATE run_steps SET failure = ? WHERE run = ?`,
			"rewinds": `UPDATE runs SET rewinds = ? WHERE id = ?`,
		} {
			c := claim(t, s, column)
			record(t, s, c, toolStep(0))
			must(t, s.writer.do(t.Context(), func(tx tx) error {
				value := any([]byte("{{"))
				if column == "rewinds" {
					value = "1,x"
				}
				_, err := tx.exec(damage, value, c.Run)
				return err
			}))
			_, err := s.Journal(t.Context(), c)
			is(t, column, err, ErrDamaged)
		}
		c := claim(t, s, "away")
		must(t, s.Close())
		if _, err := s.Journal(t.Context(), c); err == nil || errors.Is(err, ErrDamaged) {
			t.Errorf("Journal of a closed store = %v", err)
		}
	})
}

// TestARunEndsWhateverItsResultLooksLike ends runs whose texts are of no use: a
// run that cannot end would hold its subject for ever.
func TestARunEndsWhateverItsResultLooksLike(t *testing.T) {
	type test struct{ result, want string }
	tests := map[string]test{
		"nothing":          {"", ""},
		"text of no text":  {"\xff\xfe\x00end", "\uFFFD\uFFFDend"},
		"a very long text": {strings.Repeat("long ", 1<<20), strings.Repeat("long ", 1<<20)},
		"a question":       {"what? $1 {clock} 'x'", "what? $1 {clock} 'x'"},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		admit(t, s, "issue:1", "r", "next")
		must(t, s.Finish(t.Context(), claimOf(t, s, "r"), Outcome{State: StateSucceeded, Result: tt.result, Error: tt.result}))
		if r := get(t, s, "r"); r.Result != tt.want || r.Error != tt.want {
			t.Errorf("result has %d bytes and the error %d, want %d", len(r.Result), len(r.Error), len(tt.want))
		}
		claimOf(t, s, "next")
	})
}

func TestARunWithAnOpenWriteIsInDoubt(t *testing.T) {
	type test struct {
		begun, done []string
		want        bool
	}
	tests := map[string]test{
		"no write":              {nil, nil, false},
		"a write that happened": {[]string{"r:1"}, []string{"r:1"}, false},
		"a write left open":     {[]string{"r:1", "r:2"}, []string{"r:1"}, true},
		"a second part":         {[]string{"r:1", "r:1#2"}, []string{"r:1"}, true},
		"after a rewind":        {[]string{"r:1", "r:1.1"}, []string{"r:1"}, true},
		"another run's":         {[]string{"r2:1", "q:1", "r-1:1"}, nil, false},
	}
	cases(t, tests, func(t *testing.T, s *Store, tt test) {
		c := claim(t, s, "r")
		for _, id := range tt.begun {
			_, err := s.Begin(t.Context(), id, "comment", "PROJ-1")
			must(t, err)
		}
		for _, id := range tt.done {
			must(t, s.Done(t.Context(), id, "1"))
		}
		end(t, s, c, StateFailed)
		if r := get(t, s, "r"); r.InDoubt != tt.want {
			t.Errorf("in doubt: %v, want %v", r.InDoubt, tt.want)
		}
	})
}

func TestALongRunIsReadInOrder(t *testing.T) {
	onEachStore(t, func(t *testing.T, s *Store) {
		c := claim(t, s, "r")
		for i := range 120 { // more than two digits, whose order is not that of their texts
			record(t, s, c, toolStep(i))
		}
		j, err := s.Journal(t.Context(), c)
		must(t, err)
		for i, r := range j.Records {
			if r.Entry.Index != i || r.Asked != fmt.Sprint("tool-", i) {
				t.Fatalf("record %d is %+v", i, r)
			}
		}
		if len(j.Records) != 120 {
			t.Errorf("%d records", len(j.Records))
		}
	})
}
