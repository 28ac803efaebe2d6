package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTheSDKForGoIsServed calls the daemon with the protocol's official SDK for Go,
// which speaks both versions. It is a module of its own, so that what it needs stays
// out of the daemon's.
func TestTheSDKForGoIsServed(t *testing.T) {
	if testing.Short() {
		t.Skip("downloads the SDK")
	}
	program := buildCaller(t)
	for version, told := range map[string]string{"0.3": "told-go", "1.0": "Bearer told-go"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			w := newCallersWorld(t)
			w.played(exec.CommandContext(bounded(t), program, version), "list")
			w.await("the receiver to be told as "+told, func() bool { return w.told(told) })
		})
	}
}

// buildCaller builds the program that calls.
func buildCaller(t *testing.T) string {
	t.Helper()
	const module = "testdata/a2a-go"
	download := exec.CommandContext(bounded(t), "go", "mod", "download")
	download.Dir = module
	if output, err := download.CombinedOutput(); err != nil {
		t.Skipf("the SDK cannot be downloaded here: %v\n%s", err, output)
	}
	path := filepath.Join(t.TempDir(), "caller")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./caller")
	build.Dir = module
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return path
}
