package markup

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/storage"
)

var plainWord = regexp.MustCompile(`(?:^|[ (])([A-Za-z]{3,})(?:[ .,)\n]|$)`)

// TestOneWordChangesOnlyItsPlace changes every plain word of every page in turn, as a
// model does that gives the whole text back.
func TestOneWordChangesOnlyItsPlace(t *testing.T) {
	for file, page := range pages(t) {
		if !strings.Contains(file, "testdata/pages/") {
			continue
		}
		md, kept := StorageToMarkdown(page)
		for _, at := range plainWord.FindAllStringSubmatchIndex(md, -1) {
			from, to := at[2], at[3]
			if inMarkup(md, from) {
				continue
			}
			changed := md[:from] + "Changed" + md[to:]
			got := RewriteStorage(page, changed, storage.Options{Kept: kept})
			if err := wellFormed(got); err != nil {
				t.Fatalf("%s, %q: %v", file, md[from:to], err)
			}
			again, _ := StorageToMarkdown(got)
			if diff := cmp.Diff(changed, again); diff != "" {
				t.Errorf("%s, %q: another text is written (-want +got):\n%s", file, md[from:to], diff)
			}
			lost, added := differing(page, got)
			if twice := strings.Contains(lost, "<ac:adf-fallback>"); !twice && (len(lost) > 40 || len(added) > 40) {
				t.Errorf("%s, %q: more than the word changes:\n-%s\n+%s", file, md[from:to], lost, added)
			}
		}
	}
}

// inMarkup reports whether a place is in a key, a tag or an address, or in code.
func inMarkup(md string, at int) bool {
	line := md[strings.LastIndexByte(md[:at], '\n')+1 : at]
	// A table in a cell, and old preformatted text, are written anew.
	if word := md[at:]; strings.HasPrefix(word, "inner") || strings.HasPrefix(word, "pre\n") {
		return true
	}
	return strings.LastIndex(md[:at], "\u27e6") > strings.LastIndex(md[:at], "\u27e7") || strings.Count(line, "`")%2 == 1 ||
		strings.LastIndexByte(line, '<') > strings.LastIndexByte(line, '>') || strings.HasSuffix(line, "](") || strings.Contains(line, "<summary>")
}

// differing is what two texts do not have in common at their ends.
func differing(a, b string) (string, string) {
	from := 0
	for from < min(len(a), len(b)) && a[from] == b[from] {
		from++
	}
	to := 0
	for to < min(len(a), len(b))-from && a[len(a)-1-to] == b[len(b)-1-to] {
		to++
	}
	return a[from : len(a)-to], b[from : len(b)-to]
}
