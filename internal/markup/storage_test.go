package markup

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/storage"
)

// known are the elements that a page is written with.
const known = " p h1 h2 h3 h4 h5 h6 ul ol li strong em s u sup sub code br hr a table tbody tr th td blockquote " +
	"ac:structured-macro ac:parameter ac:plain-text-body ac:rich-text-body ac:link ac:link-body ac:image ac:task-list ac:task ac:task-status " +
	"ac:task-body ri:user ri:page ri:attachment ri:url "

// inline are elements within which no block may stand.
const inline = " p h1 h2 h3 h4 h5 h6 strong em s u sup sub code a ac:link-body "

const blocks = " p h1 h2 h3 h4 h5 h6 ul ol li table blockquote hr ac:structured-macro ac:task-list "

// wellFormed reads a page as strict XML.
func wellFormed(page string) error {
	return walk(page, func(string, []string) error { return nil })
}

// checkStorage reads a page as strict XML of known elements, no blocks in text.
func checkStorage(page string) error {
	return walk(page, func(name string, around []string) error {
		if !strings.Contains(known, " "+name+" ") {
			return fmt.Errorf("unknown element %s", name)
		}
		if parent := around[len(around)-1]; strings.Contains(inline, " "+parent+" ") && strings.Contains(blocks, " "+name+" ") {
			return fmt.Errorf("%s stands in %s", name, parent)
		}
		return nil
	})
}

func walk(page string, each func(name string, around []string) error) error {
	d := xml.NewDecoder(strings.NewReader(`<root xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">` + page + `</root>`))
	d.Entity = xml.HTMLEntity
	var around []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := strings.TrimPrefix(e.Name.Space+":"+e.Name.Local, ":")
			if len(around) > 0 {
				if err := each(name, around); err != nil {
					return err
				}
			}
			around = append(around, name)
		case xml.EndElement:
			name := strings.TrimPrefix(e.Name.Space+":"+e.Name.Local, ":")
			if len(around) == 0 || around[len(around)-1] != name {
				return fmt.Errorf("</%s> ends %v", name, around)
			}
			around = around[:len(around)-1]
		}
	}
	if len(around) > 0 {
		return fmt.Errorf("%v do not end", around)
	}
	return nil
}

func TestMarkdownIsWrittenWithKnownElements(t *testing.T) {
	for seed := range uint64(500) {
		md := randomMarkdown(seed)
		page := MarkdownToStorage(md, storage.Options{})
		if err := checkStorage(page); err != nil {
			t.Fatalf("seed %d: %v\n%s\n%s", seed, err, md, page)
		}
		for _, w := range ownWords(md) {
			if !strings.Contains(page, w) {
				t.Fatalf("seed %d: %s is lost\n%s\n%s", seed, w, md, page)
			}
		}
	}
}

