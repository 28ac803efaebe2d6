package app

import (
	"fmt"
	"sync"

	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/run"
)

// maxParsed bounds the parsed manifests that are kept.
const maxParsed = 1000

// parsed keeps what the manifests say that runs were admitted with, by their
// revisions: each is read once. It is safe for concurrent use.
type parsed[T any] struct {
	read func(task run.Task) (T, manifest.Problems)

	mu   sync.Mutex
	kept map[string]T
}

func (p *parsed[T]) of(task run.Task) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if one, ok := p.kept[task.Run.Revision]; ok {
		return one, nil
	}
	one, problems := p.read(task)
	if err := problems.Errors().Err(); err != nil {
		return one, fmt.Errorf("read manifest of %s %s: %w", task.Run.TargetKind, task.Run.Target, err)
	}
	if p.kept == nil || len(p.kept) >= maxParsed {
		p.kept = map[string]T{}
	}
	p.kept[task.Run.Revision] = one
	return one, nil
}

// parsedAgents reads the manifests of agents.
func parsedAgents(known manifest.Known) *parsed[*manifest.Agent] {
	return &parsed[*manifest.Agent]{read: func(task run.Task) (*manifest.Agent, manifest.Problems) {
		return manifest.ParseAgent(task.Manifest, task.Source, known)
	}}
}

// parsedBundles reads those of fleets and flows, with all that they refer to.
func parsedBundles(known manifest.Known) *parsed[*manifest.Catalog] {
	return &parsed[*manifest.Catalog]{read: func(task run.Task) (*manifest.Catalog, manifest.Problems) {
		return manifest.ParseBundle(task.Manifest, known)
	}}
}
