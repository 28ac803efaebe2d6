package manifest

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// pos is a place in a file, counted from 1; zero is nowhere.
type pos struct {
	line, col int
}

// at is embedded in the structs that are decoded, to know where they stood.
type at struct {
	pos pos
}

func (a *at) place(p pos) { a.pos = p }

// placed is a struct that wants to know its position.
type placed interface{ place(pos) }

// report collects the problems of one file.
type report struct {
	path     string
	problems Problems
}

func (r *report) errorf(p pos, format string, args ...any) {
	r.add(Error, p, format, args...)
}

func (r *report) warnf(p pos, format string, args ...any) {
	r.add(Warning, p, format, args...)
}

func (r *report) add(severity Severity, p pos, format string, args ...any) {
	r.problems = append(r.problems, Problem{
		Path: r.path, Line: p.line, Column: p.col, Severity: severity,
		Message: fmt.Sprintf(format, args...),
	})
}

// failed reports whether an error, not only warnings, was collected.
func (r *report) failed() bool {
	for _, p := range r.problems {
		if p.Severity == Error {
			return true
		}
	}
	return false
}

func source(path string, p pos) string { return fmt.Sprintf("%s:%d", path, p.line) }

// describe names a node's content for a message, shortened.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.Tag == "!!null" {
		return "nothing"
	}
	return fmt.Sprintf("%q", shorten(n.Value))
}

// shorten cuts a text to what a message can hold.
func shorten(s string) string {
	const most = 60
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return string(runes[:most]) + "…"
}
