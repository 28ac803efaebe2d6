package jira

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// The value of a field is nil, string, float64, *User, *Option, *IssueType,
// *Priority, *Resolution, *Status, *project, *issue (a parent), *estimates, or
// []any of string, *Option, *Component, *Version or *Sprint.

// estimates is what timetracking holds, in seconds; -1 is "none".
type estimates struct {
	original  int
	remaining int
}

// render is a value as REST and webhooks have it.
func (t *tx) render(f *Field, v any, withEmail bool) any {
	base := t.st.base
	switch v := v.(type) {
	case string:
		if f.Kind == Rich && t.api == 3 {
			return toDocument(v)
		}
		return v
	case *User:
		return v.render(base, withEmail)
	case *Option:
		return obj{"self": base + "/rest/api/2/customFieldOption/" + v.ID, "value": v.Value, "id": v.ID}
	case *IssueType:
		return t.renderType(v)
	case *Priority:
		return v.render(base)
	case *Resolution:
		return v.render(base)
	case *Status:
		return v.render(base)
	case *project:
		return v.render(base)
	case *issue:
		if f.Kind == kindEpic {
			return v.key
		}
		return t.renderStub(v)
	case *Component:
		return v.render(base)
	case *Version:
		return v.render(base)
	case *Sprint:
		if t.st.dc {
			return v.text()
		}
		return v.renderInIssue()
	case []any:
		return renderEach(v, func(e any) any { return t.render(f, e, withEmail) })
	}
	if v == nil && f.isList() {
		return []any{}
	}
	return v
}

// isList tells that the field's empty value is [] and not null.
func (f *Field) isList() bool {
	switch f.Kind {
	case Labels, Components, Versions:
		return true
	}
	return false
}

// describe is a value as the changelog has it: id and text, nil where empty.
func describe(v any) (id, text any) {
	switch v := v.(type) {
	case string:
		return nil, v
	case float64:
		return nil, strconv.FormatFloat(v, 'f', -1, 64)
	case *User:
		return v.id(), v.DisplayName
	case *Option:
		return v.ID, v.Value
	case *IssueType:
		return v.ID, v.Name
	case *Priority:
		return v.ID, v.Name
	case *Resolution:
		return v.ID, v.Name
	case *Status:
		return v.ID, v.Name
	case *project:
		return v.ID, v.Name
	case *issue:
		return strconv.Itoa(v.id), v.key
	case *Component:
		return v.ID, v.Name
	case *Version:
		return v.ID, v.Name
	case *Sprint:
		return strconv.Itoa(v.ID), v.Name
	case *estimates:
		return nil, strconv.Itoa(v.remaining)
	case []any:
		return describeList(v)
	}
	return nil, nil
}

// describeList joins labels with spaces, as Jira does, and all else with commas.
func describeList(list []any) (any, any) {
	if len(list) == 0 {
		return nil, ""
	}
	var ids, texts []string
	separator := " "
	for _, e := range list {
		id, text := describe(e)
		if s, ok := id.(string); ok {
			ids = append(ids, s)
			separator = ", "
		}
		if s, ok := text.(string); ok {
			texts = append(texts, s)
		}
	}
	if len(ids) == 0 {
		return nil, strings.Join(texts, separator)
	}
	return strings.Join(ids, separator), strings.Join(texts, separator)
}

// same tells whether a change is none.
func same(a, b any) bool {
	if x, ok := a.(*estimates); ok {
		y, ok := b.(*estimates)
		return ok && *x == *y
	}
	idA, textA := describe(a)
	idB, textB := describe(b)
	return idA == idB && (textA == textB || blank(textA) && blank(textB))
}

func blank(v any) bool { return v == nil || v == "" }

// The layouts of Jira's times and dates.
const (
	timeLayout = "2006-01-02T15:04:05.000-0700"
	dateLayout = "2006-01-02"
)

func jiraTime(at time.Time) string { return at.Format(timeLayout) }

// secondsOf reads a duration as people write it in Jira: "1w 2d 3h 30m", where a
// week has five days and a day eight hours; a bare number is minutes.
func secondsOf(text string) (int, bool) {
	units := map[byte]int{'w': 5 * 8 * 3600, 'd': 8 * 3600, 'h': 3600, 'm': 60}
	words := strings.Fields(text)
	total := 0
	for _, word := range words {
		unit, number := 60, word
		if u, ok := units[word[len(word)-1]]; ok {
			unit, number = u, word[:len(word)-1]
		}
		n, err := strconv.ParseFloat(number, 64)
		if err != nil || n < 0 || math.IsNaN(n) || n > 1e6 {
			return 0, false
		}
		total += int(n * float64(unit))
	}
	return total, len(words) > 0
}

// spell writes seconds as Jira shows them.
func spell(seconds int) string {
	var parts []string
	for _, u := range []struct {
		name string
		size int
	}{{"w", 144000}, {"d", 28800}, {"h", 3600}, {"m", 60}} {
		if n := seconds / u.size; n > 0 {
			parts = append(parts, strconv.Itoa(n)+u.name)
			seconds %= u.size
		}
	}
	if len(parts) == 0 {
		return "0m"
	}
	return strings.Join(parts, " ")
}
