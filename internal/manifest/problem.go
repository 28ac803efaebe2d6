package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a problem stops the manifest from being used.
type Severity string

// The severities.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one thing that is wrong with a manifest, and where.
type Problem struct {
	Path     string   `json:"path"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// String returns the problem as "path:line:col: message".
func (p Problem) String() string {
	prefix := ""
	if p.Severity == Warning {
		prefix = "warning: "
	}
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s%s", p.Path, prefix, p.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s%s", p.Path, p.Line, p.Column, prefix, p.Message)
}

// Problems is an error made of all the problems that were found at once.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Errors returns the problems that stop the manifests from being used.
func (ps Problems) Errors() Problems { return ps.only(Error) }

// Warnings returns the problems that do not.
func (ps Problems) Warnings() Problems { return ps.only(Warning) }

// Err returns all the problems, warnings included, as an error if at least one
// of them is an error, else nil.
func (ps Problems) Err() error {
	if len(ps.Errors()) == 0 {
		return nil
	}
	return ps
}

func (ps Problems) only(severity Severity) Problems {
	var out Problems
	for _, p := range ps {
		if p.Severity == severity {
			out = append(out, p)
		}
	}
	return out
}

// sorted returns the problems in the order of path, position and text, each once.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(ps)
}
