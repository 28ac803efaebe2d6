package internal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/cli"
	"github.com/aofctl/aofctl/internal/event"
	eventjira "github.com/aofctl/aofctl/internal/event/jira"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/outbound"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/telemetry"
	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
	toolgithub "github.com/aofctl/aofctl/internal/tool/github"
	tooljira "github.com/aofctl/aofctl/internal/tool/jira"
	toolmemory "github.com/aofctl/aofctl/internal/tool/memory"
	"github.com/aofctl/aofctl/internal/tool/trace"
	"github.com/aofctl/aofctl/internal/tool/web"
)

// update writes the generated parts of docs/ anew:
// go test ./internal -run Docs -update.
var update = flag.Bool("update", false, "write the generated parts of docs/") //nolint:gochecknoglobals // a test's flag

const (
	generatedFrom  = "<!-- generated: go test ./internal -run Docs -update -->\n"
	generatedUntil = "<!-- end of the generated part -->\n"
)

// checkGenerated compares the generated part of a page with what it should be.
func checkGenerated(t *testing.T, page, want string) {
	t.Helper()
	path := filepath.Join(top, "docs", page)
	text := read(t, path)
	before, rest, found := strings.Cut(text, generatedFrom)
	got, after, ended := strings.Cut(rest, generatedUntil)
	if !found || !ended {
		t.Fatalf("%s has no generated part", path)
	}
	if *update {
		write(t, path, before+generatedFrom+want+generatedUntil+after)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s is out of date, run: go test ./internal -run Docs -update\n(-want +got):\n%s", path, diff)
	}
}

func TestDocsListEveryTool(t *testing.T) {
	tools := append(tooljira.New(nil, tool.Writer{}, tooljira.Converters{}).All(), toolgithub.New(nil, tool.Writer{}).All()...)
	tools = append(tools, toolconfluence.New(nil, tool.Writer{}).All()...)
	tools = append(tools, trace.New(nil, nil, tool.Writer{}, time.Now).All()...)
	tools = append(append(tools, toolmemory.New(nil, time.Now)...), web.New(outbound.New(outbound.Config{}), tool.Writer{}))
	slices.SortFunc(tools, func(a, b tool.Tool) int { return strings.Compare(a.Spec().Name, b.Spec().Name) })
	var b strings.Builder
	for _, one := range tools {
		writeTool(t, &b, one.Spec())
	}
	checkGenerated(t, "tools.md", b.String())
}

func writeTool(t *testing.T, b *strings.Builder, s tool.Spec) {
	t.Helper()
	fmt.Fprintf(b, "\n### %s\n\n%s **%s**", s.Name, s.Description, s.Access)
	if len(s.Aliases) > 0 {
		fmt.Fprintf(b, "; also listed as `%s`", strings.Join(s.Aliases, "`, `"))
	}
	b.WriteString("\n\n| parameter | type | |\n|---|---|---|\n")
	var schema struct {
		Properties map[string]struct {
			Type        string
			Description string
			Enum        []string
			Items       struct{ Type string }
		}
		Required []string
	}
	if err := json.Unmarshal(s.Parameters, &schema); err != nil {
		t.Fatal(err)
	}
	optional := slices.DeleteFunc(slices.Sorted(maps.Keys(schema.Properties)), func(name string) bool {
		return slices.Contains(schema.Required, name)
	})
	for _, name := range slices.Concat(schema.Required, optional) {
		p := schema.Properties[name]
		kind := p.Type
		if p.Items.Type != "" {
			kind = "list of " + p.Items.Type
		}
		if len(p.Enum) > 0 {
			kind = strings.Join(p.Enum, " or ")
		}
		if slices.Contains(schema.Required, name) {
			kind += ", required"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, kind, p.Description)
	}
}

func TestDocsNameEveryPolicyRule(t *testing.T) {
	page := read(t, filepath.Join(top, "docs", "policy.md"))
	for _, rule := range []string{
		policy.RuleAllowed, policy.RuleToolList, policy.RuleSchema, policy.RuleScope, policy.RuleWrites,
		policy.RuleComments, policy.RuleRate, policy.RuleOwnIssue, policy.RuleSize, policy.RuleSecret, policy.RuleMacro, policy.RuleMention,
		policy.RuleLink, policy.RuleDryRun, policy.RuleApproval, policy.RulePropose,
	} {
		if !strings.Contains(page, "| `"+rule+"` |") {
			t.Errorf("docs/policy.md leaves out the rule %s", rule)
		}
	}
	for _, limit := range []int{policy.DefaultWritesPerRun, policy.DefaultCommentsPerRun, policy.DefaultCommentsPerIssue, policy.DefaultMaxBytes >> 10} {
		if !strings.Contains(page, fmt.Sprintf(" %d ", limit)) {
			t.Errorf("docs/policy.md leaves out the limit of %d", limit)
		}
	}
}

