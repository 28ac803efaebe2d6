package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func projectRun(id, project string) Run {
	r := queuedRun(id, "issue:"+id)
	r.Project = project
	return r
}

func TestProjectsTakeTurns(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 20 {
		admit(t, s, projectRun(fmt.Sprint("big-", i), "BIG"))
	}
	admit(t, s, projectRun("late", "SMALL"), projectRun("later", "SMALL"))
	got, err := s.Claim(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"big-0", "late", "big-1", "later", "big-2"}, got); diff != "" {
		t.Errorf("claimed (-want +got):\n%s", diff)
	}
}

func TestOneProjectOfTwoSitesIsTwoProjects(t *testing.T) {
	s := open(t, t.TempDir())
	for i := range 5 {
		admit(t, s, projectRun(fmt.Sprint("here-", i), "P"))
	}
	there := projectRun("there", "P")
	there.Site = "other"
	admit(t, s, there)
	if got := claimIDs(t, s, 2); !slices.Contains(got, "there") {
		t.Errorf("claimed %v, want each site to have a turn", got)
	}
}

func TestClaimOfNothingWritesNothing(t *testing.T) {
	s := open(t, t.TempDir())
	admit(t, s, queuedRun("r", "issue:1"))
	claimIDs(t, s, 1)
	before, err := s.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := claimIDs(t, s, 5); len(got) != 0 {
		t.Errorf("claimed %v", got)
	}
	if after, err := s.LastEvent(t.Context()); err != nil || after != before {
		t.Errorf("events up to %d, then %d, %v", before, after, err)
	}
}

// TestHotStatementsUseIndexes reads the plans: a statement that runs for each
// run must not look at the others.
func TestHotStatementsUseIndexes(t *testing.T) {
	tests := map[string]struct {
		statement string
		index     string
	}{
		"pick":   {pickSQL, "COVERING INDEX runs_share ((source,site,project)>(?,?,?))"},
		"take":   {takeSQL, "INTEGER PRIMARY KEY (rowid=?)"},
		"end":    {endSQL, "sqlite_autoindex_runs_1 (id=?)"},
		"pass":   {passSQL, "runs_open (source=? AND site=? AND subject=?)"},
		"sum":    {sumSQL, "PRIMARY KEY (run=?)"},
		"admit":  {insertRunSQL, "runs_open (source=? AND site=? AND subject=?)"},
		"events": {runEventsSQL, "(run=?"},
	}
	s := open(t, t.TempDir())
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			args := make([]any, strings.Count(tt.statement, "?"))
			rows, err := s.db.Query("EXPLAIN QUERY PLAN "+tt.statement, args...)
			if err != nil {
				t.Fatal(err)
			}
			defer rows.Close()
			plan := ""
			for rows.Next() {
				var id, parent, unused int
				var detail string
				if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
					t.Fatal(err)
				}
				plan += detail + "\n"
			}
			if !strings.Contains(plan, tt.index) || strings.Contains(plan, "SCAN runs") {
				t.Errorf("plan is\n%s; want it to use %s", plan, tt.index)
			}
		})
	}
}
