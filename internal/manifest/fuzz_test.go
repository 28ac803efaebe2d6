package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// seed adds the files of the golden cases, and of what else is given.
func seed(f *testing.F, pattern string, more ...string) {
	f.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range archive.Files {
			f.Add(file.Data)
		}
	}
	for _, text := range append(more, "", "\xff", "a: &a [*a]", "? [a]\n: b", "<<: {}", "--- !!binary x", strings.Repeat("[", 2000), "%YAML 1.1\n---\na: b") {
		f.Add([]byte(text))
	}
}

// checkPositions fails if a problem points outside of the text.
func checkPositions(t *testing.T, text []byte, problems Problems) {
	t.Helper()
	lines := 2 // One more, since a broken text is broken at its end.
	for _, lineBreak := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
		lines += strings.Count(string(text), lineBreak)
	}
	for _, p := range problems {
		if p.Line < 0 || p.Line > lines || p.Message == "" || p.Severity != Error && p.Severity != Warning {
			t.Errorf("problem %+v of a text with %d lines", p, lines)
		}
	}
}

func FuzzDaemon(f *testing.F) {
	seed(f, "testdata/daemon/*.txtar", fullDaemon)
	f.Fuzz(func(t *testing.T, text []byte) {
		d, problems := readDaemon("daemon.yaml", text, testEnv)
		checkPositions(t, text, problems)
		if problems.Err() == nil && d == nil {
			t.Error("neither a configuration nor an error")
		}
		if d != nil {
			d.MissingSecrets(testEnv)
			d.Check(&Catalog{})
		}
	})
}

func FuzzCatalog(f *testing.F) {
	seed(f, "testdata/catalog/*.txtar", anAgent+aTrigger)
	f.Fuzz(func(t *testing.T, text []byte) {
		file := newParser(testKnown()).file("m.yaml", text)
		catalog, problems := assemble([]*parsedFile{file}, false)
		checkPositions(t, text, problems)
		if problems.Err() != nil {
			return
		}
		for name, a := range catalog.Agents {
			if again, problems := ParseAgent(a.Text, a.Source, testKnown()); again == nil || again.Name != name {
				t.Errorf("agent %s cannot be read again: %v", name, problems)
			}
		}
		for _, tr := range catalog.Triggers {
			if tr.Name == "" || tr.Revision == "" || tr.Source == "" {
				t.Errorf("trigger %+v is incomplete", tr)
			}
		}
	})
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"30s", "1h30m", "", "-1s", "9999999999999d", "1.5w", "5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := ParseDuration(text); err == nil && d < 0 {
			t.Errorf("%q is %d", text, d)
		}
	})
}

// manyManifests writes n manifests, nine triggers to an agent, into directories.
func manyManifests(b *testing.B, n int) string {
	b.Helper()
	dir := b.TempDir()
	for i := range n {
		write(b, manyPath(dir, i), manyText(i))
	}
	return dir
}

func manyPath(dir string, i int) string {
	return filepath.Join(dir, "d-"+string(rune('a'+i%26)), "m"+strconv.Itoa(i)+".yaml")
}

func manyText(i int) string {
	if i%10 == 0 {
		return agentText("a" + strconv.Itoa(i))
	}
	return `apiVersion: aof.dev/v1
kind: Trigger
metadata:
  name: t` + strconv.Itoa(i) + `
  labels: {team: qa}
spec:
  type: Jira
  config:
    webhook_secret_env: JIRA_WEBHOOK_SECRET
    events: [issue_created, issue_updated, comment_created]
    filters:
      projects: [P` + strconv.Itoa(i) + `, TEAM]
      issue_types: [Bug, Task]
    allowed_users: [alice.developer, bob.manager]
  commands:
    /triage: {agent: a` + strconv.Itoa(i-i%10) + `, description: "Analyze this"}
    /estimate: {agent: a` + strconv.Itoa(i-i%10) + `}
  default_agent: a` + strconv.Itoa(i-i%10) + `
`
}

func BenchmarkLoad10000(b *testing.B) {
	dir := manyManifests(b, 10_000)
	for b.Loop() {
		if _, err := LoadCatalog(context.Background(), directories(dir), testKnown()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReloadOneOf10000(b *testing.B) {
	dir := manyManifests(b, 10_000)
	loader := NewLoader(directories(dir), testKnown())
	old := time.Now().Add(-time.Hour)
	for i := range 10_000 {
		if err := os.Chtimes(manyPath(dir, i), old, old); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := loader.Load(context.Background()); err != nil {
		b.Fatal(err)
	}
	path := manyPath(dir, 0)
	for i := 0; b.Loop(); i++ {
		if err := os.WriteFile(path, []byte(agentText("a0")+"# "+strconv.Itoa(i)+"\n"), 0o644); err != nil {
			b.Fatal(err)
		}
		if _, err := loader.Load(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