var verbLine = regexp.MustCompile(`(?m)^  ([a-z][a-z0-9]*) +\S`)

func TestDocsShowTheHelpOfEveryVerb(t *testing.T) {
	var b strings.Builder
	_, list, _ := strings.Cut(help(t), "Available Commands:")
	list, _, _ = strings.Cut(list, "\nFlags:")
	for _, m := range verbLine.FindAllStringSubmatch(list, -1) {
		if verb := m[1]; verb != "help" && verb != "completion" {
			writeHelp(t, &b, verb)
		}
	}
	if strings.Count(b.String(), "\n## ") < 10 {
		t.Fatalf("found too few verbs:\n%s", list)
	}
	checkGenerated(t, "cli.md", b.String())
}

// writeHelp writes the help of a verb, or of those below it.
func writeHelp(t *testing.T, b *strings.Builder, verb ...string) {
	t.Helper()
	text := help(t, verb...)
	if _, list, below := strings.Cut(text, "Available Commands:"); below {
		list, _, _ = strings.Cut(list, "\nFlags:")
		for _, m := range verbLine.FindAllStringSubmatch(list, -1) {
			writeHelp(t, b, append(slices.Clone(verb), m[1])...)
		}
		return
	}
	fmt.Fprintf(b, "\n## aofctl %s\n\n```\n%s\n```\n", strings.Join(verb, " "), strings.TrimSpace(text))
}

// help returns what a verb's --help prints, without the version.
func help(t *testing.T, verb ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if code := cli.Main(append(verb, "--help"), strings.NewReader(""), &out, &errOut); code != 0 {
		t.Fatalf("aofctl %v --help: exit code %d, %s", verb, code, errOut.String())
	}
	return out.String()
}

func TestDocsListEveryMetric(t *testing.T) {
	scraped := exercise()
	var b strings.Builder
	b.WriteString("\n| name | type | labels | |\n|---|---|---|---|\n")
	for _, m := range regexp.MustCompile(`(?m)^# HELP (aof_\S+) (.*)\n# TYPE \S+ (\S+)`).FindAllStringSubmatch(scraped, -1) {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m[1], m[3], labelsOf(scraped, m[1]), m[2])
	}
	checkGenerated(t, "metrics.md", b.String())
	page := read(t, filepath.Join(top, "docs", "metrics.md"))
	for _, name := range sourceMatches(t, "telemetry", regexp.MustCompile(`"(aof_[a-z0-9_]+)"`)) {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/metrics.md leaves out %s", name)
		}
	}
}

