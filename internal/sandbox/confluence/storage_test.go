package confluence

import (
	"strings"
	"testing"
)

func TestStorageHasToBeWellFormed(t *testing.T) {
	for _, good := range []string{
		"", "plain", "<p>a&nbsp;b &eacute; &#8364;</p>", "<p/><br />", "<p>1</p>\n<p>2</p>",
		`<ac:structured-macro ac:name="code"><ac:plain-text-body><![CDATA[<b> ]]></ac:plain-text-body></ac:structured-macro>`,
		`<ac:link><ri:page ri:content-title="A" /></ac:link><at:var at:name="x"/>`, "<!-- kept --><time datetime='2026-01-01' />",
	} {
		if err := checkStorage(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"<p>", "</p>", "<b><i></b></i>", "a & b", "&unknown;", "<p a=b></p>", "<x:y/>", "</xml><xml>", "<!DOCTYPE html>", "<?php echo 1 ?>", "<p", "\x00",
	} {
		err := checkStorage(bad)
		if err == nil || !strings.Contains(err.Error(), "400: Error parsing xhtml") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if got := words("<h1>A &amp; B</h1><p>c<b>d</b></p>"); got != "A & B c d" {
		t.Errorf("words %q", got)
	}
}

func FuzzCheckStorage(f *testing.F) {
	for _, seed := range []string{"<p>a</p>", "<p>", "</xml>", "&nbsp;", "<![CDATA[x]]>", "<ac:x ac:y='1'/>", `<p t="a>a">&amp;a</p>`, "<!--a-->a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		// What is accepted stays accepted between other text.
		if checkStorage(body) == nil && checkStorage("<p>x</p>"+body+"<p>y</p>") != nil {
			t.Errorf("%q is accepted alone only", body)
		}
		if marked, ok := markText(body, "a", 0, "ref"); ok && checkStorage(body) == nil && checkStorage(marked) != nil {
			t.Errorf("%q is broken by a mark: %q", body, marked)
		}
		_ = words(body)
	})
}

func TestShortAddressesAreAsConfluenceMakesThem(t *testing.T) {
	for id, want := range map[int64]string{724765432: "_AozKw", 1: "AQ", 65536: "AAAB"} {
		if got := shortCode(id); got != want {
			t.Errorf("%d is %s, want %s", id, got, want)
		}
	}
}
