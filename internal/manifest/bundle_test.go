package manifest_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/manifest"
)

func loadText(t *testing.T, files map[string]string) *manifest.Catalog {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cat, err := manifest.LoadCatalog(t.Context(), []manifest.Directory{{Path: dir}}, manifest.Known{})
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

func agentText(name string) string {
	return "apiVersion: aof.dev/v1\nkind: Agent\nmetadata: {name: " + name + "}\nspec: {model: 'openai:gpt-5', instructions: I am " + name + "}\n"
}

func house(t *testing.T) *manifest.Catalog {
	t.Helper()
	return loadText(t, map[string]string{
		"agents.yaml":       agentText("lead") + "---\n" + agentText("helper") + "---\n" + agentText("stranger"),
		"byfile/other.yaml": agentText("found-by-file"),
		"fleet.yaml": "kind: Fleet\nmetadata: {name: team}\nspec:\n  agents:\n  - {name: lead, role: coordinator}\n  - {name: helper}\n" +
			"  - {name: third, config: byfile/other.yaml}\n  - {name: inline, model: 'openai:gpt-5', instructions: hi}\n",
		"flow.yaml": "kind: Flow\nmetadata: {name: outer}\nspec:\n  nodes:\n  - {id: a, type: Fleet, config: {fleet: team}}\n  - {id: b, type: Flow, config: {flow: inner}}\n" +
			"  connections:\n  - {from: start, to: a}\n  - {from: a, to: b}\n---\n" +
			"kind: Flow\nmetadata: {name: inner}\nspec:\n  nodes:\n  - {id: c, type: Agent, config: {agent: helper}}\n  connections:\n  - {from: start, to: c}\n",
	})
}

func TestABundleHoldsATargetAndAllThatItRefersTo(t *testing.T) {
	text, revision, ok := house(t).Bundle(manifest.Target{Kind: manifest.TargetFlow, Name: "outer"})
	if !ok || revision == "" {
		t.Fatal("no bundle")
	}
	cat, problems := manifest.ParseBundle(text, manifest.Known{})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	var agents []string
	for _, name := range []string{"lead", "helper", "found-by-file", "stranger"} {
		if cat.Agents[name] != nil {
			agents = append(agents, name)
		}
	}
	if diff := cmp.Diff([]string{"lead", "helper", "found-by-file"}, agents); diff != "" {
		t.Errorf("agents (-want +got):\n%s", diff)
	}
	if cat.Flows["outer"] == nil || cat.Flows["inner"] == nil || cat.Fleets["team"] == nil {
		t.Errorf("flows %v, fleets %v", cat.Flows, cat.Fleets)
	}
	if got := cat.Fleets["team"].Members[2].Agent; got != "found-by-file" {
		t.Errorf("the member that is named by its file is %q", got)
	}
}

func TestABundlesRevisionFollowsWhatItRefersTo(t *testing.T) {
	target := manifest.Target{Kind: manifest.TargetFleet, Name: "team"}
	fleet := "kind: Fleet\nmetadata: {name: team}\nspec: {agents: [{name: lead}]}\n"
	revision := func(agents string) string {
		_, r, _ := loadText(t, map[string]string{"a/fleet.yaml": fleet, "a/agents.yaml": agents}).Bundle(target)
		return r
	}
	first, changed := agentText("lead"), strings.Replace(agentText("lead"), "I am", "I was", 1)
	if again := revision(first); again != revision(first) {
		t.Error("the revision differs though only the directory does")
	}
	if revision(first) == revision(changed) {
		t.Error("the revision is the same though a member changed")
	}
	if _, _, ok := house(t).Bundle(manifest.Target{Kind: manifest.TargetFleet, Name: "nobody"}); ok {
		t.Error("a bundle of nothing")
	}
}

func FuzzParseBundle(f *testing.F) {
	f.Add(`[{"source":"a.yaml:1","text":"kind: Agent\nmetadata: {name: a}\nspec: {model: 'openai:x'}"}]`)
	f.Add(`[{"source":"","text":"---\n"}]`)
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, text string) {
		cat, problems := manifest.ParseBundle(text, manifest.Known{})
		if (cat == nil) != (problems.Err() != nil) {
			t.Errorf("catalogue %v, problems %v", cat, problems)
		}
	})
}