// exercise counts one of everything and returns the metrics as they are served:
// counters with labels show nothing until then.
func exercise() string {
	m := telemetry.NewMetrics("1.0.0")
	cost := int64(1)
	m.Webhook("jira", "accepted")
	m.Acknowledged(time.Millisecond)
	m.Delivery("jira", "routed")
	m.Run("agent", "a", "succeeded", time.Second)
	m.Reload(true)
	m.A2A("jira-1.0", "send", 0, time.Millisecond)
	m.ForgeToken("")
	m.ForgeKeys(true)
	m.Reconciled("a", 1, 1)
	m.WebhookLast("jira/a", time.Now())
	m.WebhookSilent("jira/a", false)
	m.JiraAttempt("a", "GET", 200, time.Second, 1)
	m.GitHubAttempt("GET", 200, time.Second, 1)
	m.WatchBacklog(func(context.Context) (telemetry.Backlog, error) {
		return telemetry.Backlog{Runs: map[string]int64{"queued": 1}}, nil
	})
	m.Step(step.Entry{Kind: step.KindModel, Model: "m", CostMicroUSD: &cost})
	m.Step(step.Entry{Kind: step.KindTool, Name: "t", Decision: policy.RuleAllowed})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

// labelsOf lists the labels of a metric's samples.
func labelsOf(scraped, metric string) string {
	var names []string
	for _, sample := range regexp.MustCompile(`(?m)^`+metric+`(?:_bucket)?\{(.*)\} `).FindAllStringSubmatch(scraped, -1) {
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(sample[1], -1) {
			if label[1] != "le" && !slices.Contains(names, label[1]) {
				names = append(names, label[1])
			}
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

// sourceMatches returns what a pattern's group finds in the Go files below a
// directory, tests left out.
func sourceMatches(t *testing.T, dir string, pattern *regexp.Regexp) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range pattern.FindAllStringSubmatch(read(t, path), -1) {
			found[m[1]] = true
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("nothing matches %s below %s: %v", pattern, dir, err)
	}
	return slices.Sorted(maps.Keys(found))
}

func TestDocsNameEveryField(t *testing.T) {
	page := read(t, filepath.Join(top, "docs", "configuration.md"))
	for _, kind := range []string{"DaemonConfig", "Trigger", "Agent"} {
		schema, err := manifest.Schema(kind)
		if err != nil {
			t.Fatal(err)
		}
		var doc any
		if err := json.Unmarshal(schema, &doc); err != nil {
			t.Fatal(err)
		}
		for _, name := range slices.Sorted(maps.Keys(properties(doc, map[string]bool{}))) {
			if !regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(page) {
				t.Errorf("docs/configuration.md leaves out the field %s of %s", name, kind)
			}
		}
	}
}

// properties collects the names of all properties within a schema.
func properties(node any, found map[string]bool) map[string]bool {
	switch n := node.(type) {
	case map[string]any:
		if fields, ok := n["properties"].(map[string]any); ok {
			for name := range fields {
				found[name] = true
			}
		}
		for _, value := range n {
			properties(value, found)
		}
	case []any:
		for _, value := range n {
			properties(value, found)
		}
	}
	return found
}

func TestDocsNameEveryFilterOfTemplates(t *testing.T) {
	page := read(t, filepath.Join(top, "docs", "configuration.md"))
	for _, name := range sourceMatches(t, "prompt", regexp.MustCompile(`"([a-z]+)":\s+(?:filters\.Filter|[a-z]+Filter\b|boundedFormat)`)) {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("docs/configuration.md leaves out the filter %s", name)
		}
	}
}

var variableRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (?:text|number|flag|list|map|list of maps) \\|")

func TestDocsNameEveryContextVariable(t *testing.T) {
	documented := map[string]bool{}
	for _, m := range variableRow.FindAllStringSubmatch(read(t, filepath.Join(top, "docs", "configuration.md")), -1) {
		documented[m[1]] = true
	}
	emitted := variables(t)
	for _, name := range slices.Sorted(maps.Keys(emitted)) {
		if !documented[name] {
			t.Errorf("docs/configuration.md leaves out the variable %s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if !emitted[name] {
			t.Errorf("docs/configuration.md has the variable %s, which no event has", name)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(documented)), slices.Sorted(slices.Values(event.Names()))); diff != "" {
		t.Errorf("event.Names differs from docs/configuration.md (-docs +code):\n%s", diff)
	}
}

// variables are the names that the normaliser, the merging of events and Jira can
// give: those that their sources set, which have to include those of every sample payload.
func variables(t *testing.T) map[string]bool {
	t.Helper()
	const dir = "event/jira"
	names := map[string]bool{}
	for _, source := range []string{dir, "event", "enrich"} {
		for _, name := range sourceMatches(t, source, regexp.MustCompile(`(?:\.set\w*\(|setIf\([^"]+, |[vV]ars\[)"([a-z_]+)"`)) {
			names[name] = true
		}
	}
	for _, prefix := range sourceMatches(t, dir, regexp.MustCompile(`\.setUser\("([a-z_]+)"`)) {
		delete(names, prefix)
		names[prefix+"_id"], names[prefix+"_name"] = true, true
	}
	// Those of GitHub are set by the paths that they come from.
	for _, name := range sourceMatches(t, "event/github", regexp.MustCompile(`"([a-z_]+)": "[a-z_.]+"`)) {
		names[name] = true
	}
	for _, name := range []string{"number", "title", "url", "state", "author", "created", "updated", "body"} {
		names["github_issue_"+name] = true
	}
	for _, name := range []string{"additions", "deletions", "changed_files", "commits"} {
		names["pr_"+name] = true
	}
	for _, name := range sourceMatches(t, "schedule", regexp.MustCompile(`"([a-z_]+)":\s+(?:ev|f)\.`)) {
		names[name] = true
	}
	for _, name := range sourceMatches(t, "a2a/duty", regexp.MustCompile(`(?:set\(ev, |Vars\[)"([a-z_]+)"`)) {
		names[name] = true
	}
	for _, name := range sourceMatches(t, "enrich", regexp.MustCompile(`"((?:page|space|comment)_[a-z_]+)":\s`)) { // of pages
		names[name] = true
	}
	names["body"], names["trigger"] = true, true // of HTTP triggers
	delete(names, "pr_")                         // the beginning of several
	samples, err := filepath.Glob(filepath.Join(dir, "testdata", "*.json"))
	if err != nil || len(samples) == 0 {
		t.Fatalf("no sample payloads: %v", err)
	}
	for _, path := range samples {
		ev, err := eventjira.Normalize([]byte(read(t, path)), eventjira.Options{Site: "s", BaseURL: "https://example.atlassian.net"})
		if err != nil {
			t.Fatal(err)
		}
		for name := range ev.Vars {
			if !names[name] {
				t.Errorf("%s has the variable %s, which the source does not seem to set: mend the pattern", path, name)
			}
		}
	}
	return names
}

func TestDocsSchemasAreFresh(t *testing.T) {
	dir := filepath.Join(top, "docs", "schema")
	target := t.TempDir()
	if *update {
		target = dir
	}
	if code := cli.Main([]string{"schema", "--dir", target}, strings.NewReader(""), os.Stdout, os.Stderr); code != 0 {
		t.Fatalf("aofctl schema: exit code %d", code)
	}
	for _, kind := range manifest.Kinds() {
		name := strings.ToLower(kind) + ".json"
		want, got := read(t, filepath.Join(target, name)), read(t, filepath.Join(dir, name))
		if strings.TrimSpace(want) != strings.TrimSpace(got) {
			t.Errorf("docs/schema/%s is out of date, run: go test ./internal -run Docs -update", name)
		}
	}
}

func TestDocsSchemaLinesOfManifestsLeadToASchemaOfTheirKind(t *testing.T) {
	line := regexp.MustCompile(`(?m)\A# yaml-language-server: \$schema=(\S+)$`)
	kind := regexp.MustCompile(`(?m)^kind: (\w+)$`)
	for _, path := range manifests(t) {
		text := read(t, path)
		named, first := line.FindStringSubmatch(text), kind.FindStringSubmatch(text)
		if named == nil || first == nil {
			t.Errorf("%s begins with no line that names its schema", path)
			continue
		}
		schema := filepath.Join(filepath.Dir(path), filepath.FromSlash(named[1]))
		if want := filepath.Join(top, "docs", "schema", strings.ToLower(first[1])+".json"); schema != want {
			t.Errorf("%s names %s, want %s", path, schema, want)
		}
		if _, err := os.Stat(schema); err != nil {
			t.Error(err)
		}
	}
}

// manifests are the manifests that lie in the repository for people to use.
func manifests(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{
		"daemon.yaml", "deploy/daemon.yaml", "triggers/*.yaml", "agents/*.yaml", "examples/*/daemon.yaml", "examples/*/triggers/*.yaml", "examples/*/agents/*.yaml",
	} {
		found, err := filepath.Glob(filepath.Join(top, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing matches %s: %v", pattern, err)
		}
		list = append(list, found...)
	}
	return list
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func TestDocsLinksLeadSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := page
			if target != "" {
				path = filepath.Join(filepath.Dir(page), filepath.FromSlash(target))
			}
			info, err := os.Stat(path)
			if err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
				continue
			}
			if anchor != "" && !info.IsDir() && !slices.Contains(anchors(read(t, path)), anchor) {
				t.Errorf("%s links to %s: there is no such heading", page, m[1])
			}
		}
	}
}

// pages are the pages that people read.
func pages(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md", "examples/*.md", "examples/*/*.md", "deploy/*.md", "deploy/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(top, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing matches %s: %v", pattern, err)
		}
		list = append(list, found...)
	}
	return list
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors are the names that a page's headings get on GitHub.
func anchors(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if heading := strings.TrimLeft(line, "#"); heading != line && strings.HasPrefix(heading, " ") {
			plain := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
			list = append(list, strings.ReplaceAll(plain, " ", "-"))
		}
	}
	return list
}
