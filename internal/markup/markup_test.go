package markup

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden converts each file of a directory and compares with the file beside it.
func golden(t *testing.T, pattern, ext string, convert func([]byte) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files for %s: %v", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)), func(t *testing.T) {
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := convert(in) + "\n"
			want := strings.TrimSuffix(file, filepath.Ext(file)) + ext
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			expected, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(expected), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

func TestMarkdownToWikiConvertsWhatModelsWrite(t *testing.T) {
	golden(t, "towiki/*.md", ".wiki", func(in []byte) string { return MarkdownToWiki(string(in)) })
}

func TestWikiToMarkdownConvertsWhatPeopleWrite(t *testing.T) {
	golden(t, "fromwiki/*.wiki", ".md", func(in []byte) string { return WikiToMarkdown(string(in)) })
}

func TestADFToMarkdownConvertsEveryNode(t *testing.T) {
	golden(t, "adf/*.json", ".md", ADFToMarkdown)
}
