package prompt //nolint:goconst // names of the language and of variables read best as they are

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/mitsuhiko/minijinja/minijinja-go/v2/value"
)

// defaultNames are the variables that a model is told of even if the
// instructions do not name them, in this order, as far as the event has them.
func defaultNames() []string {
	return []string{
		"event_type", "issue_key", "issue_summary", "issue_type", "issue_status", "issue_priority",
		"issue_reporter_name", "issue_assignee_name", "issue_labels", "user_display_name",
		"changelog_items", "issue_description", "comment_author_name", "comment_body",
		"worklog_author_name", "worklog_time_spent", "worklog_comment",
		"sprint_id", "sprint_name", "sprint_state", "sprint_start_date", "sprint_end_date", "sprint_goal", "board_name",
		"version_name", "page_id", "page_title", "space_key",
		"repository", "pr_number", "pr_title", "pr_url", "pr_state", "pr_merged", "pr_author", "pr_branch", "pr_base",
		"pr_additions", "pr_deletions", "pr_changed_files", "pr_body", "issue_keys", "labels", "review_state",
		"github_issue_number", "github_issue_title", "github_issue_url", "github_issue_body",
		"branch", "commits", "release_name", "release_tag", "release_url", "release_body",
		"check_name", "check_conclusion", "check_url", "trigger", "scheduled_at", "body",
	}
}

const (
	maxLine  = 300 // characters up to which a value stands in one line
	maxItems = 100 // items of a list that are shown
)

// dataBlock writes the user prompt.
type dataBlock struct {
	boundary string
	limit    int
}

// field is one value, as text.
type field struct {
	name, text string
}

// write lists the values that the template refers to and the default set, short
// ones in one block, long ones in a block each.
func (d dataBlock) write(data Data, refs []Ref) string {
	var short strings.Builder
	var long []field
	for _, f := range d.fields(data, refs) {
		if strings.Contains(f.text, "\n") || len(f.text) > maxLine*4 {
			long = append(long, f)
			continue
		}
		fmt.Fprintf(&short, "%s: %s\n", f.name, f.text)
	}
	var blocks []string
	if short.Len() > 0 {
		blocks = append(blocks, Untrusted("event", strings.TrimSuffix(short.String(), "\n"), d.boundary))
	}
	for _, f := range long {
		blocks = append(blocks, Untrusted(f.name, f.text, d.boundary))
	}
	if len(blocks) == 0 {
		return "The event carries no data."
	}
	return "Data of the event:\n" + strings.Join(blocks, "\n")
}

func (d dataBlock) fields(data Data, refs []Ref) []field {
	var fields []field
	add := func(name string, v any) {
		if text := d.text(name, v); text != "" {
			fields = append(fields, field{oneLine(Cap(name, 100)), text})
		}
	}
	add("command", data.Command)
	add("args", data.Args)
	add("args_body", data.ArgsBody)
	for _, name := range slices.Sorted(maps.Keys(data.Typed)) {
		add("params."+name, data.Typed[name])
	}
	for _, name := range chosen(data.Metadata, refs) {
		add(name, data.Metadata[name])
	}
	return fields
}

// chosen lists the names of the variables to show: the default ones, then the
// others that the template reads.
func chosen(metadata map[string]any, refs []Ref) []string {
	names := defaultNames()
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	extra := make([]string, 0, len(refs))
	for _, ref := range refs {
		if ref.Name != "*" {
			extra = append(extra, ref.Name)
			continue
		}
		for name := range metadata {
			if name != "raw" {
				extra = append(extra, name)
			}
		}
	}
	sort.Strings(extra)
	for _, name := range extra {
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// text is a value for the model: strings cut to the limit, lists with commas,
// a changelog as lines, anything else as JSON. Nothing is "".
func (d dataBlock) text(name string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return Cap(strings.TrimSpace(Clean(v)), d.limit)
	case []string:
		items := make([]any, len(v))
		for i, s := range v {
			items[i] = s
		}
		return d.list(items)
	case []any:
		if isChangelog(name) {
			return d.changes(v)
		}
		return d.list(v)
	}
	plain := toNative(toValue(v, 0), 0)
	if items, ok := plain.([]any); ok {
		return d.text(name, items)
	}
	return Cap(Clean(display(toValue(v, 0))), d.limit)
}

// list writes the items in one line if they are plain, else as JSON.
func (d dataBlock) list(items []any) string {
	parts := make([]string, 0, min(len(items), maxItems))
	for i, item := range items {
		if i == maxItems {
			parts = append(parts, fmt.Sprintf("… %d items more", len(items)-maxItems))
			break
		}
		s := display(toValue(item, 0))
		parts = append(parts, oneLine(Cap(Clean(s), maxLine)))
	}
	return Cap(strings.Join(parts, ", "), d.limit)
}

// changes writes a changelog, numbered as the references to it are.
func (d dataBlock) changes(items []any) string {
	var lines []string
	for i, item := range items {
		if i == maxItems {
			lines = append(lines, fmt.Sprintf("… %d changes more", len(items)-maxItems))
			break
		}
		m, ok := item.(map[string]any)
		if !ok {
			lines = append(lines, fmt.Sprintf("%d. %s", i+1, d.short(item)))
			continue
		}
		lines = append(lines, fmt.Sprintf("%d. %s: %s -> %s", i+1, d.short(m["field"]), d.short(m["from_string"]), d.short(m["to_string"])))
	}
	return strings.Join(lines, "\n")
}

// short writes a value in one line, quoted, so that it cannot pretend to be the
// line's structure.
func (d dataBlock) short(v any) string {
	s := oneLine(Cap(Clean(display(toValue(v, 0))), d.limit/8))
	if isListName(s) {
		return s
	}
	quoted, err := toJSON(value.FromString(s), 0)
	if err != nil {
		return ""
	}
	return quoted
}

// oneLine replaces line ends by spaces.
func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
