package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// bounded is a store whose disk is full once limit is called with its size.
func bounded(t *testing.T) (s *Store, limit func(pages string)) {
	t.Helper()
	dir := t.TempDir()
	open(t, dir) // makes the tables
	db, err := sqlite.Open(filepath.Join(dir, FileName), sqlite.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	events := newBroadcast()
	s = &Store{db: db, writer: newWriter(db, events.wake), now: open(t, t.TempDir()).now, events: events}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, func(pages string) {
		if _, err := db.Exec(`PRAGMA max_page_count = ` + pages); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFullDiskRefusesAWholeChangeAndRecovers(t *testing.T) {
	s, limit := bounded(t)
	limit("1") // which is taken for the size that the file has
	big := queuedRun("big", "issue:1")
	big.Work = json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`)
	err := s.Admit(t.Context(), []Run{queuedRun("small", "issue:2"), big}, nil)
	if err == nil || errors.Is(err, ErrRefused) {
		t.Fatalf("Admit = %v, want trouble that passes", err)
	}
	if _, err := s.Run(t.Context(), "small"); !errors.Is(err, ErrNotFound) {
		t.Errorf("half of the change is there: %v", err)
	}
	limit("100000")
	admit(t, s, queuedRun("small", "issue:2"), big)
	if diff := cmp.Diff([]string{"big", "small"}, claimIDs(t, s, 2)); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

// TestAFailedChangeUndoesItselfAlone puts a change that fails between two that
// do not, into one commit.
func TestAFailedChangeUndoesItselfAlone(t *testing.T) {
	s := open(t, t.TempDir())
	release := make(chan struct{})
	var waits []<-chan error
	post := func(fn func(*sql.Tx) error) {
		done, err := s.writer.post(t.Context(), fn)
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, done)
	}
	insert := func(id string) func(*sql.Tx) error {
		return func(tx *sql.Tx) error {
			_, err := tx.Exec(`INSERT INTO revisions (revision, kind, name, source, text) VALUES (?, '', '', '', '')`, id)
			return err
		}
	}
	broken := errors.New("broken")
	post(func(*sql.Tx) error { <-release; return nil }) // so that the others wait together
	post(insert("a"))
	post(func(tx *sql.Tx) error {
		if err := insert("b")(tx); err != nil {
			return err
		}
		return broken
	})
	post(insert("a")) // breaks the primary key
	post(insert("c"))
	close(release)
	var got []string
	for _, wait := range waits {
		switch err := <-wait; {
		case err == nil:
			got = append(got, "ok")
		case errors.Is(err, ErrRefused):
			got = append(got, "refused")
		case errors.Is(err, broken):
			got = append(got, "broken")
		default:
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{"ok", "ok", "broken", "refused", "ok"}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	for id, want := range map[string]bool{"a": true, "b": false, "c": true} {
		if _, err := s.RevisionText(t.Context(), id); errors.Is(err, ErrNotFound) == want {
			t.Errorf("%s is there: %v, want %v", id, !want, want)
		}
	}
}

func TestACanceledCallerDoesNotQueue(t *testing.T) {
	s := open(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	block, blocked := make(chan struct{}), make(chan struct{})
	done, err := s.writer.post(t.Context(), func(*sql.Tx) error { close(blocked); <-block; return nil })
	if err != nil {
		t.Fatal(err)
	}
	<-blocked
	for range queued {
		if _, err := s.writer.post(t.Context(), func(*sql.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Admit(ctx, []Run{queuedRun("r", "issue:1")}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Admit with a full queue = %v, want the context's error", err)
	}
	close(block)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestCloseCarriesOutWhatIsQueued(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	var waits []func() error
	for i := range 300 {
		wait, err := s.PostStep(t.Context(), "r", step.Entry{Index: i, Kind: step.KindTool})
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, wait)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for i, wait := range waits {
		if err := wait(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	if steps, err := open(t, dir).Steps(t.Context(), "r"); err != nil || len(steps) != 300 {
		t.Errorf("%d steps, %v; want all of them", len(steps), err)
	}
	if _, err := s.PostStep(t.Context(), "r", step.Entry{}); !errors.Is(err, ErrClosed) {
		t.Errorf("PostStep after Close = %v, want ErrClosed", err)
	}
}

// TestFinishSurvivesWhatProvidersAndModelsMakeUp ends runs whose numbers and
// texts are of no use: a run that cannot end would hold its subject for ever.
func TestFinishSurvivesWhatProvidersAndModelsMakeUp(t *testing.T) {
	most := int64(math.MaxInt64)
	tests := map[string]struct {
		steps  []step.Entry
		result string
	}{
		"tokens beyond all bounds": {steps: []step.Entry{
			{Index: 0, Kind: step.KindModel, TokensIn: math.MaxInt, TokensOut: math.MaxInt, CostMicroUSD: &most},
			{Index: 1, Kind: step.KindModel, TokensIn: math.MaxInt, TokensOut: math.MaxInt, CostMicroUSD: &most}}},
		"negative tokens":  {steps: []step.Entry{{Index: 0, Kind: step.KindModel, TokensIn: math.MinInt, CostMicroUSD: ptr(int64(-5))}}},
		"text of no text":  {result: "\xff\xfe\x00end"},
		"a very long text": {result: strings.Repeat("long ", 1<<20)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			admit(t, s, queuedRun("r", "issue:1"), queuedRun("next", "issue:1"))
			claimIDs(t, s, 1)
			for _, e := range tt.steps {
				if err := s.RecordStep(t.Context(), "r", e); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Finish(t.Context(), "r", Outcome{State: StateSucceeded, Result: tt.result}); err != nil {
				t.Fatal(err)
			}
			if r, err := s.Run(t.Context(), "r"); err != nil || r.Result != tt.result || r.Steps != len(tt.steps) {
				t.Errorf("run has %d steps and %d bytes of result, %v", r.Steps, len(r.Result), err)
			}
			if got := claimIDs(t, s, 1); len(got) != 1 {
				t.Errorf("claimed %v, want the next run of the subject", got)
			}
		})
	}
}

func TestARunWithAnOpenWriteIsInDoubt(t *testing.T) {
	tests := map[string]struct {
		begun, done []string
		want        bool
	}{
		"no write":              {nil, nil, false},
		"a write that happened": {[]string{"r:1"}, []string{"r:1"}, false},
		"a write left open":     {[]string{"r:1", "r:2"}, []string{"r:1"}, true},
		"a second part":         {[]string{"r:1", "r:1#2"}, []string{"r:1"}, true},
		"another run's":         {[]string{"r2:1", "q:1", "r-1:1"}, nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, t.TempDir())
			admit(t, s, queuedRun("r", "issue:1"))
			claimIDs(t, s, 1)
			for _, id := range tt.begun {
				if _, err := s.Begin(t.Context(), id, "comment", "PROJ-1"); err != nil {
					t.Fatal(err)
				}
			}
			for _, id := range tt.done {
				if err := s.Done(t.Context(), id, "1"); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.Finish(t.Context(), "r", Outcome{State: StateFailed, Error: "out of time"}); err != nil {
				t.Fatal(err)
			}
			if r, err := s.Run(t.Context(), "r"); err != nil || r.InDoubt != tt.want {
				t.Errorf("in doubt: %v, %v; want %v", r.InDoubt, err, tt.want)
			}
		})
	}
}

func TestAnEntryThatIsNoJSONIsRefusedForGood(t *testing.T) {
	s := open(t, t.TempDir())
	if err := s.RecordStep(t.Context(), "r", step.Entry{Output: json.RawMessage("{{")}); !errors.Is(err, ErrRefused) {
		t.Errorf("RecordStep = %v, want ErrRefused", err)
	}
}

func BenchmarkClaimAndFinish(b *testing.B) {
	for _, waiting := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d queued", waiting), func(b *testing.B) {
			s, err := Open(b.Context(), b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			for start := 0; start < waiting; start += 1000 {
				var runs []Run
				for i := start; i < min(start+1000, waiting); i++ {
					r := queuedRun(fmt.Sprint("r", i), fmt.Sprint("issue:", i%(waiting/2)))
					r.Project = fmt.Sprint("P", i%50)
					runs = append(runs, r)
				}
				if err := s.Admit(b.Context(), runs, nil); err != nil {
					b.Fatal(err)
				}
			}
			extra := waiting
			for b.Loop() {
				ids, err := s.Claim(b.Context(), 1)
				if err != nil || len(ids) != 1 {
					b.Fatal(ids, err)
				}
				if err := s.Finish(b.Context(), ids[0], Outcome{State: StateSucceeded}); err != nil {
					b.Fatal(err)
				}
				extra++
				if err := s.Admit(b.Context(), []Run{queuedRun(fmt.Sprint("r", extra), fmt.Sprint("issue:", extra))}, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
