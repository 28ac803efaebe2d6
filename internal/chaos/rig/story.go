package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/admin/client"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
)

// Story is what the daemons have on record in the end.
type Story struct {
	Runs   []store.Run
	Events []store.Event
	// Steps are the steps of each run, if they were asked for.
	Steps map[string][]step.Entry
}

// Read reads all runs and run events, and with deep also the steps.
func Read(ctx context.Context, c *client.Client, deep bool) (*Story, error) {
	s := &Story{Steps: map[string][]step.Entry{}}
	for before := int64(0); ; {
		query := url.Values{"limit": {"1000"}}
		if before > 0 {
			query.Set("before", strconv.FormatInt(before, 10))
		}
		page, err := c.Runs(ctx, query)
		if err != nil {
			return nil, fmt.Errorf("list runs: %w", err)
		}
		s.Runs = append(s.Runs, page...)
		if len(page) < 1000 {
			break
		}
		before = page[len(page)-1].Seq
	}
	if !deep {
		return s, nil
	}
	err := c.Events(ctx, url.Values{"after": {"0"}, "follow": {"false"}}, func(e store.Event) error {
		s.Events = append(s.Events, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read run events: %w", err)
	}
	for _, r := range s.Runs {
		detail, err := c.Run(ctx, r.ID)
		if err != nil {
			return nil, fmt.Errorf("read run %s: %w", r.ID, err)
		}
		s.Steps[r.ID] = detail.StepList
	}
	return s, nil
}

// Count counts the runs by state.
func (s *Story) Count() map[store.State]int {
	counts := map[store.State]int{}
	for _, r := range s.Runs {
		counts[r.State]++
	}
	return counts
}

// Unfinished describes the runs that failed or are not over.
func (s *Story) Unfinished() []string {
	var list []string
	for _, r := range s.Runs {
		if r.State != store.StateSucceeded {
			list = append(list, fmt.Sprintf("run %s on %s is %s after %d steps: %s%s", r.ID, r.IssueKey, r.State, r.Steps, r.Error, r.WaitsFor))
		}
	}
	return list
}

// Twice describes deliveries that have more than one run.
func (s *Story) Twice() []string {
	first := map[string]string{}
	var list []string
	for _, r := range s.Runs {
		if other, there := first[r.Delivery]; there {
			list = append(list, fmt.Sprintf("delivery %s has the runs %s and %s", r.Delivery, other, r.ID))
		}
		first[r.Delivery] = r.ID
	}
	return list
}

// token finds the event of a run in its steps.
func (s *Story) token(run store.Run) string {
	if t := tokenPattern.FindString(run.Result); t != "" {
		return t
	}
	for _, e := range s.Steps[run.ID] {
		if t := tokenPattern.FindString(string(e.Input) + string(e.Output)); t != "" {
			return t
		}
	}
	return ""
}

// Doubts are the kinds of writes that the daemons marked in doubt, by token.
func (s *Story) Doubts() map[string][]Kind {
	kinds := map[string]Kind{
		"jira_post_comment": Comment, "jira_log_work": Worklog, "jira_create_issue": Create, "jira_add_labels": Label,
		"jira_transition_issue": Transition, "jira_link_issues": Link, "jira_add_remote_link": Remote,
	}
	doubts := map[string][]Kind{}
	for _, r := range s.Runs {
		for _, e := range s.Steps[r.ID] {
			if e.InDoubt {
				token := s.token(r)
				doubts[token] = append(doubts[token], kinds[e.Name])
			}
		}
	}
	return doubts
}

// Repeated describes requests to the model for an answer that was on record
// already: finished steps that were done again.
func (s *Story) Repeated(calls []Call) []string {
	asked := map[string]map[int][]Call{}
	for _, c := range calls {
		if asked[c.Token] == nil {
			asked[c.Token] = map[int][]Call{}
		}
		asked[c.Token][c.Turn] = append(asked[c.Token][c.Turn], c)
	}
	var list []string
	for _, r := range s.Runs {
		token, turn := s.token(r), 0
		for _, e := range s.Steps[r.ID] {
			if e.Kind != step.KindModel {
				continue
			}
			turn++
			for _, c := range asked[token][turn] {
				if c.At.After(e.Finished) {
					list = append(list, fmt.Sprintf("answer %d to %s in run %s was on record at %s, and %s asked for it at %s",
						turn, token, r.ID, e.Finished.Format(clock), c.Daemon, c.At.UTC().Format(clock)))
				}
			}
		}
	}
	return list
}

const clock = "15:04:05.000"

// Loss is the end, or the freezing, of a process.
type Loss struct {
	At time.Time
	// Replica is the process's id; "" for the only one.
	Replica string
	What    string
}

// TakeOver finds for how long runs stood still that a lost process was at work
// on: until they were taken up, and until the next step was on record. Runs that
// were over by then do not count.
func (s *Story) TakeOver(losses []Loss) (up, on Gap, runs int) {
	byRun := map[string][]store.Event{}
	for _, e := range s.Events {
		byRun[e.Run] = append(byRun[e.Run], e)
	}
	for _, loss := range losses {
		for run, events := range byRun {
			rest := behind(events, loss)
			if len(rest) == 0 {
				continue
			}
			runs++
			up.widen(rest[0], loss, run)
			for _, e := range rest {
				if e.Kind != store.EventResumed {
					on.widen(e, loss, run)
					break
				}
			}
		}
	}
	return up, on, runs
}

// Gap is the longest time for which a run stood still.
type Gap struct {
	Took  time.Duration
	Where string
}

func (g *Gap) widen(e store.Event, loss Loss, run string) {
	if took := e.At.Sub(loss.At); took > g.Took {
		*g = Gap{took, fmt.Sprintf("run %s, %s at %s", run, loss.What, loss.At.UTC().Format(clock))}
	}
}

// behind are the events of a run behind the loss of the process that was at work
// on it then; none if no process was, or another one.
func behind(events []store.Event, loss Loss) []store.Event {
	owner, working := "", false
	for i, e := range events {
		if e.At.After(loss.At) {
			if working && (loss.Replica == "" || owner == loss.Replica) {
				return events[i:]
			}
			return nil
		}
		switch e.Kind {
		case store.EventStarted, store.EventResumed:
			var p struct {
				Owner string `json:"owner"`
			}
			_ = json.Unmarshal(e.Payload, &p)
			owner, working = p.Owner, true
		case store.EventWaiting, store.EventFinished, store.EventQueued, store.EventRetried:
			working = false
		}
	}
	return nil
}

// Idle reports whether nothing is left to do.
func Idle(ctx context.Context, c *client.Client) (bool, admin.Status) {
	status, err := c.Status(ctx)
	if err != nil {
		return false, status
	}
	open := status.Deliveries["received"]
	for _, state := range []store.State{store.StateQueued, store.StateRunning, store.StateWaiting} {
		open += status.Runs[state]
	}
	return open == 0, status
}
