package storage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

func TestElementsAreRead(t *testing.T) {
	for in, want := range map[string]string{
		"<p>a <strong>b</strong><em> c</em></p>":                                        "a **b** *c*",
		"<p>a&nbsp;&amp;&lt;b&gt;</p>":                                                  `a &\<b>`,
		"text <p>p</p> more":                                                            "text\n\np\n\nmore",
		"<ul><li><p>a</p></li><li>b<ol><li>c</li></ol></li></ul>":                       "- a\n- b\n  1. c",
		"<ul><li>a</li><ul><li>b</li></ul></ul>":                                        "- a\n  - b",
		`<ol start="3"><li>a</li></ol>`:                                                 "3. a",
		"<h2>a<br/>b</h2>":                                                              "## a b",
		"<blockquote><p>a</p><p>b</p></blockquote>":                                     "> a\n>\n> b",
		"<table><tr><th>a</th><th>b</th></tr><tr><td colspan=\"2\">c</td></tr></table>": "| a | b |\n| --- | --- |\n| c |  |",
		"<table><tbody><tr><td><ul><li>x</li><li>y</li></ul></td></tr></tbody></table>": "|  |\n| --- |\n| - x<br>- y |",
		"<pre>a\n  b</pre>":                                                             "```\na\n  b\n```",
		`<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">sql</ac:parameter><ac:plain-text-body><![CDATA[a ]]]]><![CDATA[> b]]></ac:plain-text-body></ac:structured-macro>`: "```sql\na ]]> b\n```",
		`<ac:structured-macro ac:name="note"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`:                                                                             "> [!NOTE]\n> a",
		`<ac:structured-macro ac:name="info"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body>a</ac:rich-text-body></ac:structured-macro>`:                                      "> [!INFO] T\n> a",
		`<ac:structured-macro ac:name="expand"><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`:                                                                           "<details>\n\na\n\n</details>",
		`<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task></ac:task-list>`:                                                               "- [x] a",
		`<p><ac:link><ri:user ri:account-id="5b:1"/></ac:link> <ac:link><ri:user ri:username="bob"/></ac:link></p>`:                                                                             "@[accountid:5b:1] @[bob]",
		`<p><ac:link ac:anchor="x"><ri:page ri:space-key="S" ri:content-title="A/B #1"/><ac:link-body>t</ac:link-body></ac:link></p>`:                                                           "[t](<page:S/A%2FB %231#x>)",
		`<p><ac:link><ri:page ri:content-title="Home"/></ac:link></p>`:                                                                                                                          "[Home](page:/Home)",
		`<p><ac:link><ri:attachment ri:filename="a.pdf"/><ac:plain-text-link-body><![CDATA[the file]]></ac:plain-text-link-body></ac:link></p>`:                                                 "[the file](attachment:a.pdf)",
		`<p><ac:image ac:alt="x"><ri:attachment ri:filename="a b.png"/></ac:image></p>`:                                                                                                         "![x](<a b.png>)",
		`<p><time datetime="2024-01-15"/> <ac:emoticon ac:name="tick"/> <ac:emoticon ac:emoji-fallback="🎉"/></p>`:                                                                               "2024-01-15 ✅ 🎉",
		`<p><span style="x">a</span> <u>b</u> <font>c</font></p>`:                                                                                                                               "a <u>b</u> c",
		`<p><ac:inline-comment-marker ac:ref="1">a</ac:inline-comment-marker></p>`:                                                                                                              "a",
		`<strong><p>a</p><p>b</p></strong>`: "**a**\n\n**b**",
		"":                                  "",
	} {
		d, kept := Parse(in)
		if diff := cmp.Diff(want, markdown.Write(d)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", in, diff)
		}
		if len(kept) > 0 {
			t.Errorf("%s: %v is kept", in, kept)
		}
	}
}

