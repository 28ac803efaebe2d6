package memory_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/memory/memorytest"
)

const sound = `{
  "format": "aofctl-memory",
  "version": 1,
  "scopes": [
    {"site": "", "project": "PROJ", "agent": "a", "entries": [
      {"key": "k", "value": "by hand", "updated": "2026-01-31T12:00:00Z"},
      {"key": "old", "value": "x", "updated": "2026-01-31T11:00:00Z", "expires": "2026-02-01T00:00:00Z"}
    ]}
  ]
}
`

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestAFileWrittenByHandIsReadAndKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	writeFile(t, path, sound)
	clock, scope := memorytest.NewClock(), memorytest.Scope(t, "", "PROJ", "a")
	m := memory.NewOnFile(path, clock.Now)
	if got := memorytest.Value(t, m, scope, "k"); got != "by hand" {
		t.Errorf("value %q", got)
	}
	if got := memorytest.Keys(t, m, scope); !cmp.Equal(got, []string{"k"}) {
		t.Errorf("keys %v", got)
	}
	memorytest.Set(t, m, memorytest.Scope(t, "", "B", "b"), memory.Change{ID: "r:1", Key: "a<b", Value: "ü\n"})
	edited := strings.Replace(readFile(t, path), "by hand", "by hand again", 1)
	writeFile(t, path, edited)
	if got := memorytest.Value(t, m, scope, "k"); got != "by hand again" {
		t.Errorf("value after the edit %q", got)
	}
	const want = `{
  "format": "aofctl-memory",
  "version": 1,
  "scopes": [
    {
      "site": "",
      "project": "B",
      "agent": "b",
      "entries": [
        {
          "key": "a<b",
          "value": "ü\n",
`
	if !strings.HasPrefix(edited, want) {
		t.Errorf("the file is\n%s", edited)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode became %v, %v", info.Mode(), err)
	}
}

func TestADamagedFileIsKeptAsideAndTheMemoryGoesOn(t *testing.T) {
	for name, text := range map[string]string{
		"torn":             sound[:len(sound)/2],
		"zeros":            strings.Repeat("\x00", 100),
		"a comma too much": strings.Replace(sound, "]}\n  ]", "]},\n  ]", 1),
		"unknown field":    strings.Replace(sound, `"agent": "a",`, `"agent": "a", "note": "mine",`, 1),
		"wrong type":       strings.Replace(sound, `"value": "by hand"`, `"value": 7`, 1),
		"more after it":    sound + "{}",
		"no key":           strings.Replace(sound, `"key": "k",`, ``, 1),
		"odd project":      strings.Replace(sound, `PROJ`, `A\u0000B`, 1),
		"bad time":         strings.Replace(sound, `2026-01-31T12:00:00Z`, `yesterday`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "m.json")
			writeFile(t, path, text)
			m := memory.NewOnFile(path, memorytest.NewClock().Now)
			scope := memorytest.Scope(t, "", "PROJ", "a")
			_, err := m.Get(t.Context(), scope, "k")
			var damaged *memory.DamagedError
			if !errors.As(err, &damaged) || !strings.Contains(err.Error(), damaged.Aside) {
				t.Fatalf("error %v", err)
			}
			if got := readFile(t, damaged.Aside); got != text {
				t.Errorf("kept aside is %q", got)
			}
			memorytest.Set(t, m, scope, memory.Change{ID: "r:1", Key: "new", Value: "v"})
			if got := memorytest.Keys(t, m, scope); !cmp.Equal(got, []string{"new"}) {
				t.Errorf("keys %v", got)
			}
			writeFile(t, path, text) // and once more, within the same second or not
			_, err = m.Change(t.Context(), scope, memory.Change{ID: "r:2", Key: "new", Value: "v"})
			if !errors.As(err, &damaged) || readFile(t, damaged.Aside) != text {
				t.Errorf("error %v", err)
			}
			if list := names(t, dir); len(list) != 3 {
				t.Errorf("the directory holds %v", list)
			}
		})
	}
}

func TestAFileThatIsSomethingElseIsLeftAlone(t *testing.T) {
	for name, text := range map[string]string{
		"YAML": "kind: DaemonConfig\n", "another JSON": `{"name": "package"}`, "a list": `[]`,
		"newer": strings.Replace(sound, `"version": 1`, `"version": 2`, 1), "binary": "\x7fELF\x00\x00",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "m.json")
		writeFile(t, path, text)
		m := memory.NewOnFile(path, time.Now)
		scope := memorytest.Scope(t, "", "PROJ", "a")
		_, getErr := m.Get(t.Context(), scope, "k")
		_, setErr := m.Change(t.Context(), scope, memory.Change{ID: "r:1", Key: "k", Value: "v"})
		for _, err := range []error{getErr, setErr} {
			if err == nil || !strings.Contains(err.Error(), "left as it is") {
				t.Errorf("%s: error %v", name, err)
			}
		}
		if got := readFile(t, path); got != text {
			t.Errorf("%s: the file is now %q", name, got)
		}
	}
}

