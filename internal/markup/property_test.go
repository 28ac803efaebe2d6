package markup

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// words are the letters and digits of a text, in order.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// writer makes random Markdown of which every word is different.
type writer struct {
	rng  *rand.Rand
	next int
	b    strings.Builder
}

func (w *writer) word() string {
	w.next++
	return fmt.Sprintf("w%dx", w.next)
}

func (w *writer) words() string {
	out := make([]string, 1+w.rng.IntN(4))
	for i := range out {
		switch w.rng.IntN(9) {
		case 0:
			out[i] = "**" + w.word() + " " + w.word() + "**"
		case 1:
			out[i] = "*" + w.word() + "*"
		case 2:
			out[i] = "`" + w.word() + "{" + w.word() + "}|`"
		case 3:
			out[i] = "[" + w.word() + "](https://" + w.word() + "/" + w.word() + ")"
		case 4:
			out[i] = "~~" + w.word() + "~~"
		case 5:
			out[i] = w.word() + "_" + w.word()
		case 6:
			out[i] = "[~accountid:" + w.word() + "]"
		case 7:
			out[i] = "{" + w.word() + "} [" + w.word() + "] (x) -" + w.word() + "-"
		default:
			out[i] = w.word()
		}
	}
	return strings.Join(out, " ")
}

func (w *writer) block(indent string, depth int) {
	line := func(s string) { w.b.WriteString(indent + s + "\n") }
	switch kind := w.rng.IntN(7); {
	case kind == 0 && depth == 0:
		line(strings.Repeat("#", 1+w.rng.IntN(6)) + " " + w.words())
	case kind == 1:
		line("```go")
		line(w.word() + " { " + w.word() + " } **" + w.word() + "**")
		line("```")
	case kind == 2 && depth == 0:
		line("| " + w.word() + " | " + w.word() + " |")
		line("|---|---|")
		line("| **" + w.word() + "** | `" + w.word() + "` |")
	case kind == 3 && depth < 4:
		for i := range 1 + w.rng.IntN(3) {
			marker, pad := "- ", "  "
			if w.next%2 == 0 {
				marker, pad = fmt.Sprintf("%d. ", i+1), "   "
			}
			line(marker + w.words())
			if w.rng.IntN(3) == 0 {
				w.block(indent+pad, depth+1)
			}
			if i == 0 && marker != "- " {
				break
			}
		}
	case kind == 4 && depth == 0:
		line("> " + w.words())
		line("> - " + w.words())
	default:
		line(w.words())
	}
	line("")
}

func randomMarkdown(seed uint64) string {
	w := &writer{rng: rand.New(rand.NewPCG(seed, 1))}
	for range 1 + w.rng.IntN(12) {
		w.block("", 0)
	}
	return w.b.String()
}

// isSubsequence reports the first word that is missing.
func missing(all, of []string) string {
	i := 0
	for _, w := range all {
		if i < len(of) && of[i] == w {
			i++
		}
	}
	if i < len(of) {
		return of[i]
	}
	return ""
}

func ownWords(s string) []string {
	var out []string
	for _, w := range words(s) {
		if w[0] == 'w' && strings.HasSuffix(w, "x") && len(w) > 2 {
			out = append(out, w)
		}
	}
	return out
}

var rawMarkdown = regexp.MustCompile("(?m)^#{1,6} *#|\\*\\*\\S|\\]\\(http|```")

func TestStructuredMarkdownKeepsItsWordsAndLeavesNoMarkdown(t *testing.T) {
	for seed := range uint64(600) {
		md := randomMarkdown(seed)
		wiki := MarkdownToWiki(md)
		if w := missing(ownWords(wiki), ownWords(md)); w != "" {
			t.Fatalf("seed %d: %s is lost\n%s\n=>\n%s", seed, w, md, wiki)
		}
		if raw := rawMarkdown.FindString(outsideCode(wiki)); raw != "" {
			t.Fatalf("seed %d: %q is left\n%s\n=>\n%s", seed, raw, md, wiki)
		}
		back := WikiToMarkdown(wiki)
		if w := missing(ownWords(back), ownWords(md)); w != "" {
			t.Fatalf("seed %d: %s is lost on the way back\n%s\n=>\n%s\n=>\n%s", seed, w, md, wiki, back)
		}
	}
}

