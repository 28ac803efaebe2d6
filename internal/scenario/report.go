package scenario

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// Reporter prints results.
type Reporter struct {
	Out io.Writer
	// Verbose shows what happened in the cases that passed, too.
	Verbose bool
}

// Case prints a result as a line, and what is wrong below it.
func (p Reporter) Case(r Result) {
	mark := map[State]string{Passed: "ok     ", Failed: "FAILED ", Broken: "BROKEN ", Skipped: "skipped"}[r.State]
	line := mark + " " + Title(r.Suite, r.Name)
	switch r.State {
	case Skipped:
		line += " (" + r.Reason + ")"
	default:
		line += fmt.Sprintf("  %.2fs", r.Took.Seconds())
	}
	p.print("%s\n", line)
	if r.State == Broken {
		p.print("%s\n", indent(fmt.Sprintf("%s:%d: %s", r.Path, r.Line, r.Reason), "  "))
	}
	for _, f := range r.Failures {
		p.print("  %s:%d: %s\n", r.Path, f.Line, f.What)
		if f.Detail != "" {
			p.print("%s\n", indent(f.Detail, "      "))
		}
	}
	if bad := r.State == Failed || r.State == Broken; (bad || p.Verbose) && len(r.Story) > 0 {
		p.print("  what happened:\n%s\n", indent(strings.Join(r.Story, "\n"), "    "))
		if len(r.Log) > 0 && bad {
			p.print("  the daemon's log:\n%s\n", indent(strings.Join(r.Log, "\n"), "    "))
		}
	}
	if r.Recorded != "" {
		p.print("  recorded: %s\n", r.Recorded)
	}
	if r.Kept != "" {
		p.print("  kept: %s\n", r.Kept)
	}
}

// Sum prints how many cases ended how.
func (p Reporter) Sum(results []Result, took time.Duration) {
	count := Count(results)
	var parts []string
	for _, s := range []State{Passed, Failed, Broken, Skipped} {
		if count[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[s], s))
		}
	}
	if len(parts) == 0 {
		parts = []string{"no case"}
	}
	p.print("%s in %.1fs\n", strings.Join(parts, ", "), took.Seconds())
}

func (p Reporter) print(format string, args ...any) { _, _ = fmt.Fprintf(p.Out, format, args...) }

// Count counts results by their states.
func Count(results []Result) map[State]int {
	count := map[State]int{}
	for _, r := range results {
		count[r.State]++
	}
	return count
}

// WriteJSON writes the results as a list.
func WriteJSON(out io.Writer, results []Result) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	if results == nil {
		results = []Result{}
	}
	if err := enc.Encode(results); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}

// The form that build servers read
// (https://github.com/testmoapp/junitxml describes what they agree on).
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string     `xml:"name,attr"`
	Class   string     `xml:"classname,attr"`
	File    string     `xml:"file,attr"`
	Line    int        `xml:"line,attr"`
	Time    string     `xml:"time,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Error   *junitText `xml:"error,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the results as JUnit's XML, one suite for each file.
func WriteJUnit(out io.Writer, results []Result) error {
	var doc junitSuites
	var total time.Duration
	for _, r := range results {
		last := len(doc.Suites) - 1
		if last < 0 || doc.Suites[last].Name != r.Path {
			doc.Suites, total = append(doc.Suites, junitSuite{Name: r.Path}), 0
			last++
		}
		s := &doc.Suites[last]
		total += r.Took
		s.Tests++
		s.Time = seconds(total)
		s.Cases = append(s.Cases, junitOf(r, s))
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	enc := xml.NewEncoder(out)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func junitOf(r Result, s *junitSuite) junitCase {
	c := junitCase{Name: r.Name, Class: r.Path, File: r.Path, Line: r.Line, Time: seconds(r.Took)}
	var lines []string
	for _, f := range r.Failures {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", r.Path, f.Line, f.What))
		if f.Detail != "" {
			lines = append(lines, indent(f.Detail, "    "))
		}
	}
	switch r.State {
	case Failed:
		s.Failures++
		c.Failure = &junitText{Message: r.Failures[0].What, Text: strings.Join(lines, "\n")}
	case Broken:
		s.Errors++
		c.Error = &junitText{Message: r.Reason, Text: strings.Join(lines, "\n")}
	case Skipped:
		s.Skipped++
		c.Skipped = &junitText{Message: r.Reason}
	}
	if r.State == Failed || r.State == Broken {
		c.Out = strings.Join(r.Story, "\n")
	}
	return c
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
