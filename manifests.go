// Package aofctl holds the default set of manifests, as it lies at the top of
// the repository, for the demo and for tests.
package aofctl

import "embed"

// Defaults are the default triggers and agents.
//
//go:embed triggers/*.yaml agents/*.yaml
var Defaults embed.FS
