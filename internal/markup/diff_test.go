package markup

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiffShowsWhatChangedWithAFewLinesAround(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	before := strings.Join(lines, "\n")
	for _, c := range []struct{ after, want string }{
		{before, ""},
		{strings.Replace(before, "line 10\n", "ten\n", 1), "@@ line 8 @@\n line 7\n line 8\n line 9\n-line 10\n+ten\n line 11\n line 12\n line 13"},
		{strings.Replace(before, "line 0\n", "", 1), "@@ line 1 @@\n-line 0\n line 1\n line 2\n line 3"},
		{before + "\nmore", "@@ line 28 @@\n line 27\n line 28\n line 29\n+more"},
		{strings.NewReplacer("line 1\n", "one\n", "line 20\n", "").Replace(before),
			"@@ line 1 @@\n line 0\n-line 1\n+one\n line 2\n line 3\n line 4\n@@ line 18 @@\n line 17\n line 18\n line 19\n-line 20\n line 21\n line 22\n line 23"},
	} {
		if got := Diff(before, c.after); got != c.want {
			t.Errorf("got\n%s\nwant\n%s", got, c.want)
		}
	}
	if got := Diff("", "a\nb"); got != "@@ line 1 @@\n+a\n+b" {
		t.Errorf("of nothing: %q", got)
	}
}
