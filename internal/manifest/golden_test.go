package manifest

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the expected problems anew")

// testEnv is the environment of the tests.
func testEnv(name string) (string, bool) {
	value, ok := map[string]string{
		"JIRA_EMAIL": "bot@example.com", "JIRA_API_TOKEN": "t0ken", "JIRA_WEBHOOK_SECRET": "s3cret",
		"TEAM": "PROJ", "PORT": "4000", "EMPTY": "", "FLAG": "true",
	}[name]
	return value, ok
}

// testKnown is what the manifests of the tests may refer to.
func testKnown() Known {
	return Known{
		Env:       testEnv,
		Providers: KnownProviders(),
		Tools: []KnownTool{
			{Name: "jira_get_issue", Toolset: "jira", Reads: true, Aliases: []string{"jira_issue"}},
			{Name: "jira_search", Toolset: "jira", Reads: true, Aliases: []string{"jira_search_query"}},
			{Name: "jira_get_comments", Toolset: "jira", Reads: true},
			{Name: "jira_post_comment", Toolset: "jira"},
			{Name: "jira_update_issue", Toolset: "jira"},
			{Name: "jira_add_labels", Toolset: "jira"},
			{Name: "jira_transition_issue", Toolset: "jira"},
			{Name: "jira_log_work", Toolset: "jira"},
			{Name: "memory_get", Toolset: "memory", Reads: true},
			{Name: "memory_set", Toolset: "memory"},
		},
		CheckTemplate: func(text string) error {
			if strings.Count(text, "{{") != strings.Count(text, "}}") {
				return errors.New("unclosed {{")
			}
			return nil
		},
		Sites: []string{"main"},
		CheckSchedule: func(text, _ string) error {
			if text == "never" {
				return errors.New("never comes")
			}
			return nil
		},
		CheckExpression: func(text string) error {
			if strings.Contains(text, "=>") {
				return errors.New("unexpected =>")
			}
			return nil
		},
	}
}

// unpack writes the files of an archive, except "want", and returns their
// directory and the archive.
func unpack(t *testing.T, name string) (string, *txtar.Archive) {
	t.Helper()
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range archive.Files {
		if f.Name != "want" {
			write(t, filepath.Join(dir, f.Name), string(f.Data))
		}
	}
	return dir, archive
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// lines returns problems as text with paths relative to a directory.
func lines(ps Problems, dir string) string {
	if len(ps) == 0 {
		return ""
	}
	return strings.ReplaceAll(ps.Error(), dir+string(filepath.Separator), "") + "\n"
}

func compareGolden(t *testing.T, name string, archive *txtar.Archive, got string) {
	t.Helper()
	want := -1
	for i, f := range archive.Files {
		if f.Name == "want" {
			want = i
		}
	}
	if *update {
		file := txtar.File{Name: "want", Data: []byte(got)}
		if want < 0 {
			archive.Files = append(archive.Files, file)
		} else {
			archive.Files[want] = file
		}
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want < 0 {
		t.Fatal("the archive has no file want")
	}
	if diff := cmp.Diff(string(archive.Files[want].Data), got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func goldenCases(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no cases match %s (%v)", pattern, err)
	}
	return names
}

func TestEveryMistakeInManifestsIsToldWithItsPosition(t *testing.T) {
	for _, name := range goldenCases(t, "testdata/catalog/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			dir, archive := unpack(t, name)
			catalog, err := LoadCatalog(context.Background(), []Directory{{Path: dir}}, testKnown())
			var problems Problems
			switch {
			case err == nil:
				problems = catalog.Warnings
			case !errors.As(err, &problems):
				t.Fatal(err)
			}
			compareGolden(t, name, archive, lines(problems, dir))
		})
	}
}

func TestEveryMistakeInTheConfigurationIsToldWithItsPosition(t *testing.T) {
	for _, name := range goldenCases(t, "testdata/daemon/*.txtar") {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			dir, archive := unpack(t, name)
			daemon, err := LoadDaemon(filepath.Join(dir, "daemon.yaml"), testEnv)
			var problems Problems
			switch {
			case err == nil:
				problems = append(Problems{}, daemon.Warnings...)
			case !errors.As(err, &problems):
				t.Fatal(err)
			}
			compareGolden(t, name, archive, lines(problems, dir))
		})
	}
}
