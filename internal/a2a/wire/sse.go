package wire

import (
	"bytes"
	"strconv"
	"strings"
)

// Frame writes one event of a stream as the HTML standard frames server-sent
// events. With seq it has an id, from which the caller may resume. The data is
// JSON, which has no line breaks of its own; those that it has are kept as the
// standard asks.
func Frame(data []byte, seq int64) []byte {
	out := make([]byte, 0, len(data)+40)
	if seq > 0 {
		out = append(strconv.AppendInt(append(out, "id: "...), seq, 10), '\n')
	}
	for line := range bytes.Lines(data) {
		out = append(append(append(out, "data: "...), bytes.TrimRight(line, "\r\n")...), '\n')
	}
	return append(out, '\n')
}

// Comment writes a line that callers pass over, and that keeps the connection in
// use.
func Comment(text string) []byte {
	return []byte(": " + strings.NewReplacer("\r", " ", "\n", " ").Replace(text) + "\n\n")
}

// FramesIDs says whether events of a stream have ids. Jira's guide shows none, and
// Jira resumes by asking for the task.
func (d Dialect) FramesIDs() bool { return !d.Jira() }

// LastEventID reads the header with which a caller resumes; 0 if it is none of
// ours.
func LastEventID(header string) int64 {
	n, err := strconv.ParseInt(header, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
