package adf

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

func FuzzWriteIsValid(f *testing.F) {
	files, err := filepath.Glob("../testdata/corpus/*.md")
	if err != nil || len(files) == 0 {
		f.Fatalf("no corpus: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	s := officialSchema(f)
	f.Fuzz(func(t *testing.T, md string) {
		raw := write(t, md)
		checkADF(t, s, raw)
		if strings.Contains(md, "word") && !strings.Contains(string(raw), "word") {
			t.Fatalf("a word is lost: %s", raw)
		}
		if out := markdown.Write(Parse(raw)); !utf8.ValidString(out) {
			t.Fatalf("not valid UTF-8: %q", out)
		}
	})
}

func TestHostileMarkdownIsValid(t *testing.T) {
	s := officialSchema(t)
	for _, unit := range []string{
		"> ", "- ", "1. ", "- [ ] ", "> [!NOTE]\n> ", "<details>\n\n", "|a|\n|-|\n", "**a ", "![a](https://b) ", "\x00", "\xff", "- > ", "# ", "```\n",
	} {
		checkADF(t, s, write(t, strings.Repeat(unit, 300)))
	}
	checkADF(t, s, write(t, ""))
}
