package rig

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Report is what a scenario has seen.
type Report struct {
	Name    string
	Took    time.Duration
	rows    [][2]string
	breach  []string
	skipped string
}

// Set adds a line to the table.
func (r *Report) Set(name, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for i := range r.rows {
		if r.rows[i][0] == name {
			r.rows[i][1] = text
			return
		}
	}
	r.rows = append(r.rows, [2]string{name, text})
}

// Breach says that a promise was broken.
func (r *Report) Breach(format string, args ...any) {
	r.breach = append(r.breach, fmt.Sprintf(format, args...))
}

// Skip says why the scenario could not be played.
func (r *Report) Skip(why string) { r.skipped = why }

// Skipped is why the scenario was not played; "" if it was.
func (r *Report) Skipped() string { return r.skipped }

// Broken reports whether a promise was broken.
func (r *Report) Broken() bool { return len(r.breach) > 0 }

// most bounds how much evidence is printed of one kind.
const most = 10

// List says that promises were broken in the same way.
func (r *Report) List(what string, evidence []string) {
	for i, e := range evidence {
		if i == most {
			r.Breach("%s: and %d more", what, len(evidence)-most)
			return
		}
		r.Breach("%s: %s", what, e)
	}
}

// Judged adds the lines that all scenarios have.
func (r *Report) Judged(v Verdict, s *Story, calls []Call, losses []Loss, answers map[int]int) {
	counts := s.Count()
	r.Set("answers to webhooks", "%v (0 for none)", answers)
	r.Set("sent", "%d (%d requests)", v.Sent, v.Tries)
	r.Set("accepted", "%d", v.Accepted)
	r.Set("runs", "%d done, %d failed, %d not over", counts["succeeded"], counts["failed"]+counts["rejected"]+counts["canceled"],
		counts["queued"]+counts["running"]+counts["waiting"])
	r.Set("writes", "%d expected, %d found, %d in doubt", v.Expected, v.Found, v.Doubtful)
	repeated := s.Repeated(calls)
	r.Set("doubled, lost, out of order", "%d, %d, %d", len(v.Doubled), len(v.Lost), len(v.Disordered))
	r.Set("finished steps repeated", "%d", len(repeated))
	if len(losses) > 0 {
		up, on, runs := s.TakeOver(losses)
		r.Set("taken over", "%d runs of %d lost processes", runs, len(losses))
		r.Set("slowest taking up", "%.1f s (%s)", up.Took.Seconds(), up.Where)
		r.Set("slowest next step", "%.1f s (%s)", on.Took.Seconds(), on.Where)
	}
	for status, n := range answers {
		if status/100 == 4 && status != 429 {
			r.Breach("%d webhooks were answered with %d, after which Jira does not try again", n, status)
		}
	}
	r.List("doubled", v.Doubled)
	r.List("lost", v.Lost)
	r.List("out of order", v.Disordered)
	r.List("repeated", repeated)
	r.List("not done", s.Unfinished())
	r.List("two runs", s.Twice())
}

// Print writes the table.
func (r *Report) Print(out io.Writer) {
	verdict := "ok"
	switch {
	case r.skipped != "":
		verdict = "SKIPPED: " + r.skipped
	case r.Broken():
		verdict = fmt.Sprintf("BROKEN in %d ways", len(r.breach))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%.0f s): %s\n", r.Name, r.Took.Seconds(), verdict)
	for _, row := range r.rows {
		fmt.Fprintf(&b, "  %-28s %s\n", row[0], row[1])
	}
	for _, line := range r.breach {
		fmt.Fprintf(&b, "  ! %s\n", line)
	}
	_, _ = io.WriteString(out, b.String())
}