func TestWhatAPageHasBeyondMarkdownIsPutBackAsItWas(t *testing.T) {
	for name, page := range map[string]string{
		"macro":           `<ac:structured-macro ac:name="toc" ac:macro-id="1"><ac:parameter ac:name="maxLevel">2</ac:parameter></ac:structured-macro>`,
		"macro in text":   `<p>a <ac:structured-macro ac:name="status"><ac:parameter ac:name="title">X</ac:parameter></ac:structured-macro> b</p>`,
		"macro with text": `<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>a &nbsp; <span>b</span></p></ac:rich-text-body></ac:structured-macro>`,
		"nested":          `<ac:structured-macro ac:name="section"><ac:rich-text-body><ac:structured-macro ac:name="column"><ac:rich-text-body><h1>x</h1></ac:rich-text-body></ac:structured-macro></ac:rich-text-body></ac:structured-macro>`,
		"twice":           `<ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro><ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>b</p></ac:rich-text-body></ac:structured-macro>`,
		"layout":          `<ac:layout><ac:layout-section ac:type="single"><ac:layout-cell><p>a</p></ac:layout-cell></ac:layout-section></ac:layout>`,
		"coloured panel":  `<ac:structured-macro ac:name="panel"><ac:parameter ac:name="bgColor">#fff</ac:parameter><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`,
		"cdata":           `<ac:structured-macro ac:name="html"><ac:plain-text-body><![CDATA[<b>]]></ac:plain-text-body></ac:structured-macro>`,
		"blog link":       `<p><ac:link><ri:blog-post ri:content-title="x" /></ac:link></p>`,
		"in a cell":       `<table><tbody><tr><th>h</th></tr><tr><td><ac:structured-macro ac:name="excerpt"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro></td></tr></tbody></table>`,
	} {
		md, kept := StorageToMarkdown(page)
		if diff := cmp.Diff(page, MarkdownToStorage(md, storage.Options{Kept: kept})); diff != "" {
			t.Errorf("%s: by way of\n%s\n(-before +after):\n%s", name, md, diff)
		}
		if err := checkStorage(MarkdownToStorage(md, storage.Options{})); err != nil {
			t.Errorf("%s: without what is kept: %v", name, err)
		}
	}
}

func TestTextBetweenKeysCanBeChanged(t *testing.T) {
	const page = `<ac:structured-macro ac:name="excerpt" ac:macro-id="7"><ac:rich-text-body><p>old</p></ac:rich-text-body></ac:structured-macro>`
	md, kept := StorageToMarkdown(page)
	got := MarkdownToStorage(strings.Replace(md, "old", "**new**", 1), storage.Options{Kept: kept})
	if want := strings.Replace(page, "old", "<strong>new</strong>", 1); got != want {
		t.Errorf("got %s", got)
	}
	first, _, _ := strings.Cut(md, "\n")
	if got := MarkdownToStorage(first, storage.Options{Kept: kept}); wellFormed(got) != nil || strings.Contains(got, "<ac:") {
		t.Errorf("a key without its end gives %s", got)
	}
}

func TestWhatIsKeptCannotBreakAPage(t *testing.T) {
	kept := storage.Kept{"a": {XML: "</p><script>"}, "b": {XML: "<b>", Open: "<b>", Close: "</i>"}, "c": {XML: "<x/>", Open: "<y>", Close: "</y><z/>"}}
	md := "\u27e6a\u27e7 x \u27e6b\u27e7\n\n\u27e6b\u27e7\n\nx\n\n\u27e6/b\u27e7\n\n\u27e6c\u27e7\n\ny\n\n\u27e6/c\u27e7"
	if page := MarkdownToStorage(md, storage.Options{Kept: kept}); wellFormed(page) != nil {
		t.Errorf("not well-formed: %s", page)
	}
}

func TestDataCenterGetsOnlyLanguagesThatItKnows(t *testing.T) {
	for md, want := range map[string]string{"```go\nx\n```": "", "```ts\nx\n```": "js", "```python\nx\n```": "py", "```a\"b\nx\n```": ""} {
		page := MarkdownToStorage(md, storage.Options{DataCenter: true})
		_, rest, found := strings.Cut(page, `<ac:parameter ac:name="language">`)
		got, _, _ := strings.Cut(rest, "<")
		if got != want || found != (want != "") {
			t.Errorf("%q gives %s", md, page)
		}
	}
}

