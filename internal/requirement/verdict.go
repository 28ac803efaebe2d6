package requirement

import (
	"slices"
	"strings"
)

// Verdict is how far a requirement is fulfilled, found out from its issues and test
// cases alone.
type Verdict string

// The verdicts, from the worst to the best, and of what is not asked for any more.
const (
	// NoIssue: nothing is done about it.
	NoIssue Verdict = "missing"
	// Changing: it changed since an issue was made for it, so what was done may not be
	// what is asked for.
	Changing Verdict = "to be reviewed"
	// NotStarted: it has issues, none of them begun.
	NotStarted Verdict = "to do"
	// InProgress: some of its issues are begun or done, not all of them done.
	InProgress Verdict = "in progress"
	// Untested: its issues are done, and no test case covers it, or one was not run.
	Untested Verdict = "not tested"
	// FailedTest: its issues are done, and a test case failed.
	FailedTest Verdict = "test failed"
	// Fulfilled: its issues are done, and, where test cases are looked at, it has some,
	// none of which failed or, as far as the plan tells, was not run.
	Fulfilled Verdict = "done"
	// Withdrawn: the page does not state it any more.
	Withdrawn Verdict = "withdrawn"
)

// Verdicts lists all verdicts in the order in which they are counted for people.
func Verdicts() []Verdict {
	return []Verdict{Fulfilled, FailedTest, Untested, InProgress, NotStarted, Changing, NoIssue, Withdrawn}
}

// CategoryDone is the key of the category of Jira's statuses in which nothing is left
// to do (https://developer.atlassian.com/cloud/jira/platform/rest/v2/api-group-workflow-status-categories/).
const CategoryDone = "done"

// categoryNew is the key of the category of statuses in which nothing has begun.
const categoryNew = "new"

// dropped are the names of resolutions by which an issue ends without its work done.
func dropped() []string {
	return []string{"wont do", "won t do", "wont fix", "won t fix", "duplicate", "declined", "cannot reproduce", "abandoned", "rejected", "obsolete"}
}

// Dropped reports whether an issue ended without its work done, by the name of its
// resolution.
func (i IssueInfo) Dropped() bool {
	return slices.Contains(dropped(), strings.Join(words(i.Resolution), " "))
}

// Done reports whether an issue's work is done.
func (i IssueInfo) Done() bool { return i.Category == CategoryDone && !i.Dropped() }

// Verdict is how far the requirement of a row is fulfilled. tested says whether test
// cases were looked at.
func (r Row) Verdict(tested bool) Verdict {
	if r.State == Removed {
		return Withdrawn
	}
	living, done, begun, stale := 0, 0, 0, false
	for _, i := range r.Issues {
		if i.Missing || i.Dropped() {
			continue
		}
		living++
		stale = stale || i.Stale
		switch i.Category {
		case CategoryDone:
			done++
		case categoryNew:
		default:
			begun++
		}
	}
	switch {
	case living == 0:
		return NoIssue
	case stale:
		return Changing
	case done+begun == 0:
		return NotStarted
	case done < living:
		return InProgress
	case r.came(Failed):
		return FailedTest
	case tested && len(r.Cases) == 0, r.came(NotRun):
		return Untested
	}
	return Fulfilled
}

// came reports whether a test case of the requirement had an outcome.
func (r Row) came(outcome string) bool {
	return slices.ContainsFunc(r.Cases, func(c Case) bool { return c.Outcome == outcome })
}