func TestWhatIsReadIsWrittenAsConfluenceDoes(t *testing.T) {
	for in, want := range map[string]string{
		"a **b**\nc":                     "<p>a <strong>b</strong><br />c</p>",
		"## a":                           "<h2>a</h2>",
		"- a\n  - b":                     "<ul><li>a<ul><li>b</li></ul></li></ul>",
		"3. a":                           `<ol start="3"><li>a</li></ol>`,
		"- [x] a":                        `<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a</ac:task-body></ac:task></ac:task-list>`,
		"---":                            "<hr />",
		"1 < 2 & \"x\"":                  "<p>1 &lt; 2 &amp; &quot;x&quot;</p>",
		"[t](<page:S/A%2FB %231#x>)":     `<p><ac:link ac:anchor="x"><ri:page ri:space-key="S" ri:content-title="A/B #1" /><ac:link-body>t</ac:link-body></ac:link></p>`,
		"[t](page:Home)":                 `<p><ac:link><ri:page ri:content-title="Home" /><ac:link-body>t</ac:link-body></ac:link></p>`,
		"[t](#here)":                     `<p><ac:link ac:anchor="here"><ac:link-body>t</ac:link-body></ac:link></p>`,
		"[t](https://x.y?a=1&b=2 \"T\")": `<p><a href="https://x.y?a=1&amp;b=2" title="T">t</a></p>`,
		"[t](javascript:x)":              "<p>t (javascript:x)</p>",
		"![a](b%20c.png)":                `<p><ac:image ac:alt="a"><ri:attachment ri:filename="b c.png" /></ac:image></p>`,
		"![a](https://x.y/i.png)":        `<p><ac:image ac:alt="a"><ri:url ri:value="https://x.y/i.png" /></ac:image></p>`,
		"![a](data:x)":                   "<p>a (data:x)</p>",
		"@[accountid:5b:1 Bob] [~bob]":   `<p><ac:link><ri:user ri:account-id="5b:1" /></ac:link> <ac:link><ri:user ri:username="bob" /></ac:link></p>`,
		"[^a.pdf]":                       `<p><ac:link><ri:attachment ri:filename="a.pdf" /></ac:link></p>`,
		"> [!ERROR] T\n> a":              `<ac:structured-macro ac:name="warning" ac:schema-version="1"><ac:parameter ac:name="title">T</ac:parameter><ac:rich-text-body><p>a</p></ac:rich-text-body></ac:structured-macro>`,
		"```\n]]>\n```":                  `<ac:structured-macro ac:name="code" ac:schema-version="1"><ac:plain-text-body><![CDATA[]]]]><![CDATA[>]]></ac:plain-text-body></ac:structured-macro>`,
		"| a |\n|---|\n| b |":            "<table><tbody><tr><th>a</th></tr><tr><td>b</td></tr></tbody></table>",
		"\u27e6toc:123456\u27e7":         "<p>\u27e6toc:123456\u27e7</p>",
	} {
		if diff := cmp.Diff(want, Write(markdown.Parse(in, false), Options{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

func TestKeysSayWhatTheyStandFor(t *testing.T) {
	for in, want := range map[string]string{
		`<ac:structured-macro ac:name="toc"/>`: "toc:",
		`<ac:structured-macro ac:name="jira"><ac:parameter ac:name="server">S</ac:parameter><ac:parameter ac:name="key">A-1</ac:parameter></ac:structured-macro>`: "jira A-1:",
		`<ac:structured-macro ac:name="status"><ac:parameter ac:name="title">IN [x] DOUBT</ac:parameter></ac:structured-macro>`:                                   "status IN x DOUBT:",
		`<ac:structured-macro ac:name="/x"/>`:       "x:",
		`<ac:adf-extension><x/></ac:adf-extension>`: "extension:",
		`<ac:structured-macro ac:name="html"><ac:parameter ac:name="title">` + strings.Repeat("long ", 50) + `</ac:parameter></ac:structured-macro>`: "html long long long long long",
	} {
		_, first := Parse(in)
		_, second := Parse("<p>before</p>" + in + in)
		if len(first) != 1 {
			t.Fatalf("%s: %v", in, first)
		}
		for key := range first {
			if !strings.HasPrefix(key, want) || len(key) > 200 {
				t.Errorf("%s has the key %q, want %q…", in, key, want)
			}
			if _, ok := second[key]; !ok {
				t.Errorf("%s has another key elsewhere: %v", in, second)
			}
		}
	}
}

func TestTagsThatDoNotMatchLoseNoText(t *testing.T) {
	for _, in := range []string{
		"<p>a<b>c", "a</p>c", "<p><ul><li>a</p>c", "<a href=x>a</a>c", "<p a='>a c", "< p>a<c", "<![CDATA[a c", "<!-- a c", "<ac:structured-macro>a<p>c",
		"<table>a<tr>c", "<ul>a<li>c</ul>", "<ac:task-list>a<ac:task><ac:task-body>c", "&#0;a&c", strings.Repeat("<div>", 1000) + "a" + strings.Repeat("</div>", 1000) + "c",
	} {
		d, _ := Parse(in)
		got := markdown.Write(d)
		if a, c := strings.Index(got, "a"), strings.LastIndex(got, "c"); a < 0 && !strings.Contains(in, "task-list") || c < a {
			t.Errorf("%.40q gives %q", in, got)
		}
	}
}
