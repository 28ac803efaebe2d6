// Package aofctl holds the default set of manifests, as it lies at the top of
// the repository, for the demo and for tests.
package aofctl

import "embed"

// Defaults are the default manifests, in a directory for each kind.
//
//go:embed triggers/*.yaml agents/*.yaml fleets/*.yaml flows/*.yaml
var Defaults embed.FS
