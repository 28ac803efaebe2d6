package jira_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/event/jira"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// normalize normalizes a payload that is known to be good.
func normalize(t testing.TB, body []byte, opt jira.Options) *event.Event {
	t.Helper()
	ev, err := jira.Normalize(body, opt)
	if err != nil {
		t.Fatalf("normalize: %v", err)
	}
	return ev
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// The golden files hold the whole event of each payload in testdata.
func TestPayloadsNormalizeAsTheGoldenFilesSay(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			ev := normalize(t, read(t, filepath.Base(file)), jira.Options{Site: "acme", BaseURL: "https://acme.atlassian.net/jira/"})
			var got bytes.Buffer
			encoder := json.NewEncoder(&got)
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(ev); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
