package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aofctl/aofctl/internal/store"
)

// echo is an agent whose instructions name their version.
func echo(version int) string {
	return fmt.Sprintf(`apiVersion: aof.dev/v1
kind: Agent
metadata: {name: echo}
spec:
  model: google:gemini-2.5-flash
  instructions: VERSION-%d. Estimate {{ metadata.issue_key }}.
  tools: [jira_get_issue]
`, version)
}

// command is a trigger that gives a command to the agent.
func command(name string) string {
	return fmt.Sprintf(`apiVersion: aof.dev/v1
kind: Trigger
metadata: {name: %[1]s}
spec: {type: Jira, config: {events: [comment_created]}, commands: {/%[1]s: {agent: echo}}}
`, name)
}

// TestManifestsAreReloaded changes manifests under a running daemon.
func TestManifestsAreReloaded(t *testing.T) {
	w := newWorld(t)
	for _, dir := range []string{"agents", "fleets", "flows", "triggers"} {
		if err := os.RemoveAll(filepath.Join(w.dir, dir)); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"fleets", "flows"} {
		w.write(dir+"/README.md", "Nothing is here.")
	}
	w.write("agents/echo.yaml", echo(1))
	w.mount("triggers", map[string]string{"t.yaml": command("one")})
	d := w.start()

	w.scene("a run in flight keeps its revision", func(t *testing.T) { keepsRevision(t, w) })
	w.scene("a ConfigMap is swapped", func(t *testing.T) { swapsConfigMap(t, w) })
	w.scene("a broken manifest changes nothing and is told", func(t *testing.T) { survivesBroken(t, w, d) })
}

func keepsRevision(t *testing.T, w *world) {
	key := w.story("FEAT")
	hold := newHoldOnce("chat/completions")
	open := sync.OnceFunc(func() { close(hold.release) })
	t.Cleanup(open)
	w.proxy.set(hold.at)
	w.comment("bob", key, "/one")
	<-hold.reached
	before := w.revision("agents", "echo")
	w.replace("agents/echo.yaml", echo(2))
	w.await("the new agent to be in force", func() bool { return w.revision("agents", "echo") != before })
	open()
	w.ended(key, 1)
	w.comment("bob", key, "/one again")
	runs := w.ended(key, 2)
	succeeded(t, runs)
	for i, r := range runs {
		if want := fmt.Sprintf("VERSION-%d", i+1); !strings.Contains(systemOf(t, w, r), want) {
			t.Errorf("run %d was not told %s", i, want)
		}
	}
	if runs[0].Revision != before || runs[1].Revision == before {
		t.Errorf("revisions %s and %s, the first agent's is %s", runs[0].Revision, runs[1].Revision, before)
	}
}

// systemOf is what a run's first model step was told.
func systemOf(t *testing.T, w *world, r store.Run) string {
	t.Helper()
	for _, e := range w.run(r.ID).StepList {
		if e.Kind == "model" {
			return string(e.Input)
		}
	}
	t.Fatalf("run %s asked no model", r.ID)
	return ""
}

func swapsConfigMap(t *testing.T, w *world) {
	key := w.story("FEAT")
	w.mount("triggers", map[string]string{"t.yaml": command("two"), "u.yaml": command("three")})
	w.await("the new triggers", func() bool { return w.revision("triggers", "three") != "" })
	if w.revision("triggers", "one") != "" {
		t.Error("the old trigger is still there")
	}
	w.comment("bob", key, "/two")
	w.comment("bob", key, "/three")
	runs := w.ended(key, 2)
	succeeded(t, runs)
	if runs[0].Trigger != "two" || runs[1].Trigger != "three" {
		t.Errorf("triggers %s and %s", runs[0].Trigger, runs[1].Trigger)
	}
}

func survivesBroken(t *testing.T, w *world, d *daemon) {
	key := w.story("FEAT")
	w.mount("triggers", map[string]string{"t.yaml": command("two"), "broken.yaml": strings.Replace(command("three"), "events", "evnts", 1)})
	const told = `broken.yaml:4:29: unknown field \"evnts\" (did you mean \"events\"?)`
	w.await("the log to tell", func() bool { return strings.Contains(d.log.String(), told) })
	if !strings.Contains(d.log.String(), "the last good ones stay in force") {
		t.Error("the log does not say what is in force")
	}
	a := w.get("/readyz?verbose")
	if a.status != http.StatusOK || !strings.Contains(a.body, `"degraded"`) || !strings.Contains(a.body, told) {
		t.Errorf("readyz says %d %s", a.status, a.body)
	}
	w.comment("bob", key, "/three")
	succeeded(t, w.ended(key, 1))
	w.mount("triggers", map[string]string{"t.yaml": command("four")})
	w.await("the mended triggers", func() bool { return w.revision("triggers", "four") != "" })
	if a := w.get("/readyz?verbose"); !strings.Contains(a.body, `"status": "ready"`) || strings.Contains(a.body, "evnts") {
		t.Errorf("once it is mended readyz says %s", a.body)
	}
	runs := w.runs(url.Values{"issue": {key}})
	if len(runs) != 1 {
		t.Errorf("%d runs", len(runs))
	}
}

// revision is the revision of a manifest in force, "" if there is none.
func (w *world) revision(kind, name string) string {
	w.t.Helper()
	m, err := w.client().Manifest(w.t.Context(), kind, name)
	if err != nil {
		return ""
	}
	return m.Revision
}

// replace writes a file as editors do: beside it, and then over it.
func (w *world) replace(name, text string) {
	w.t.Helper()
	w.write(name+".tmp~", text)
	if err := os.Rename(filepath.Join(w.dir, name+".tmp~"), filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

// mount lays out files as Kubernetes mounts a ConfigMap: links into a directory
// that is a link itself, which a change replaces
// (https://pkg.go.dev/k8s.io/kubernetes/pkg/volume/util#AtomicWriter).
func (w *world) mount(dir string, files map[string]string) {
	w.t.Helper()
	root := filepath.Join(w.dir, dir)
	text, err := json.Marshal(files)
	if err != nil {
		w.t.Fatal(err)
	}
	version := fmt.Sprintf("..%x", len(text)*7919+int(text[len(text)/2]))
	for name, body := range files {
		w.write(filepath.Join(dir, version, name), body)
	}
	old, _ := os.Readlink(filepath.Join(root, "..data"))
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	must(os.Symlink(version, filepath.Join(root, "..data_tmp")))
	must(os.Rename(filepath.Join(root, "..data_tmp"), filepath.Join(root, "..data")))
	for name := range files {
		if _, err := os.Lstat(filepath.Join(root, name)); err != nil {
			must(os.Symlink(filepath.Join("..data", name), filepath.Join(root, name)))
		}
	}
	entries, err := os.ReadDir(root)
	must(err)
	for _, e := range entries {
		if _, wanted := files[e.Name()]; !wanted && !strings.HasPrefix(e.Name(), "..") {
			must(os.Remove(filepath.Join(root, e.Name())))
		}
	}
	if old != "" && old != version {
		must(os.RemoveAll(filepath.Join(root, old)))
	}
}
