package scenario_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/app"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/scenario"
)

// top is the repository's top directory, as seen from this one.
const top = "../.."

// TestExamplesDoWhatTheirScenariosSay runs the cases of every example, of the
// default set, and of whatever else in the repository has some for people to read.
func TestExamplesDoWhatTheirScenariosSay(t *testing.T) {
	t.Parallel()
	k := known(t)
	files, err := scenario.Find([]string{filepath.Join(top, "examples"), filepath.Join(top, "scenarios")})
	if err != nil {
		t.Fatal(err)
	}
	cases, problems := scenario.Load(files, k)
	if len(problems) > 0 {
		t.Fatalf("problems: %v", problems)
	}
	for _, dir := range examples(t) {
		if !slices.ContainsFunc(files, func(f string) bool { return strings.HasPrefix(f, dir+string(filepath.Separator)) }) {
			t.Errorf("%s has no scenario test", dir)
		}
	}
	for _, s := range cases {
		t.Run(scenario.Title(s.Suite, s.Name), func(t *testing.T) {
			t.Parallel()
			results, err := scenario.Run(t.Context(), []*manifest.Scenario{s}, scenario.Options{Version: "test", Known: k}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if r := results[0]; r.State != scenario.Passed {
				t.Error(told(r))
			}
		})
	}
}

// examples are the directories that lie in examples, each of which is one.
func examples(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(top, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, filepath.Join(top, "examples", e.Name()))
		}
	}
	if len(out) < 5 {
		t.Fatalf("found only %v", out)
	}
	return out
}

func known(t *testing.T) manifest.Known {
	t.Helper()
	k, err := app.Known(nil, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// told is a result as people read it.
func told(r scenario.Result) string {
	var out strings.Builder
	scenario.Reporter{Out: &out}.Case(r)
	return out.String()
}

// TestTheFirstCaseOfThePageHolds plays what docs/testing.md begins with.
func TestTheFirstCaseOfThePageHolds(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(top, "docs", "testing.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	config, err := filepath.Abs(filepath.Join(top, "daemon.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if r := playText(t, text+"\nconfig: "+config+"\n"); r.State != scenario.Passed {
		t.Error(told(r))
	}
}
