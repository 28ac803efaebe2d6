// Package scenario runs scenario tests: cases in YAML that say what is in Jira,
// what happens there, what the models answer, and what is expected. Each case has
// a sandbox and a daemon of its own, in process. The daemon is the one that serve
// runs and is reached by signed webhooks over HTTP only; no Jira and no model's
// key is needed.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aofctl/aofctl/internal/manifest"
)

// DefaultTimeout bounds a case that sets no time of its own.
const DefaultTimeout = 2 * time.Minute

// Options say how cases are run.
type Options struct {
	// Version is the program's.
	Version string
	// Parallel is how many cases run at a time; less than 1 for one.
	Parallel int
	// Timeout bounds each case that sets no time of its own; 0 for DefaultTimeout.
	Timeout time.Duration
	// Record asks the configured models once, and keeps their answers, for the
	// cases that name a recording.
	Record bool
	// Env looks up the keys of models while answers are recorded. Nothing else
	// reads it.
	Env func(string) (string, bool)
	// Keep is a directory for the configuration, the storage and the log of each
	// case; "" to remove them.
	Keep string
	// Known are the tools of the program, by which short forms are read.
	Known manifest.Known
}

// State is how a case ended.
type State string

// The states of a case. A broken one could not be played: the configuration is
// wrong, or something did not come to an end.
const (
	Passed  State = "passed"
	Failed  State = "failed"
	Broken  State = "broken"
	Skipped State = "skipped"
)

// Failure is an expectation that was not met.
type Failure struct {
	// Line is where the expectation stands in the file.
	Line int `json:"line"`
	// What says in a line what is wrong, Detail the difference in several.
	What   string `json:"what"`
	Detail string `json:"detail,omitempty"`
}

// Result is what became of a case.
type Result struct {
	Path  string        `json:"path"`
	Line  int           `json:"line"`
	Suite string        `json:"suite,omitempty"`
	Name  string        `json:"name"`
	State State         `json:"state"`
	Took  time.Duration `json:"took_ns"`
	// Reason is why a case was skipped or is broken.
	Reason   string    `json:"reason,omitempty"`
	Failures []Failure `json:"failures,omitempty"`
	// Story is what happened, in lines.
	Story []string `json:"story,omitempty"`
	// Log is what the daemon warned of.
	Log []string `json:"log,omitempty"`
	// ModelCalls, Tokens and CostMicroUSD are those of all runs; the cost is nil if
	// some price is not known.
	ModelCalls   int    `json:"model_calls"`
	Tokens       int64  `json:"tokens"`
	CostMicroUSD *int64 `json:"cost_micro_usd"`
	// Kept is the directory with the case's files, Recorded the file that was
	// written.
	Kept     string `json:"kept,omitempty"`
	Recorded string `json:"recorded,omitempty"`
}

// Title is the name of a case with that of its file's suite.
func Title(suite, name string) string {
	if suite == "" {
		return name
	}
	return suite + ": " + name
}

// Run runs the cases and calls each, if it is not nil, with every result in the
// order of the cases. The results are in that order too.
func Run(ctx context.Context, cases []*manifest.Scenario, opts Options, each func(Result)) ([]Result, error) {
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	books := newBooks()
	results := make([]Result, len(cases))
	ready := make([]chan struct{}, len(cases))
	for i := range ready {
		ready[i] = make(chan struct{})
	}
	next := make(chan int)
	var work sync.WaitGroup
	for range max(1, opts.Parallel) {
		work.Go(func() {
			for i := range next {
				results[i] = runCase(ctx, cases[i], opts, books)
				close(ready[i])
			}
		})
	}
	go func() {
		defer close(next)
		for i := range cases {
			next <- i
		}
	}()
	for i := range cases {
		<-ready[i]
		if each != nil {
			each(results[i])
		}
	}
	work.Wait()
	return results, errors.Join(books.write(), ctx.Err())
}

// runCase runs one case in a directory of its own.
func runCase(ctx context.Context, s *manifest.Scenario, opts Options, books *books) (r Result) {
	r = Result{Path: s.Path, Line: s.Line, Suite: s.Suite, Name: s.Name, State: Skipped, Reason: s.Skip}
	if s.Skip != "" {
		return r
	}
	if err := ctx.Err(); err != nil {
		r.State, r.Reason = Broken, "it was not begun: "+err.Error()
		return r
	}
	began := time.Now()
	defer func() { r.Took = time.Since(began) }()
	dir, remove, err := caseDirectory(s, opts.Keep)
	if err != nil {
		r.State, r.Reason = Broken, err.Error()
		return r
	}
	defer remove()
	if opts.Keep != "" {
		r.Kept = dir
	}
	timeout := opts.Timeout
	if s.Timeout > 0 {
		timeout = s.Timeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the case took longer than %s", timeout))
	defer cancel()
	w := &world{scenario: s, opts: opts, dir: dir, clock: newClock(s.Given.Now), books: books}
	err = w.play(ctx)
	w.fill(&r)
	r.State = Passed
	switch {
	case err != nil && context.Cause(ctx) != nil && !errors.Is(context.Cause(ctx), context.Canceled):
		r.State, r.Reason = Broken, fmt.Sprintf("%s: %s", context.Cause(ctx), err)
	case err != nil:
		r.State, r.Reason = Broken, err.Error()
	case len(r.Failures) > 0:
		r.State = Failed
	}
	return r
}

// caseDirectory makes the place for a case's files.
func caseDirectory(s *manifest.Scenario, keep string) (dir string, remove func(), err error) {
	if keep == "" {
		dir, err = os.MkdirTemp("", "aofctl-test-")
		if err != nil {
			return "", nil, fmt.Errorf("make directory for the case: %w", err)
		}
		return dir, func() { _ = os.RemoveAll(dir) }, nil
	}
	dir = filepath.Join(keep, slug(Title(filepath.Base(filepath.Dir(s.Path))+" "+s.Suite, s.Name))+fmt.Sprintf("-%d", s.Line))
	if err = os.RemoveAll(dir); err == nil {
		err = os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return "", nil, fmt.Errorf("make directory for the case: %w", err)
	}
	return dir, func() {}, nil
}

// slug is a text as a file's name.
func slug(s string) string {
	out := []rune{}
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z':
			out = append(out, r)
		case len(out) > 0 && out[len(out)-1] != '-':
			out = append(out, '-')
		}
		if len(out) >= 80 {
			break
		}
	}
	return string(out)
}
