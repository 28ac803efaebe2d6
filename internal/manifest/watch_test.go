package manifest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/leak"
)

// watched is a Live under Watch, with what it reported.
type watched struct {
	*Live
	t  *testing.T
	mu sync.Mutex

	changes int
	errs    []string
}

// startWatch loads and watches directories until the test ends.
func startWatch(t *testing.T, dirs []Directory) *watched {
	t.Helper()
	live, err := NewLive(context.Background(), NewLoader(dirs, testKnown()).Load)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{Live: live, t: t}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		live.Watch(ctx, dirs, w.changed, w.failed)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := leak.Find(leak.Patience); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *watched) changed(c *Catalog) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes++
	if c != w.Current() {
		w.t.Error("the catalogue that is told is not the one in force")
	}
}

func (w *watched) failed(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.errs = append(w.errs, err.Error())
}

func (w *watched) counts() (changes int, errs []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changes, append([]string(nil), w.errs...)
}

// until polls for a condition.
func (w *watched) until(what string, holds func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for !holds() {
		if time.Now().After(deadline) {
			changes, errs := w.counts()
			w.t.Fatalf("never saw %s: agents %v, %d changes, errors %q", what, keys(w.Current().Agents), changes, errs)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (w *watched) untilAgents(names ...string) {
	w.t.Helper()
	w.until("agents "+strings.Join(names, " "), func() bool {
		return strings.Join(keys(w.Current().Agents), " ") == strings.Join(names, " ")
	})
}

// untilWatching makes sure that the watches are set, by a change that is seen.
func (w *watched) untilWatching(dir string) {
	w.t.Helper()
	path := filepath.Join(dir, "probe.yaml")
	write(w.t, path, agentText("probe"))
	w.until("the probe", func() bool { return w.Current().Agents["probe"] != nil })
	remove(w.t, path)
	w.until("the probe gone", func() bool { return w.Current().Agents["probe"] == nil })
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func rename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

func TestChangesAreLoadedHoweverTheyAreMade(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	w := startWatch(t, directories(dir))
	w.untilWatching(dir)

	write(t, filepath.Join(dir, "b.yaml"), agentText("b"))
	w.untilAgents("a", "b")
	// As editors do: write beside it, then rename over it.
	write(t, filepath.Join(dir, ".b.yaml.swp"), agentText("b2"))
	rename(t, filepath.Join(dir, ".b.yaml.swp"), filepath.Join(dir, "b.yaml"))
	w.untilAgents("a", "b2")
	// A new directory with a file, and another below it.
	write(t, filepath.Join(dir, "new", "c.yaml"), agentText("c"))
	w.untilAgents("a", "b2", "c")
	write(t, filepath.Join(dir, "new", "deep", "d.yaml"), agentText("d"))
	w.untilAgents("a", "b2", "c", "d")
	write(t, filepath.Join(dir, "new", "deep", "d.yaml"), agentText("d2"))
	w.untilAgents("a", "b2", "c", "d2")
	remove(t, filepath.Join(dir, "new"))
	w.untilAgents("a", "b2")
	write(t, filepath.Join(dir, "new", "e.yaml"), agentText("e"))
	w.untilAgents("a", "b2", "e")
}

func TestConfigMapSwapIsLoaded(t *testing.T) {
	dir := t.TempDir()
	swap := mountConfigMap(t, dir, "a.yaml", agentText("a"))
	w := startWatch(t, directories(dir))
	w.untilAgents("a", "b")
	for _, name := range []string{"a2", "a3", "a4"} {
		swap(agentText(name))
		w.untilAgents(name, "b")
	}
}

func TestDirectoryBehindALinkMayBeSwapped(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "rev1", "agents", "a.yaml"), agentText("a"))
	write(t, filepath.Join(dir, "rev2", "agents", "a.yaml"), agentText("a2"))
	link(t, "rev1/agents", filepath.Join(dir, "current"))
	w := startWatch(t, directories(filepath.Join(dir, "current")))
	w.untilAgents("a")
	link(t, "rev2/agents", filepath.Join(dir, "tmp"))
	rename(t, filepath.Join(dir, "tmp"), filepath.Join(dir, "current"))
	w.untilAgents("a2")
	write(t, filepath.Join(dir, "rev2", "agents", "b.yaml"), agentText("b"))
	w.untilAgents("a2", "b")
}

// Tools that check out a repository beside the one in use, and deployments by
// release, turn a link that is further up than the directory itself.
func TestLinkOnTheWayToADirectoryMayBeTurned(t *testing.T) {
	for name, layout := range map[string]func(t *testing.T, root string) string{
		"above the directory": func(_ *testing.T, root string) string {
			return filepath.Join(root, "current", "config", "agents")
		},
		"behind another link": func(t *testing.T, root string) string {
			link(t, "current/config/agents", filepath.Join(root, "agents"))
			return filepath.Join(root, "agents")
		},
		"by its whole path": func(t *testing.T, root string) string {
			link(t, filepath.Join(root, "current", "config"), filepath.Join(root, "etc", "config"))
			return filepath.Join(root, "etc", "config", "agents")
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for _, rev := range []string{"rev1", "rev2", "rev3"} {
				write(t, filepath.Join(root, "revs", rev, "config", "agents", "a.yaml"), agentText(rev))
			}
			link(t, "revs/rev1", filepath.Join(root, "current"))
			w := startWatch(t, directories(layout(t, root)))
			w.untilAgents("rev1")
			for _, rev := range []string{"rev2", "rev3"} {
				link(t, "revs/"+rev, filepath.Join(root, "tmp"))
				rename(t, filepath.Join(root, "tmp"), filepath.Join(root, "current"))
				w.untilAgents(rev)
			}
			write(t, filepath.Join(root, "revs", "rev3", "config", "agents", "b.yaml"), agentText("b"))
			w.untilAgents("b", "rev3")
		})
	}
}

func TestTrailNamesWhatLeadsToADirectory(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "revs", "1", "agents", "a.yaml"), "")
	link(t, "revs/1", filepath.Join(root, "current"))
	link(t, "../current/./agents", filepath.Join(root, "etc", "agents"))
	link(t, filepath.Join(root, "etc", "agents"), filepath.Join(root, "absolute"))
	link(t, "circle2", filepath.Join(root, "circle1"))
	link(t, "circle1", filepath.Join(root, "circle2"))
	link(t, "gone/agents", filepath.Join(root, "dangling"))
	for path, want := range map[string][]string{
		"revs/1/agents":       {"revs/1/agents"},
		"current/agents":      {"current", "revs/1/agents"},
		"etc/agents":          {"etc/agents", "current", "revs/1/agents"},
		"absolute":            {"absolute", "etc/agents", "current", "revs/1/agents"},
		"current/../2/agents": {"current", "revs/2"},
		"revs/none/agents":    {"revs/none"},
		"dangling":            {"dangling", "gone"},
		"circle1":             {"circle1", "circle2"},
	} {
		var got []string
		for _, name := range trail(root + "/" + path) {
			rel, err := filepath.Rel(root, name)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(got, rel) {
				got = append(got, rel)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("trail of %s (-want +got):\n%s", path, diff)
		}
	}
}

