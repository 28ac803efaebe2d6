package manifest

import "time"

// Approval says which calls of an agent people have to approve first.
type Approval struct {
	// Tools are names and globs of tools.
	Tools []string
	// Approvers are account ids, user names, user keys or e-mail addresses; empty
	// for those of daemon.yaml.
	Approvers []string
	// Timeout is when a call that nobody approved is taken for rejected; 0 for a
	// day.
	Timeout time.Duration
	// AllowSelf lets whoever caused the run decide, if an approver.
	AllowSelf bool
}

// Budget is how much may be spent on models. A zero field is no limit.
type Budget struct {
	// USD and Tokens are for each run.
	USD    float64
	Tokens int64
	// USDPerDay is for all runs of one day, by UTC.
	USDPerDay float64
}

// IsZero reports whether nothing is limited.
func (b Budget) IsZero() bool { return b == Budget{} }

// Policy are the rules of daemon.yaml that hold for all agents.
type Policy struct {
	// Budget is for all agents together per day, and for each run.
	Budget Budget
	// BudgetPerIssue is how many dollars may be spent on one issue in a day; 0 for
	// no limit.
	BudgetPerIssue float64
	// Approvers decide where an agent names nobody.
	Approvers []string
	// Mentions are accounts whom agents may mention on every issue.
	Mentions []string
	// WritesPerRun, CommentsPerRun and CommentsPerIssuePerHour bound what agents
	// write; 0 for the policy's defaults.
	WritesPerRun            int
	CommentsPerRun          int
	CommentsPerIssuePerHour int
}
