// Package doctor looks at everything that a daemon depends on, and says of each
// thing that it is well, or what to do about it. Checks run at the same time, each
// within its time, and are told in the order in which they are given.
package doctor

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// State is how well something is.
type State string

// The states. A warning keeps nothing from working today; what was skipped cannot
// be told.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Result is one finding.
type Result struct {
	// Subject is what was looked at, such as "jira main"; Check what of it.
	Subject string `json:"subject"`
	Check   string `json:"check"`
	State   State  `json:"state"`
	// Detail is what was found, Cure what to do about it.
	Detail string `json:"detail,omitempty"`
	Cure   string `json:"cure,omitempty"`
}

// Check looks at one subject.
type Check struct {
	Subject string
	// Name is told if the check does not end in time.
	Name string
	Run  func(ctx context.Context) []Result
}

// Timeout bounds a check unless the caller says otherwise.
const Timeout = 30 * time.Second

// Run carries out all checks at once and returns their results in the order of
// the checks. One that does not end within the limit, or panics, has failed; it is
// not waited for. Secrets are replaced wherever they stand.
func Run(ctx context.Context, checks []Check, limit time.Duration, secrets []string) []Result {
	found := make([][]Result, len(checks))
	var all sync.WaitGroup
	for i, c := range checks {
		all.Go(func() { found[i] = c.within(ctx, limit) })
	}
	all.Wait()
	list := []Result{}
	for i, c := range checks {
		for _, r := range found[i] {
			r.Subject = c.Subject
			r.Detail, r.Cure = oneLine(clean(r.Detail, secrets)), oneLine(clean(r.Cure, secrets))
			list = append(list, r)
		}
	}
	return list
}

// within runs a check for no longer than the limit.
func (c Check) within(ctx context.Context, limit time.Duration) []Result {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan []Result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- []Result{fail(c.Name, fmt.Sprintf("the check itself broke: %v", p), "")}
			}
		}()
		done <- c.Run(ctx)
	}()
	select {
	case results := <-done:
		return results
	case <-ctx.Done():
	}
	// What ends because of the context has something better to say.
	select {
	case results := <-done:
		return results
	case <-time.After(time.Second):
		return []Result{fail(c.Name, fmt.Sprintf("no answer within %s", limit), "see whether the other side hangs or a firewall swallows the packets")}
	}
}

// Bad reports whether anything has failed.
func Bad(list []Result) bool {
	for _, r := range list {
		if r.State == Failed {
			return true
		}
	}
	return false
}

// minSecret is the length below which a value is too common to be looked for.
const minSecret = 8

func clean(text string, secrets []string) string {
	for _, s := range secrets {
		if len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	return text
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// Found makes a finding for the checks of others.
func Found(check string, state State, detail, cure string) Result {
	return Result{Check: check, State: state, Detail: detail, Cure: cure}
}

func good(check, detail string) Result       { return Found(check, OK, detail, "") }
func warn(check, detail, cure string) Result { return Found(check, Warning, detail, cure) }
func fail(check, detail, cure string) Result { return Found(check, Failed, detail, cure) }
func skip(check, detail string) Result       { return Found(check, Skipped, detail, "") }
