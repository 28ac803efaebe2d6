package manifest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func agentText(name string) string {
	return "kind: Agent\nmetadata: {name: " + name + "}\nspec: {model: 'google:x', instructions: x}\n"
}

func link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dirs ...string) *Catalog {
	t.Helper()
	catalog, err := LoadCatalog(context.Background(), directories(dirs...), testKnown())
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func directories(paths ...string) []Directory {
	var out []Directory
	for _, p := range paths {
		out = append(out, Directory{Path: p, Watch: true, Enabled: true})
	}
	return out
}

// mountConfigMap lays a directory out as Kubernetes does, and returns the
// function that swaps its content.
func mountConfigMap(t *testing.T, dir, name, text string) func(text string) {
	t.Helper()
	version := 0
	swap := func(text string) {
		version++
		data := "..2026_01_0" + string(rune('0'+version))
		write(t, filepath.Join(dir, data, name), text)
		write(t, filepath.Join(dir, data, "sub", "b.yaml"), agentText("b"))
		link(t, data, filepath.Join(dir, "..data_tmp"))
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	swap(text)
	link(t, filepath.Join("..data", name), filepath.Join(dir, name))
	link(t, filepath.Join("..data", "sub"), filepath.Join(dir, "sub"))
	return swap
}

func TestMountedConfigMapIsLoadedOnce(t *testing.T) {
	dir := t.TempDir()
	mountConfigMap(t, dir, "a.yaml", agentText("a"))
	catalog := load(t, dir)
	if diff := cmp.Diff([]string{"a", "b"}, keys(catalog.Agents)); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	if want := filepath.Join(dir, "a.yaml") + ":1"; catalog.Agents["a"].Source != want {
		t.Errorf("source is %s, want %s", catalog.Agents["a"].Source, want)
	}
}

func TestFilesAreLoadedOnceHoweverTheyAreReached(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "m", "a.yaml"), agentText("a"))
	write(t, filepath.Join(dir, "m", "deep", "er", "b.YML"), agentText("b"))
	write(t, filepath.Join(dir, "m", "note.md"), "kind: [")
	write(t, filepath.Join(dir, "m", ".git", "x.yaml"), "kind: [")
	write(t, filepath.Join(dir, "out", "c.yaml"), agentText("c"))
	link(t, filepath.Join(dir, "m"), filepath.Join(dir, "again"))
	link(t, filepath.Join(dir, "m"), filepath.Join(dir, "m", "deep", "loop"))
	link(t, filepath.Join(dir, "out", "c.yaml"), filepath.Join(dir, "m", "c.yaml"))
	link(t, filepath.Join(dir, "out", "c.yaml"), filepath.Join(dir, "m", "c2.yaml"))
	link(t, "nowhere", filepath.Join(dir, "m", "dangling"))
	catalog := load(t, filepath.Join(dir, "m"), filepath.Join(dir, "again"), filepath.Join(dir, "m", "deep"), filepath.Join(dir, "m"))
	if diff := cmp.Diff([]string{"a", "b", "c"}, keys(catalog.Agents)); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	dir := t.TempDir()
	link(t, "nowhere", filepath.Join(dir, "a.yaml"))
	write(t, filepath.Join(dir, "big.yaml"), strings.Repeat("# ", maxFileBytes))
	write(t, filepath.Join(dir, "latin.yaml"), "a: \xe9")
	dirs := append(directories(dir, filepath.Join(dir, "none")), Directory{Path: filepath.Join(dir, "optional"), Optional: true})
	_, err := LoadCatalog(context.Background(), dirs, testKnown())
	got := lines(problemsOf(t, err), dir)
	want := `a.yaml: read: no such file or directory
big.yaml: the file is larger than 4194304 bytes
latin.yaml: the file is not UTF-8 text
none: read: no such file or directory
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// A link that leads to itself can be read by nobody, not even by root, who runs the
// tests in many a container.
func TestUnreadableFileIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("a.yaml", filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	_, err := LoadCatalog(context.Background(), directories(dir), testKnown())
	if got := lines(problemsOf(t, err), dir); !strings.HasPrefix(got, "a.yaml: read: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("problems are %s", got)
	}
}

func TestLoaderSharesWhatDidNotChange(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	write(t, filepath.Join(dir, "b.yaml"), agentText("b"))
	loader := NewLoader(directories(dir), testKnown())
	mustLoad := func() *Catalog {
		t.Helper()
		c, err := loader.Load(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	first := mustLoad()
	same := mustLoad()
	if first.Revision != same.Revision || first.Agents["a"] != same.Agents["a"] {
		t.Error("an unchanged set is not the same")
	}
	write(t, filepath.Join(dir, "b.yaml"), strings.Replace(agentText("b"), ": x}", ": y}", 1))
	second := mustLoad()
	if second.Revision == first.Revision || second.Agents["a"] != first.Agents["a"] || second.Agents["b"].Instructions != "y" {
		t.Errorf("revisions %s and %s, b is %+v", first.Revision, second.Revision, second.Agents["b"])
	}
	if first.Agents["b"].Instructions != "x" {
		t.Error("the first catalogue changed")
	}
	if err := os.Remove(filepath.Join(dir, "a.yaml")); err != nil {
		t.Fatal(err)
	}
	if third := mustLoad(); third.Agents["a"] != nil || third.Revision == second.Revision {
		t.Error("the removed agent is still there")
	}
}

func TestChangesUnderOldTimesAreSeen(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	old := time.Now().Add(-time.Hour)
	put := func(path, name string, at time.Time) {
		write(t, path, agentText(name))
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	loader := NewLoader(directories(dir), testKnown())
	expect := func(step, name string) {
		t.Helper()
		c, err := loader.Load(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if c.Agents[name] == nil {
			t.Errorf("%s: agents are %v, want %s", step, keys(c.Agents), name)
		}
	}
	put(path, "a", old)
	expect("first", "a")
	expect("unchanged", "a")
	put(path, "b", old.Add(time.Minute))
	expect("another time", "b")
	put(filepath.Join(dir, ".new"), "c", old.Add(time.Minute))
	rename(t, filepath.Join(dir, ".new"), path)
	expect("another file with the same time and size", "c")
	put(path, "longer", old.Add(time.Minute))
	expect("another size with the same time", "longer")
	now := time.Now()
	put(path, "d", now)
	expect("now", "d")
	put(path, "e", now)
	expect("again at the same time", "e")
}

func TestLoadEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	write(t, filepath.Join(dir, "b.yaml"), agentText("b"))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	loader := NewLoader(directories(dir), testKnown())
	for range 50 {
		if _, err := loader.Load(ctx); err == nil {
			continue
		} else if err != context.Canceled {
			t.Fatalf("error is %v", err)
		}
		return
	}
	t.Error("loading never ended with its context")
}