// outsideCode drops what {code} and {noformat} enclose, and nested list markers,
// which are wiki markup although they look like Markdown.
func outsideCode(wiki string) string {
	return listMarks.ReplaceAllString(codeBlocks.ReplaceAllString(wiki, ""), "")
}

var (
	codeBlocks = regexp.MustCompile(`(?s)\{(code|noformat)[^}]*\}.*?\{(code|noformat)\}`)
	listMarks  = regexp.MustCompile(`(?m)^[*#-]+ `)
)

func TestConvertingTwiceChangesNothingMore(t *testing.T) {
	for seed := range uint64(300) {
		first := WikiToMarkdown(MarkdownToWiki(randomMarkdown(seed)))
		second := WikiToMarkdown(MarkdownToWiki(first))
		if diff := cmp.Diff(ownWords(first), ownWords(second)); diff != "" {
			t.Fatalf("seed %d: words differ on the second way (-first +second):\n%s\n%s", seed, diff, first)
		}
	}
}

func TestADFOfAnyDepthKeepsItsText(t *testing.T) {
	for _, open := range []string{
		`{"type":"bulletList","content":[`, `{"type":"listItem","content":[`, `{"content":[`,
		`{"type":"blockquote","content":[`, `{"type":"table","content":[`, `{"type":"paragraph","content":[`,
	} {
		doc := `{"type":"doc","content":[` + strings.Repeat(open, 2000) + `{"type":"text","text":"deep"}` + strings.Repeat("]}", 2001)
		if got := ADFToMarkdown([]byte(doc)); !strings.Contains(got, "deep") {
			t.Errorf("%s…: the text is lost: %q", open, got)
		}
	}
}

func TestADFThatIsNoneIsText(t *testing.T) {
	for in, want := range map[string]string{
		"plain text": "plain text", `"a string"`: "a string", "null": "", "[1]": "[1]", "{}": "{}", "": "",
		`{"a":1}`: `{"a":1}`, "{broken": "{broken", strings.Repeat("[", 20000): strings.Repeat("[", 20000),
	} {
		if got := ADFToMarkdown([]byte(in)); got != want {
			t.Errorf("ADFToMarkdown(%.20q) = %.40q, want %.40q", in, got, want)
		}
	}
}

// shared finds the directory of real payloads, which is not part of the
// repository.
func shared(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("AOF_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "..", "shared", "corpus")); err == nil {
			return filepath.Join(dir, "..", "shared")
		}
	}
	t.Skip("the corpus of real payloads is not here")
	return ""
}

func TestRealDescriptionsAndCommentsConvert(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(shared(t), "corpus", "jira", "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("the corpus of real payloads is empty")
	}
	seen := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var payload struct {
			Issue struct {
				Fields struct {
					Description any `json:"description"`
				} `json:"fields"`
			} `json:"issue"`
			Comment struct {
				Body any `json:"body"`
			} `json:"comment"`
		}
		if json.Unmarshal(raw, &payload) != nil {
			continue
		}
		for _, v := range []any{payload.Issue.Fields.Description, payload.Comment.Body} {
			text, ok := v.(string)
			if !ok || text == "" {
				continue
			}
			seen++
			md := WikiToMarkdown(text)
			if len(words(md)) == 0 && len(words(text)) > 0 {
				t.Errorf("%s: nothing is left of %q", filepath.Base(file), text)
			}
		}
	}
	if seen == 0 {
		t.Error("no texts in the corpus")
	}
}
