package markup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/storage"
)

// pages are the pages of the corpora that are XML.
func pages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"testdata/pages/*.xml", "testdata/fromstorage/*.xml", "testdata/corpus/*.xml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if page := string(raw); wellFormed(page) == nil && len(storage.Sections(page))+strings.Count(page, "<p") > 0 {
				out[file] = page
			}
		}
	}
	if len(out) == 0 {
		t.Fatal("there are no pages")
	}
	return out
}

func TestAPageWhoseTextIsNotChangedStaysAsItIs(t *testing.T) {
	for file, page := range pages(t) {
		md, kept := StorageToMarkdown(page)
		if diff := cmp.Diff(page, RewriteStorage(page, md, storage.Options{Kept: kept})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestAnEditOfASectionLeavesTheRestOfAnyPage(t *testing.T) {
	for file, page := range pages(t) {
		_, kept := StorageToMarkdown(page)
		for i, s := range storage.Sections(page) {
			nth := 0
			for _, other := range storage.Sections(page)[:i+1] {
				if strings.EqualFold(other.Text, s.Text) {
					nth++
				}
			}
			if s.Text == "" {
				continue // nothing names it
			}
			got, err := EditStorage(page, storage.Edit{Heading: s.Text, Nth: nth, Place: storage.Replace}, "new *text*\n\n- [ ] task", storage.Options{Kept: kept})
			if err != nil {
				t.Errorf("%s, %q: %v", file, s.Text, err)
				continue
			}
			if !strings.HasPrefix(got, page[:s.Body]) || !strings.HasSuffix(got, page[s.End:]) || wellFormed(got) != nil {
				t.Errorf("%s, %q: %s", file, s.Text, got)
			}
		}
	}
}
