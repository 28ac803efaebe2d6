package wiki

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitSplitsAtParagraphs(t *testing.T) {
	paragraph := strings.Repeat("word ", 30) // 150
	text := strings.Repeat(paragraph+"\n\n", 4)
	parts := Split(text, 400)
	if len(parts) != 2 {
		t.Fatalf("%d parts: %q", len(parts), parts)
	}
	for i, p := range parts {
		if !strings.HasPrefix(p, "word") || !strings.HasSuffix(strings.TrimSpace(p), "word") || units(p) > 400 {
			t.Errorf("part %d is %q", i, p)
		}
	}
}

func TestSplitLeavesShortTextAlone(t *testing.T) {
	if got := Split("  \n ", 300); got != nil {
		t.Errorf("empty text gives %q", got)
	}
	text := "h3. Title\n{code}\nx\n{code}"
	if diff := cmp.Diff([]string{text}, Split(text, CommentLimit)); diff != "" {
		t.Error(diff)
	}
	exact := strings.Repeat("a", CommentLimit)
	if got := Split(exact, CommentLimit); len(got) != 1 {
		t.Errorf("text of exactly the limit gives %d parts", len(got))
	}
	if got := Split(exact+"b", CommentLimit); len(got) != 2 {
		t.Errorf("one character more gives %d parts", len(got))
	}
}

func TestSplitCountsUTF16(t *testing.T) {
	text := strings.Repeat("🎉", 400) // 800 units
	for _, p := range Split(text, 300) {
		if units(p) > 300 {
			t.Errorf("a part has %d units", units(p))
		}
	}
}

func TestSplitClosesAndOpensMacrosAgain(t *testing.T) {
	var code strings.Builder
	for i := range 100 {
		fmt.Fprintf(&code, "line %d of the program\n", i)
	}
	text := "Intro\n{code:go}\n" + code.String() + "{code}\nafter\n{quote}\n{noformat}\n" + code.String() + "{noformat}\n{quote}\nend"
	parts := Split(text, 600)
	if len(parts) < 6 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, p := range parts {
		if n := strings.Count(p, "{code"); n%2 != 0 {
			t.Errorf("part %d has %d {code}:\n%s", i, n, p)
		}
		if n := strings.Count(p, "{noformat}"); n%2 != 0 {
			t.Errorf("part %d has %d {noformat}:\n%s", i, n, p)
		}
		if units(p) > 600 {
			t.Errorf("part %d has %d units", i, units(p))
		}
	}
	if !strings.HasPrefix(parts[1], "{code:go}\n") {
		t.Errorf("the second part begins %q", parts[1][:20])
	}
	got := strings.NewReplacer("{code:go}", "", "{code}", "", "{noformat}", "", "{quote}", "").Replace(strings.Join(parts, "\n"))
	want := strings.NewReplacer("{code:go}", "", "{code}", "", "{noformat}", "", "{quote}", "").Replace(text)
	if diff := cmp.Diff(strings.Fields(want), strings.Fields(got)); diff != "" {
		t.Errorf("words were lost (-want +got):\n%s", diff)
	}
}

func TestSplitBreaksLongLines(t *testing.T) {
	for name, text := range map[string]string{
		"words":   strings.Repeat("some words here ", 200),
		"no gap":  strings.Repeat("x", 2000),
		"in code": "{code}\n" + strings.Repeat("y", 2000) + "\n{code}",
		"bytes":   strings.Repeat("\xff\xf0", 1000),
		"macros":  strings.Repeat("{quote}{panel:title=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}", 40),
	} {
		parts := Split(text, 300)
		for _, p := range parts {
			if units(p) > 300 {
				t.Errorf("%s: a part has %d units", name, units(p))
			}
		}
		if got, want := letters(strings.Join(parts, "")), letters(text); name != "macros" && name != "in code" && got != want {
			t.Errorf("%s: %d letters of %d", name, len(got), len(want))
		}
	}
}

// letters drops white space.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }

func FuzzSplit(f *testing.F) {
	f.Add("a\n\n{code:x}\nb\n{code}\nc", 300)
	f.Add(strings.Repeat("{quote}x ", 100), 256)
	f.Add(strings.Repeat("{code}\n{noformat}\\{code}", 60), 260)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit %= 5000
		parts := Split(text, limit)
		for _, p := range parts {
			if len(parts) > 1 && units(p) > max(limit, minLimit) {
				t.Fatalf("a part has %d units, limit %d", units(p), limit)
			}
		}
		all := strings.Join(parts, "")
		i := 0
		for _, c := range []byte(letters(text)) { // bytes: what is no UTF-8 must not be lost either
			j := strings.IndexByte(all[i:], c)
			if j < 0 {
				t.Fatalf("%q is lost", c)
			}
			i += j + 1
		}
	})
}