func TestLastGoodCatalogueStaysInForceUntilAllIsValid(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	w := startWatch(t, directories(dir))
	w.untilWatching(dir)
	before := w.Current()

	write(t, filepath.Join(dir, "b.yaml"), "kind: Agnet")
	w.until("the error", func() bool { return w.Err() != nil })
	write(t, filepath.Join(dir, "a.yaml"), agentText("a2"))
	w.until("nothing new", func() bool { return w.Current() == before })
	var problems Problems
	if !errors.As(w.Err(), &problems) || !strings.Contains(problems.Error(), `unknown kind "Agnet"`) {
		t.Errorf("error is %v", w.Err())
	}
	write(t, filepath.Join(dir, "b.yaml"), agentText("b"))
	w.untilAgents("a2", "b")
	w.until("no error", func() bool { return w.Err() == nil })
	if _, errs := w.counts(); len(errs) != 1 {
		t.Errorf("errors are %q, want one", errs)
	}
}

func TestDirectoryThatVanishesLeavesTheCatalogueInForce(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "sub", "agents")
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	w := startWatch(t, directories(dir))
	w.untilWatching(dir)
	for i := range 3 {
		remove(t, filepath.Join(root, "sub"))
		w.until("the error", func() bool { return w.Err() != nil })
		if w.Current().Agents == nil || len(w.Current().Agents) == 0 {
			t.Fatal("the catalogue is empty")
		}
		name := fmt.Sprintf("b%d", i)
		write(t, filepath.Join(dir, "b.yaml"), agentText(name))
		w.untilAgents(name)
		write(t, filepath.Join(dir, "b.yaml"), agentText(name+"x"))
		w.untilAgents(name + "x")
	}
}

