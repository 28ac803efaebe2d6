package internal_test

import (
	"go/build"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/aofctl/aofctl/internal/"

// allowed is which packages of ours each package may import: the direction of
// docs/architecture.md. A trailing slash allows the packages below. Packages
// that only composition and command line use are not listed on the right.
func allowed() map[string][]string {
	return map[string][]string{
		"a2a":              {},
		"a2a/card":         {},
		"a2a/client":       {"a2a"},
		"a2a/duty":         {"a2a", "agent", "approval", "budget", "durable", "event", "gate", "prompt", "route", "step", "store", "tool"},
		"a2a/endpoint":     {"a2a", "a2a/card", "a2a/wire"},
		"a2a/signin":       {"a2a", "forge/fit"},
		"a2a/keeper":       {"a2a", "store"},
		"a2a/push":         {"a2a", "a2a/wire", "hosts", "store"},
		"a2a/wire":         {"a2a"},
		"forge/fit":        {"a2a"},
		"forge/forgeapp":   {"manifest"},
		"forge":            {"a2a", "a2a/signin", "atlassian", "forge/fit", "store"},
		"leak":             {},
		"logtest":          {},
		"step":             {},
		"step/steptest":    {"step"},
		"spell":            {},
		"event":            {},
		"event/jira":       {"event"},
		"event/github":     {"event"},
		"event/http":       {"event"},
		"event/confluence": {"event"},
		"schedule":         {"event", "store/inbox"},
		"github":           {},
		"tool/github":      {"event/github", "github", "tool"},
		"sandbox/github":   {},
		"enrich":           {"atlassian", "atlassian/confluence", "event", "event/confluence", "event/jira"},
		"markup":           {"markup/adf", "markup/doc", "markup/markdown", "markup/storage", "markup/wiki"},
		"markup/adf":       {"markup/doc"},
		"markup/doc":       {},
		"markup/markdown":  {"markup/doc"},
		"markup/storage":   {"markup/doc", "markup/markdown"},
		"markup/wiki":      {"markup/doc", "markup/markdown"},
		"prompt":           {"spell"},
		"llm":              {"spell"},
		"manifest":         {"hosts", "memory", "spell"},
		"atlassian":        {},
		"atlassian/jira":   {"atlassian"},
		"doctor":           {"admin", "atlassian", "atlassian/confluence", "atlassian/jira", "registration", "store/postgres"},
		"reconcile":        {"atlassian", "atlassian/jira", "event", "store/inbox"},
		"registration":     {"atlassian/jira"},
		"route":            {"event", "event/confluence", "manifest", "spell"},
		"tool":             {},
		"tool/jira":        {"tool", "atlassian", "atlassian/jira", "markup"},
		"tool/confluence":  {"tool", "atlassian", "atlassian/confluence", "markup", "markup/storage"},
		"tool/trace":       {"tool", "tool/confluence", "tool/jira", "requirement", "atlassian", "atlassian/confluence", "atlassian/jira", "markup", "markup/doc", "markup/markdown", "markup/storage"},
		"requirement":      {"markup/doc", "markup/markdown"},
		"tool/mcp":         {"prompt", "tool"},
		"mcpserver":        {"policy", "step", "tool"},
		"policy":           {"hosts", "markup/doc", "markup/markdown", "markup/wiki", "step", "tool"},
		"approval":         {"step", "store", "tool"},
		"budget":           {"llm", "manifest", "store"},
		"injection":        {},
		"gate":             {"approval", "manifest", "policy", "step", "tool"},
		"agent":            {"budget", "event", "gate", "llm", "manifest", "policy", "prompt", "step", "tool"},
		"fleet":            {"agent", "budget", "event", "gate", "llm", "manifest", "prompt", "step", "tool"},
		"flow":             {"agent", "approval", "budget", "event", "gate", "manifest", "policy", "prompt", "step", "tool"},
		"durable":          {"step", "store"},
		"memory":           {},
		"hosts":            {},
		"outbound":         {"hosts"},
		"tool/memory":      {"memory", "prompt", "spell", "tool"},
		"tool/web":         {"outbound", "prompt", "tool"},
		"tool/tooltest":    {"tool"},
		"store":            {"a2a", "memory", "step", "tool", "store/sqlite", "store/postgres"},
		"store/inbox":      {"store/inbox/codec", "store/sqlite"},
		"store/schema":     {},
		"store/secret":     {"store/postgres", "store/sqlite"},
		"store/sqlite":     {"store/schema"},
		"store/postgres":   {"store/schema"},
		"webhook":          {"store/inbox"},
		"run":              {"approval", "durable", "event", "route", "step", "store", "store/inbox", "tool", "manifest"},
		"admin":            {"a2a", "approval", "run", "manifest", "step", "store", "store/inbox"},
		"admin/client":     {"admin", "run", "store"},
		"telemetry":        {"step"},
		"sandbox":          {"sandbox/confluence", "sandbox/github", "sandbox/jira", "sandbox/model", "sandbox/rovo"},
		"sandbox/jira":     {"sandbox/wire"},
		"sandbox/contract": {},
		"sandbox/model":    {},
		"sandbox/port":     {},
		"sandbox/rovo":     {"a2a", "a2a/client", "sandbox/jira"},
		"sandbox/double":   {"sandbox/port"},

		"atlassian/confluence":    {"atlassian"},
		"sandbox/confluence":      {"sandbox/wire"},
		"sandbox/wire":            {},
		"memory/memorytest":       {"memory"},
		"store/inbox/codec":       {},
		"store/inbox/inboxtest":   {"store/inbox", "store/inbox/codec"},
		"store/inbox/postgres":    {"store/inbox", "store/inbox/codec", "store/postgres"},
		"sandbox/pgserver":        {"sandbox/port"},
		"sandbox/pgserver/pgtest": {"sandbox/pgserver"},
		"npmtest":                 {},
	}
}

// free are the packages that may import everything: they put the others together.
var free = []string{"app", "chaos", "chaos/disk", "chaos/rig", "cli", "demo", "e2e", "measure", "scenario"} //nolint:gochecknoglobals // a constant list

// engines are outside packages that few packages may import, mostly one.
var engines = map[string]string{ //nolint:gochecknoglobals // a constant list
	"github.com/mitsuhiko/minijinja":    "prompt",
	"github.com/sashabaranov/go-openai": "llm",
	"github.com/andygrunwald/go-jira":   "atlassian/jira",
	"github.com/fsnotify/fsnotify":      "manifest",
	"github.com/netresearch/go-cron":    "schedule",

	"github.com/golang-jwt/jwt/v5":    "forge forge/fit",
	"github.com/modelcontextprotocol": "tool/mcp mcpserver",
}

func TestPackagesImportOnlyInwards(t *testing.T) {
	rules := allowed()
	for _, pkg := range packages(t) {
		rel := strings.TrimPrefix(pkg.ImportPath, module)
		may, known := rules[rel]
		if !known && !slices.Contains(free, rel) && !strings.HasPrefix(rel, "webhook/") && !strings.HasPrefix(rel, "manifest/") {
			t.Errorf("package %s is not in the table: say what it may import", rel)
		}
		for _, imp := range pkg.Imports {
			checkEngine(t, rel, imp)
			ours, ok := strings.CutPrefix(imp, module)
			if ok && known && !slices.Contains(may, ours) {
				t.Errorf("%s imports %s; it may import %v", rel, ours, may)
			}
		}
	}
}

func checkEngine(t *testing.T, pkg, imp string) {
	t.Helper()
	for engine, owner := range engines {
		if strings.HasPrefix(imp, engine) && !slices.Contains(strings.Fields(owner), pkg) {
			t.Errorf("%s imports %s, which belongs to %s", pkg, imp, owner)
		}
	}
}

// packages reads the import graph of this directory, tests left out.
func packages(t *testing.T) []*build.Package {
	t.Helper()
	var list []*build.Package
	err := filepath.WalkDir(".", func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() || path == "." || strings.Contains(path, "testdata") {
			return err
		}
		pkg, err := build.ImportDir(path, 0)
		if err != nil {
			return nil //nolint:nilerr // a directory without Go files
		}
		pkg.ImportPath = module + filepath.ToSlash(path)
		list = append(list, pkg)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 20 {
		t.Fatalf("found only %d packages: is this the internal directory?", len(list))
	}
	return list
}
