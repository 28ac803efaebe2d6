package admin

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"github.com/aofctl/aofctl/internal/manifest"
)

// Manifest is a manifest as the operator sees it.
type Manifest struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Source   string `json:"source"`
	Revision string `json:"revision"`
	// Summary says in a few words what it does.
	Summary string `json:"summary,omitempty"`
	// Text is the manifest's YAML; only in the answer for one manifest.
	Text string `json:"text,omitempty"`
}

func (a *api) listManifests(r *http.Request) (any, error) {
	list := manifestsOf(a.cfg.Catalog(), chi.URLParam(r, "kind"))
	for i := range list {
		list[i].Text = ""
	}
	return list, nil
}

func (a *api) getManifest(r *http.Request) (any, error) {
	kind, name := chi.URLParam(r, "kind"), chi.URLParam(r, "name")
	for _, m := range manifestsOf(a.cfg.Catalog(), kind) {
		if m.Name == name {
			return m, nil
		}
	}
	return nil, &problem{http.StatusNotFound, fmt.Sprintf("there is no %s in %s", name, kind)}
}

func manifestsOf(cat *manifest.Catalog, kind string) []Manifest {
	list := []Manifest{}
	add := func(kind string, m manifest.Meta, summary string) {
		list = append(list, Manifest{Kind: kind, Name: m.Name, Source: m.Source, Revision: m.Revision, Summary: summary, Text: m.Text})
	}
	switch kind {
	case "triggers":
		for _, t := range cat.Triggers {
			add("Trigger", t.Meta, triggerSummary(t))
		}
	case "agents":
		for _, name := range slices.Sorted(maps.Keys(cat.Agents)) {
			agent := cat.Agents[name]
			add("Agent", agent.Meta, fmt.Sprintf("%s, %d tools", agent.Model, len(agent.Tools)))
		}
	case "fleets":
		for _, name := range slices.Sorted(maps.Keys(cat.Fleets)) {
			add("Fleet", cat.Fleets[name].Meta, fmt.Sprintf("%s, %d members", cat.Fleets[name].Mode, len(cat.Fleets[name].Members)))
		}
	case "flows":
		for _, name := range slices.Sorted(maps.Keys(cat.Flows)) {
			add("Flow", cat.Flows[name].Meta, fmt.Sprintf("%d nodes", len(cat.Flows[name].Nodes)))
		}
	}
	return list
}

func triggerSummary(t *manifest.Trigger) string {
	text := fmt.Sprintf("%s, %d commands", t.Type, len(t.Commands))
	if !t.Default.IsZero() {
		text += ", default " + t.Default.String()
	}
	return text
}
