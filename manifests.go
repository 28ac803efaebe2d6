// Package aofctl holds the default set of manifests, as it lies at the top of
// the repository, for the demo and for tests.
package aofctl

import "embed"

// Defaults are the default manifests, in a directory for each kind.
//
//go:embed triggers/*.yaml agents/*.yaml fleets/*.yaml flows/*.yaml
var Defaults embed.FS

// Stories is the example of stories from a specification: its manifests, a page, and
// the rules by which the sandbox's model reads it.
//
//go:embed examples/spec-to-stories/triggers/*.yaml examples/spec-to-stories/agents/*.yaml examples/spec-to-stories/flows/*.yaml
//go:embed examples/spec-to-stories/page.json examples/spec-to-stories/model.rules.yaml
var Stories embed.FS