func TestOptionalDirectoryMayAppearLater(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "agents")
	w := startWatch(t, []Directory{{Path: dir, Watch: true, Enabled: true, Optional: true}})
	w.untilAgents()
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	w.untilAgents("a")
	write(t, filepath.Join(dir, "b.yaml"), agentText("b"))
	w.untilAgents("a", "b")
}

func TestUnchangedFilesCauseNoSwap(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), agentText("a"))
	w := startWatch(t, directories(dir))
	w.untilWatching(dir)
	changes, _ := w.counts()
	before := w.Current()
	// By renaming, since a file that is being written is empty for a moment.
	write(t, filepath.Join(dir, ".a.yaml.swp"), agentText("a"))
	rename(t, filepath.Join(dir, ".a.yaml.swp"), filepath.Join(dir, "a.yaml"))
	write(t, filepath.Join(dir, "readme.txt"), "x")
	if changed, err := w.Reload(context.Background()); changed || err != nil {
		t.Errorf("reload: changed %v, error %v", changed, err)
	}
	write(t, filepath.Join(dir, ".b.yaml.swp"), agentText("b"))
	rename(t, filepath.Join(dir, ".b.yaml.swp"), filepath.Join(dir, "b.yaml"))
	w.untilAgents("a", "b")
	// A change is told after it is in force.
	w.until("the change to be told", func() bool { n, _ := w.counts(); return n > changes })
	if got, _ := w.counts(); got != changes+1 || w.Current() == before {
		t.Errorf("%d changes, want %d", got, changes+1)
	}
}

func TestBurstOfFilesIsOneCatalogue(t *testing.T) {
	dir := t.TempDir()
	w := startWatch(t, directories(dir))
	w.untilWatching(dir)
	before, _ := w.counts()
	const files = 300
	began := time.Now()
	for i := range files {
		write(t, filepath.Join(dir, fmt.Sprintf("d%d", i%10), fmt.Sprintf("%d.yaml", i)), agentText(fmt.Sprintf("n%d", i)))
	}
	took := time.Since(began)
	w.until("all files", func() bool { return len(w.Current().Agents) == files })
	// On a slow machine the burst has pauses that look like its end.
	limit := 5 + int(took/quietTime)
	if after, _ := w.counts(); after-before > limit {
		t.Errorf("%d catalogues for one burst, want %d at most", after-before, limit)
	}
}

func TestNothingToWatchWaitsForTheEnd(t *testing.T) {
	live, err := NewLive(context.Background(), NewLoader(nil, testKnown()).Load)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	live.Watch(ctx, []Directory{{Path: t.TempDir()}}, nil, nil)
}

func TestFirstCatalogueMustBeGood(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), "kind: Agnet")
	if _, err := NewLive(context.Background(), NewLoader(directories(dir), testKnown()).Load); err == nil {
		t.Error("a bad catalogue is in force")
	}
}

func TestReloadThatIsCutOffIsNoFailureOfTheFiles(t *testing.T) {
	live, err := NewLive(context.Background(), func(ctx context.Context) (*Catalog, error) { return &Catalog{}, ctx.Err() })
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := live.Reload(ctx); !errors.Is(err, context.Canceled) || live.Err() != nil {
		t.Errorf("errors are %v and %v", err, live.Err())
	}
}