func TestAFileSurvivesARestartAndACrashInTheMiddle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	scope := memorytest.Scope(t, "", "PROJ", "a")
	memorytest.Set(t, memory.NewOnFile(path, time.Now), scope, memory.Change{ID: "r:1", Key: "k", Value: "v"})
	writeFile(t, path+".new", `{"format": "aofctl-mem`) // what a crash leaves
	m := memory.NewOnFile(path, time.Now)
	if got := memorytest.Value(t, m, scope, "k"); got != "v" {
		t.Errorf("value %q", got)
	}
	memorytest.Set(t, m, scope, memory.Change{ID: "o:1", Key: "k", Value: "w"})
	memorytest.Set(t, memory.NewOnFile(path, time.Now), scope, memory.Change{ID: "r:1", Key: "k", Value: "v"})
	if got := memorytest.Value(t, m, scope, "k"); got != "w" {
		t.Errorf("a change was repeated after the restart: %q", got)
	}
}

func TestALinkToTheFileStaysALink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.json"), filepath.Join(dir, "m.json")
	writeFile(t, real, sound)
	if err := os.Symlink(real, link); err != nil {
		t.Skip(err)
	}
	scope := memorytest.Scope(t, "", "PROJ", "a")
	memorytest.Set(t, memory.NewOnFile(link, time.Now), scope, memory.Change{ID: "r:1", Key: "k", Value: "v"})
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if got := memorytest.Value(t, memory.NewOnFile(real, time.Now), scope, "k"); got != "v" {
		t.Errorf("value %q", got)
	}
}

// TestProcessesShareAFile has this test's program write at the same time as this one.
func TestProcessesShareAFile(t *testing.T) {
	scope := memorytest.Scope(t, "", "PROJ", "a")
	if path := os.Getenv("MEMORY_TEST_FILE"); path != "" {
		writeMany(t, path, scope, "child")
		return
	}
	path := filepath.Join(t.TempDir(), "m.json")
	child := exec.Command(os.Args[0], "-test.run=^TestProcessesShareAFile$")
	child.Env = append(os.Environ(), "MEMORY_TEST_FILE="+path)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	writeMany(t, path, scope, "parent")
	if err := child.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := len(memorytest.Keys(t, memory.NewOnFile(path, time.Now), scope)); n != 60 {
		t.Errorf("%d entries, want those of both", n)
	}
}

func writeMany(t *testing.T, path string, scope memory.Scope, who string) {
	t.Helper()
	m := memory.NewOnFile(path, time.Now)
	for i := range 30 {
		key := who + string(rune('A'+i))
		memorytest.Set(t, m, scope, memory.Change{ID: key + ":1", Key: key, Value: "v"})
	}
}

func TestAFileThatCannotBeWrittenIsAnError(t *testing.T) {
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "file"), "x")
	m := memory.NewOnFile(filepath.Join(dir, "file", "m.json"), time.Now)
	scope := memorytest.Scope(t, "", "PROJ", "a")
	if _, err := m.Change(t.Context(), scope, memory.Change{ID: "r:1", Key: "k", Value: "v"}); err == nil {
		t.Error("no error")
	}
	if _, err := memory.NewOnFile(dir, time.Now).Get(t.Context(), scope, "k"); err == nil {
		t.Error("no error for a directory")
	}
}

func TestAgentsThatNameTheSameFileShareIt(t *testing.T) {
	dir := t.TempDir()
	shelf := memory.NewShelf(dir, nil, time.Now)
	open := func(text string) memory.Memory {
		m, _, err := shelf.Open(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if open("File:./a.json:5") != open("file:x/../a.json") || open("File:a.json") != open("File:"+filepath.Join(dir, "a.json")) {
		t.Error("one file has two memories")
	}
	if open("File:a.json") == open("File:b.json") || open("InMemory") != open("InMemory:3") {
		t.Error("memories are mixed up")
	}
	for _, text := range []string{"Store", "nonsense", ""} {
		if _, _, err := shelf.Open(text); err == nil {
			t.Errorf("%q was opened", text)
		}
	}
}