func TestWhatModelsDoToKeysIsSeen(t *testing.T) {
	const done = `<ac:structured-macro ac:name="status" ac:macro-id="s1"><ac:parameter ac:name="title">Done</ac:parameter></ac:structured-macro>`
	const excerpt = `<ac:structured-macro ac:name="excerpt" ac:macro-id="e1"><ac:rich-text-body><p>text</p></ac:rich-text-body></ac:structured-macro>`
	page := `<p>R1 ` + done + `</p><p>R2 ` + done + `</p>` + excerpt
	md, kept := StorageToMarkdown(page)
	key := md[strings.Index(md, "\u27e6status"):strings.Index(md, "\n")]
	begin := md[strings.Index(md, "\u27e6excerpt"):strings.Index(md, "\n\ntext")]
	end := "\u27e6/" + strings.TrimPrefix(begin, "\u27e6")
	after := func(text string) string { return RewriteStorage(page, text, storage.Options{Kept: kept}) }

	if lost := storage.Lost(page, after(strings.Replace(md, "R2 "+key, "R2", 1))); len(lost) != 1 || lost[0] != key+" (1 of 2)" {
		t.Errorf("one of two: %v", lost)
	}
	if lost := storage.Lost(page, after(strings.Replace(md, "text", "all new", 1))); len(lost) > 0 {
		t.Errorf("text in an element: %v", lost)
	}
	three := storage.OwnIDs(page, after(md+"\n\nR3 "+key))
	if strings.Count(three, "Done") != 3 || strings.Count(three, `ac:macro-id="s1"`) != 2 || wellFormed(three) != nil {
		t.Errorf("a copy: %s", three)
	}
	for name, text := range map[string]string{
		"no end":                      strings.Replace(md, end, "", 1),
		"no begin":                    strings.Replace(md, begin, "", 1),
		"in wrong order":              strings.Replace(strings.Replace(md, begin, "x", 1), end, end+"\n\n"+begin, 1),
		"end of a macro without text": strings.Replace(md, key, key+" "+"\u27e6/"+strings.TrimPrefix(key, "\u27e6"), 1),
	} {
		if wrong := kept.Unpaired(text); len(wrong) == 0 {
			t.Errorf("%s: nothing is wrong with %q", name, text)
		}
		if got := after(text); wellFormed(got) != nil || name != "end of a macro without text" && strings.Contains(got, "\u27e6") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if wrong := kept.Unpaired(md); len(wrong) > 0 {
		t.Errorf("%v are wrong in what was read", wrong)
	}
	inLine := after(strings.Replace(md, begin+"\n\ntext\n\n"+end, "before "+begin+" text "+end, 1))
	if lost := storage.Lost(page, inLine); len(lost) != 1 || strings.Contains(inLine, "\u27e6") {
		t.Errorf("in a line: %v %s", lost, inLine)
	}
}

func TestCommentsWhoseTextWentAreCounted(t *testing.T) {
	page := `<p>a <ac:inline-comment-marker ac:ref="1">b</ac:inline-comment-marker></p><p><ac:inline-comment-marker ac:ref="2">c</ac:inline-comment-marker> <ac:inline-comment-marker ac:ref="2">d</ac:inline-comment-marker></p>`
	for after, want := range map[string]int{page: 0, "<p>x</p>": 2, `<p><ac:inline-comment-marker ac:ref="2">c</ac:inline-comment-marker></p>`: 1} {
		if got := storage.Uncommented(page, after); got != want {
			t.Errorf("%d of %s", got, after)
		}
	}
}

func TestCellsAndLayoutsAreNotCopied(t *testing.T) {
	page := `<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>a</p></ac:layout-cell><ac:layout-cell><p>b</p></ac:layout-cell></ac:layout-section></ac:layout>`
	md, kept := StorageToMarkdown(page)
	from, to := strings.Index(md, "\u27e6layout-cell"), strings.Index(md, "\n\n\u27e6layout-cell:")
	cell := md[from : to+2+strings.Index(md[to+2:], "\n\n\u27e6/layout-section")]
	after := RewriteStorage(page, strings.Replace(md, cell, cell+"\n\n"+cell, 1), storage.Options{Kept: kept})
	if more := storage.Repeated(page, after); len(more) == 0 {
		t.Errorf("%q is not seen in %s", cell, after)
	}
	if more := storage.Repeated(page, page); len(more) > 0 {
		t.Errorf("%v", more)
	}
}
