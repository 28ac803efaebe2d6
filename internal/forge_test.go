package internal_test

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/cli"
)

func TestDocsForgeManifestIsThatOfItsConfiguration(t *testing.T) {
	for _, name := range []string{"AOF_PUBLIC_URL", "AOF_FORGE_APP_ID", "AOF_DSN"} {
		t.Setenv(name, "")
	}
	dir := filepath.Join(top, "deploy", "forge")
	var want, complaint bytes.Buffer
	code := cli.Main([]string{"forge", "manifest", "--config", filepath.Join(dir, "daemon.yaml")}, strings.NewReader(""), &want, &complaint)
	if code != 0 {
		t.Fatalf("aofctl forge manifest: exit code %d\n%s", code, complaint.String())
	}
	path := filepath.Join(dir, "manifest.yml")
	if *update {
		write(t, path, want.String())
	}
	if diff := cmp.Diff(want.String(), read(t, path)); diff != "" {
		t.Errorf("%s is out of date, run: go test ./internal -run Docs -update\n(-want +got):\n%s", path, diff)
	}
}
