package manifest

import (
	"fmt"
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
