package markup

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// longReport is Markdown of about the given size, with code, lists and tables.
func longReport(size int) string {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "## Section %d\n\nSome **bold** text with `code%d` in it.\n\n", i, i)
		fmt.Fprintf(&b, "1. first\n\n2. second\n\n   with more\n\n3. third\n\n")
		fmt.Fprintf(&b, "```go\nfunc f%d() {\n\n\treturn\n}\n```\n\n| A | B |\n|---|---|\n| %d | x |\n\n", i, i)
	}
	return b.String()
}

func TestLongMarkdownIsConvertedInPiecesWithoutASeam(t *testing.T) {
	md := longReport(200_000)
	got := MarkdownToWiki(md)
	sections := strings.Count(md, "## Section")
	for i := range sections {
		for _, want := range []string{
			fmt.Sprintf("h2. Section %d\n", i),
			fmt.Sprintf("{{code%d}}", i),
			fmt.Sprintf("{code:go}\nfunc f%d() {\n\n\treturn\n}\n{code}", i),
			fmt.Sprintf("||A||B||\n|%d|x|", i),
		} {
			if !strings.Contains(got, want) {
				t.Fatalf("no %q", want)
			}
		}
	}
	if n := strings.Count(got, "# first\n# second\nwith more\n# third"); n != sections {
		t.Errorf("%d lists are whole", n)
	}
}

func TestAMegabyteComesBack(t *testing.T) {
	md := markdown.Write(markdown.Parse(longReport(1<<20), false))
	for format, way := range ways(t) {
		if format == "wiki" {
			continue // its items have no paragraphs
		}
		if back := way(md); back != md {
			t.Errorf("%s: %d bytes of %d come back", format, len(back), len(md))
		}
	}
}
