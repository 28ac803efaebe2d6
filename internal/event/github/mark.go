package github

import (
	"encoding/json"
	"strings"
)

// Mark is what our own comments carry, invisibly, at their end: it tells a write
// that happened from one that did not, and our own words from those of others.
type Mark struct {
	// ID is the step that wrote the comment.
	ID string `json:"id"`
	// Depth is how many answers of automations to each other led to it.
	Depth int `json:"depth,omitempty"`
}

const (
	markBegin = "<!-- aofctl "
	markEnd   = " -->"
	maxDepth  = 1 << 20
)

// String returns the mark as an HTML comment, which GitHub keeps and does not show.
func (m Mark) String() string {
	text, err := json.Marshal(m)
	if err != nil {
		return ""
	}
	// What could end the comment early is escaped by encoding/json: < and >.
	return markBegin + string(text) + markEnd
}

// FindMark reads the mark at the end of a comment.
func FindMark(body string) (Mark, bool) {
	body = strings.TrimSpace(body)
	at := strings.LastIndex(body, markBegin)
	if at < 0 || !strings.HasSuffix(body, markEnd) || len(body) < at+len(markBegin)+len(markEnd) {
		return Mark{}, false
	}
	var m Mark
	if err := json.Unmarshal([]byte(body[at+len(markBegin):len(body)-len(markEnd)]), &m); err != nil || m.ID == "" {
		return Mark{}, false
	}
	m.Depth = min(max(m.Depth, 0), maxDepth)
	return m, true
}
