package enrich_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/aofctl/aofctl/internal/enrich"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
)

// yes agrees with every event.
type yes struct{}

func (yes) Eval(string, map[string]any) (bool, error) { return true, nil }

// The router asks for what it takes to be obtainable; nothing of that may be
// something that nobody could ask Jira for, and the other way round.
func TestTheRouterAsksForWhatJiraCanTell(t *testing.T) {
	names := []string{
		"issue_summary", "issue_labels", "project_key", "project_name", "board_name", "board_type", "sprint_goal", "issues_completed",
		"version_name", "link_source_issue_key", "link_destination_issue_key", "user_email", "user_display_name", "comment_body", "worklog_comment",
	}
	for _, file := range payloads(t) {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := eventjira.Normalize(body, eventjira.Options{})
		if err != nil || ev.CommentMarked {
			continue
		}
		for _, name := range names {
			if ev.Has(name) {
				continue
			}
			trigger := &manifest.Trigger{Type: "jira", Default: manifest.Target{Kind: manifest.TargetAgent, Name: "a"},
				Filters: manifest.Filters{Expression: "event." + name}}
			needs := route.New(&manifest.Catalog{Triggers: []*manifest.Trigger{trigger}}).Decide(ev, route.Input{Expressions: yes{}}).Needs
			if asks, can := slices.Contains(needs, name), len(enrich.Askable(ev, []string{name})) > 0; asks != can {
				t.Errorf("%s: the router asks for %s: %v; Jira can tell: %v", filepath.Base(file), name, asks, can)
			}
		}
	}
}

// payloads are the sample payloads of the normaliser and, where they are at hand,
// the captured ones.
func payloads(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../event/jira/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sample payloads: %v", err)
	}
	root := os.Getenv("AOF_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	captured, _ := filepath.Glob(filepath.Join(root, "corpus", "jira", "*", "*.json"))
	return append(files, captured...)
}
