package markup

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/markup/storage"
)

// converters are all conversions, by name.
func converters(t testing.TB) map[string]func(string) string {
	return map[string]func(string) string{
		"MarkdownToWiki": MarkdownToWiki,
		"WikiToMarkdown": WikiToMarkdown,
		"MarkdownToADF": func(s string) string {
			raw, err := MarkdownToADF(s)
			if err != nil {
				t.Error(err)
			}
			return string(raw)
		},
		"ADFToMarkdown":     func(s string) string { return ADFToMarkdown([]byte(s)) },
		"MarkdownToStorage": func(s string) string { return MarkdownToStorage(s, storage.Options{}) },
		"StorageToMarkdown": func(s string) string {
			md, _ := StorageToMarkdown(s)
			return md
		},
	}
}

func TestConvertersAnswerHostileInput(t *testing.T) {
	units := []string{
		"> ", "- ", "* a\n  ", "[", "![", "*", "_a ", "`", "<", "(", "[a](", "**a ", "|a", "\\", "&", "~~a", "\n>", "- \n",
		"1. ", "{code:a}\n", "{", "[~", "|-|\n", "a | b\n", "\t", "#", "```\n", "<!--", "@[", "[^", "{{", "{quote}", "(x)",
		"{code}a{code} ", "{panel:title=x}", "||a", "h1. ", "{*}", "!a.b", "\x00\xff", "\u202e", "**\u91cd\uff1a**",
		"<details>\n\n", "</details>\n\n", "<b>", "</b>", "<b>a</b>", "\u27e6", "\u27e7", "\u27e6a\u27e7", "**a****b**", "> [!NOTE]\n",
		"- [ ] ", "<p>", "</p>", "<table>", "<h1>", "<h1>a</h1>", "<![CDATA[", "<a b=\"", "<tr><td colspan=\"99\" rowspan=\"9999\">",
		"<ac:structured-macro ac:name=\"x\"><ac:rich-text-body>", "</ac:structured-macro>", "&#", "_a_*b*", "[a]\n\n[b]: c\n",
		"<details><summary>x</summary></details>\n", "{\"type\":\"bulletList\",\"content\":[", "*a **b ", "- a\n\n", "    - ",
		"*a* ", "[a|b]", "<ul><li>", "<ac:task-list><ac:task><ac:task-body>", "<script>\n", "a\u00a0", "\u2610 ",
	}
	for name, convert := range converters(t) {
		for _, unit := range units {
			in := strings.Repeat(unit, 4000/len(unit))
			out := convert(in)
			if !utf8.ValidString(out) {
				t.Errorf("%s(%q…) is not valid UTF-8", name, unit)
			}
			if len(out) > 60*len(in)+1000 {
				t.Errorf("%s(%q…) makes %d bytes of %d", name, unit, len(out), len(in))
			}
		}
	}
}

func TestTenThousandLevelsAreRead(t *testing.T) {
	const n = 10_000
	for name, in := range map[string]string{
		"MarkdownToWiki":    strings.Repeat("> ", n) + "deep",
		"MarkdownToADF":     strings.Repeat("- ", n) + "deep",
		"MarkdownToStorage": strings.Repeat("> - ", n/2) + "deep",
		"StorageToMarkdown": strings.Repeat("<ul><li>", n/2) + "deep" + strings.Repeat("</li></ul>", n/2),
		"WikiToMarkdown":    strings.Repeat("{quote}{panel}", n/2) + "deep",
		"ADFToMarkdown":     `{"type":"doc","content":[` + strings.Repeat(`{"type":"blockquote","content":[`, n/4) + `{"type":"text","text":"deep"}` + strings.Repeat("]}", n/4) + "]}",
	} {
		if out := converters(t)[name](in); !strings.Contains(out, "deep") {
			t.Errorf("%s: the text is lost in %d bytes", name, len(out))
		}
	}
}
