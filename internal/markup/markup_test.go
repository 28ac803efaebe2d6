package markup

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/storage"
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
	golden(t, "corpus/*.md", ".wiki", func(in []byte) string { return MarkdownToWiki(string(in)) })
}

func TestMarkdownHasOneNormalForm(t *testing.T) {
	golden(t, "corpus/*.md", ".normal", func(in []byte) string {
		once := normal(string(in))
		if diff := cmp.Diff(once, normal(once)); diff != "" {
			t.Errorf("read again it differs (-once +twice):\n%s", diff)
		}
		return once
	})
}

func TestMarkdownToADFConvertsWhatModelsWrite(t *testing.T) {
	golden(t, "corpus/*.md", ".adf.json", func(in []byte) string {
		raw, err := MarkdownToADF(string(in))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := json.Indent(&out, raw, "", " "); err != nil {
			t.Fatal(err)
		}
		return out.String()
	})
}

func TestMarkdownToStorageConvertsWhatModelsWrite(t *testing.T) {
	golden(t, "corpus/*.md", ".xml", func(in []byte) string { return MarkdownToStorage(string(in), storage.Options{}) })
}

func TestStorageToMarkdownConvertsWhatPeopleWrite(t *testing.T) {
	golden(t, "fromstorage/*.xml", ".md", func(in []byte) string {
		md, kept := StorageToMarkdown(string(in))
		again, _ := StorageToMarkdown(MarkdownToStorage(md, storage.Options{Kept: kept}))
		if diff := cmp.Diff(md, again); diff != "" {
			t.Errorf("written back it differs (-before +after):\n%s", diff)
		}
		return md
	})
}

func TestPagesAsConfluenceKeepsThemAreReadable(t *testing.T) {
	golden(t, "pages/*.xml", ".md", func(in []byte) string {
		md, _ := StorageToMarkdown(strings.TrimSuffix(string(in), "\n"))
		return md
	})
}

func TestWikiToMarkdownConvertsWhatPeopleWrite(t *testing.T) {
	golden(t, "fromwiki/*.wiki", ".md", func(in []byte) string { return WikiToMarkdown(string(in)) })
}

func TestADFToMarkdownConvertsEveryNode(t *testing.T) {
	golden(t, "adf/*.json", ".md", ADFToMarkdown)
}
