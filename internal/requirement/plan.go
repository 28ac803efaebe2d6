package requirement

import (
	"regexp"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/markup/doc"
)

// The kinds of test cases.
const (
	Positive = "positive"
	Negative = "negative"
	Edge     = "edge"
)

// Kinds are the kinds of test cases that each requirement should have.
func Kinds() []string { return []string{Positive, Negative, Edge} }

// The outcomes of test cases.
const (
	Passed = "passed"
	Failed = "failed"
	NotRun = "not run"
)

// Case is a test case as a plan's table has it.
type Case struct {
	ID string
	// Requirements and Criteria are names as they stand in the table.
	Requirements []string
	Criteria     []string
	// Kind is one of [Kinds]; "" if the table says something else, which is Said.
	Kind     string
	Said     string
	Title    string
	Steps    string
	Expected string
	// Version is the version of the specification that it was written for; 0 if the
	// table does not tell.
	Version int
	// Outcome is [Passed], [Failed] or [NotRun]; "" if the table does not tell.
	Outcome string
	// Obsolete is true if the kind says that the case does not count any more.
	Obsolete bool
	// Row counts all cases of the page, from 1.
	Row int
}

// Plan is what a page says about tests.
type Plan struct {
	Cases []Case
	// Tables counts the tables of test cases.
	Tables int
}

// The columns of a table of test cases, as planColumns returns them.
const (
	colID = iota
	colCriterion
	colRequirement
	colKind
	colTitle
	colSteps
	colExpected
	colVersion
	colOutcome
)

func planNames() [][]string {
	return [][]string{
		{"id", "case", "test case id", "test id", "tc", "case id", "test case", "no", "nr", "testfall"},
		{"criterion", "criteria", "acceptance criterion", "acceptance criteria", "ac", "kriterium", "akzeptanzkriterium"},
		{"requirement", "requirements", "requirement id", "req", "req id", "covers", "reference", "traces to", "anforderung"},
		{"kind", "type", "category", "test type", "case type", "art", "typ"},
		{"title", "test", "name", "summary", "test case", "scenario", "description", "objective", "titel"},
		{"steps", "test steps", "action", "actions", "procedure", "schritte", "steps to execute", "input"},
		{"expected", "expected result", "expected results", "expected outcome", "result", "erwartet", "erwartetes ergebnis", "then"},
		{"version", "spec version", "page version", "specification version"},
		{"outcome", "last outcome", "test result", "last result", "actual result", "verdict", "execution", "status", "ergebnis"},
	}
}

// planColumns finds the columns of a table of test cases; false for other tables: a
// case refers to a requirement and has a kind, steps or a result.
func planColumns(header *doc.Node) ([]int, bool) {
	at := columns(header, planNames()...)
	refers := at[colRequirement] >= 0 || at[colCriterion] >= 0
	return at, refers && (at[colExpected] >= 0 || at[colSteps] >= 0 || at[colKind] >= 0 && (at[colID] >= 0 || at[colTitle] >= 0))
}

// maxCases bounds how many test cases are read.
const maxCases = 2000

// ReadPlan reads the test cases of a page's document, wherever its tables are.
func ReadPlan(page *doc.Node) Plan {
	var p Plan
	p.read(page.Children, 0)
	return p
}

func (p *Plan) read(list []*doc.Node, depth int) {
	for _, n := range list {
		if n.Kind == doc.Table {
			p.table(n)
			continue
		}
		if !n.Inline() && depth < doc.MaxDepth {
			p.read(n.Children, depth+1)
		}
	}
}

func (p *Plan) table(n *doc.Node) {
	if len(n.Children) == 0 {
		return
	}
	at, ok := planColumns(n.Children[0])
	if !ok {
		return
	}
	p.Tables++
	for _, row := range n.Children[1:] {
		if plain(row.Children...) == "" || len(p.Cases) >= maxCases {
			continue
		}
		c := readCase(row, at)
		c.Row = len(p.Cases) + 1
		p.Cases = append(p.Cases, c)
	}
}

// readCase reads a row of a table with these columns.
func readCase(row *doc.Node, at []int) Case {
	c := Case{
		ID: cellText(row, at[colID]), Requirements: names(cell(row, at[colRequirement])), Criteria: names(cell(row, at[colCriterion])),
		Said: cellText(row, at[colKind]), Title: cellText(row, at[colTitle]), Steps: cellText(row, at[colSteps]),
		Expected: cellText(row, at[colExpected]), Version: leadingNumber(cellText(row, at[colVersion])),
	}
	if c.Obsolete = obsolete(c.Said); !c.Obsolete {
		c.Kind = kindOf(c.Said)
	}
	if at[colOutcome] >= 0 {
		c.Outcome = outcomeOf(cellText(row, at[colOutcome]))
	}
	return c
}

// obsolete reports whether the kind of a case says that it does not count any more.
func obsolete(said string) bool {
	return slices.ContainsFunc(words(said), func(w string) bool {
		return w == "obsolete" || w == "deprecated" || w == "withdrawn" || w == "veraltet"
	})
}

var (
	separators = regexp.MustCompile(`[,;]|\s+(?:and|und|&)\s+`)
	digitsOnly = regexp.MustCompile(`[0-9]{1,9}`)
)

// names are the names in a cell, one in each line or with commas between. A cell that
// is one sentence is one name: criteria may be named by what they say.
func names(c *doc.Node) []string {
	if c == nil {
		return nil
	}
	var out []string
	for _, line := range lines(c) {
		parts := separators.Split(line, -1)
		short := !slices.ContainsFunc(parts, func(s string) bool { return len(strings.Fields(s)) > 2 })
		if !short {
			parts = []string{line}
		}
		for _, s := range parts {
			if s = strings.TrimSpace(s); s != "" && s != "-" && s != "–" && s != "—" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

func leadingNumber(s string) int {
	n := 0
	for _, d := range digitsOnly.FindString(s) {
		n = n*10 + int(d-'0')
	}
	return n
}

// kindOf tells the kind of a test case by what people call it.
func kindOf(said string) string {
	for _, w := range words(said) {
		switch w {
		case "positive", "happy", "valid", "success", "functional", "positiv":
			return Positive
		case "negative", "error", "invalid", "failure", "unhappy", "sad", "negativ", "fehler":
			return Negative
		case "edge", "boundary", "corner", "limit", "limits", "grenzfall", "grenzwert", "rand":
			return Edge
		}
	}
	return ""
}

// outcomeOf tells the outcome of a test case by what people call it; "" for words
// that tell of something else.
func outcomeOf(said string) string {
	not, out := false, ""
	for _, w := range words(said) {
		switch w {
		case "not", "nicht", "no":
			not = true
		case "failed", "fail", "fails", "nok", "ko", "error", "fehlgeschlagen":
			return Failed
		case "passed", "pass", "passes", "ok", "success", "successful", "bestanden":
			if not {
				return Failed
			}
			out = Passed
		case "run", "executed", "open", "pending", "todo", "blocked", "skipped", "untested", "offen":
			return NotRun
		}
	}
	if said == "" {
		return NotRun
	}
	return out
}
