package markup

import (
	"os"
	"path/filepath"
	"regexp"
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

// newTexts are what sections of all pages are changed to.
func newTexts() []string {
	return []string{
		"new *text*\n\n- [ ] task", "", "# Heading\n\ntext\n\n## Below\n\n| a | b |\n|---|---|\n| 1 | - x<br>- y |",
		"```sql\nselect ']]>'\n```\n\n> [!NOTE] T\n> n", "<b>raw</b> & \u27e6toc:123456\u27e7 \u05e9\u05dc\u05d5\u05dd", strings.Repeat("long ", 5000),
	}
}

func TestAnEditOfASectionLeavesTheRestOfAnyPage(t *testing.T) {
	places := []storage.Place{storage.Replace, storage.Append, storage.Prepend, storage.Before, storage.After, storage.Remove}
	for file, page := range pages(t) {
		_, kept := StorageToMarkdown(page)
		list := storage.Sections(page)
		for i, s := range list {
			if s.Text == "" {
				continue // nothing names it
			}
			nth := 0
			for _, other := range list[:i+1] {
				if strings.EqualFold(other.Text, s.Text) {
					nth++
				}
			}
			for _, place := range places {
				for _, own := range []bool{false, true} {
					for _, text := range newTexts() {
						e := storage.Edit{Heading: s.Text, Nth: nth, Place: place, OwnText: own}
						got, err := EditStorage(page, e, text, storage.Options{Kept: kept})
						from, to := s.Body, s.End
						switch {
						case place == storage.Before || place == storage.Remove:
							from = s.Start
						case own && place == storage.Replace:
							to = s.Own
						}
						if err != nil || !strings.HasPrefix(got, page[:from]) || !strings.HasSuffix(got, page[to:]) || wellFormed(got) != nil {
							t.Fatalf("%s, %s of %q with %.20q: %v\n%s", file, place, s.Text, text, err, got)
						}
					}
				}
			}
		}
	}
}

// TestHeadingsAreFoundAsTheyAreShown names each heading as the page's Markdown does.
func TestHeadingsAreFoundAsTheyAreShown(t *testing.T) {
	for file, page := range pages(t) {
		md, _ := StorageToMarkdown(page)
		fence, heading := false, regexp.MustCompile("^#{1,6} ")
		for line := range strings.Lines(md) {
			if fence = fence != strings.HasPrefix(line, "```"); fence || !heading.MatchString(line) {
				continue
			}
			for n := range 9 {
				_, err := storage.Find(page, strings.TrimSpace(line), n)
				if err == nil {
					break
				}
				if n == 8 {
					t.Errorf("%s: %q: %v", file, line, err)
				}
			}
		}
	}
}

// TestKeysStayTheSameWhereTheirMacrosDo compares the keys of two versions of a page.
func TestKeysStayTheSameWhereTheirMacrosDo(t *testing.T) {
	for file, page := range pages(t) {
		_, before := StorageToMarkdown(page)
		for _, changed := range []string{"<p>new</p>" + page, page + "<p>new</p>", strings.ReplaceAll(page, "</p>", " more</p>")} {
			_, after := StorageToMarkdown(changed)
			for key, piece := range before {
				if now, ok := after[key]; !ok || now.Open != piece.Open || piece.Close == "" && now.XML != piece.XML {
					t.Errorf("%s: %s is %+v now", file, key, now)
				}
			}
		}
	}
}
