package forgeapp_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/npmtest"
)

// program runs node or npm and returns what it prints.
func program(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("no %s here", name)
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// copyApp copies the app's files, without what somebody installed among them.
func copyApp(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(appFiles, func(path string, entry fs.DirEntry, err error) error {
		rel, wrong := filepath.Rel(appFiles, path)
		switch {
		case err != nil || wrong != nil:
			return errors.Join(err, wrong)
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, rel), 0o700)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, rel), text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tests are the files with the app's own tests.
func tests(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(appFiles, "test", "*.test.mjs"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%d files of tests: %v", len(files), err)
	}
	for i, file := range files {
		files[i] = filepath.Join("test", filepath.Base(file))
	}
	return files
}

func TestTheAppPassesItsTestsWithoutAnythingInstalled(t *testing.T) {
	dir := t.TempDir()
	copyApp(t, dir)
	if out, err := program(t, dir, "node", append([]string{"--test"}, tests(t)...)...); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTheAppsPagesWork installs the app's packages, checks the types of its sources
// against them, and plays its pages, some of them against the daemon.
func TestTheAppsPagesWork(t *testing.T) {
	npmtest.Require(t)
	dir := t.TempDir()
	copyApp(t, dir)
	npmtest.Install(t, dir)
	if out, err := program(t, dir, "npm", "run", "check"); err != nil {
		t.Errorf("types: %v\n%s", err, out)
	}
	t.Setenv("AOF_FORGE_DAEMON", startDaemon(t))
	out, err := program(t, dir, "node", append([]string{"--test"}, tests(t)...)...)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if !regexp.MustCompile(`(?m)skipped 0$`).MatchString(out) {
		t.Errorf("pages were skipped:\n%s", out)
	}
}

func TestTheAppPinsItsPackagesAndNamesNoRegistry(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(appFiles, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	var pkg struct {
		Dependencies, DevDependencies map[string]string
	}
	if err := json.Unmarshal(text, &pkg); err != nil || len(pkg.Dependencies) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for _, list := range []map[string]string{pkg.Dependencies, pkg.DevDependencies} {
		for name, version := range list {
			if !exact.MatchString(version) {
				t.Errorf("%s is at %s, which is not one version", name, version)
			}
		}
	}
	dir := t.TempDir()
	copyApp(t, dir)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), `"resolved"`) {
			t.Errorf("%s has addresses of a registry", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
