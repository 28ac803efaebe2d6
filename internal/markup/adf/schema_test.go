package adf

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/aofctl/aofctl/internal/markup/markdown"
)

// shared finds the directory of Atlassian's descriptions, which is not part of
// the repository; "" if it is not here.
func shared() string {
	if dir := os.Getenv("AOF_SHARED"); dir != "" {
		return dir
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "..", "shared", "openapi")); err == nil {
			return filepath.Join(dir, "..", "shared")
		}
	}
	return ""
}

// officialSchema is Atlassian's JSON schema of the format; nil if it is not here.
func officialSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(shared(), "openapi", "adf-schema.json"))
	if err != nil {
		return nil
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("adf.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("adf.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// checkADF holds a written document against the schema, if it is here, and
// against rules of our own always.
func checkADF(t *testing.T, s *jsonschema.Schema, raw []byte) {
	t.Helper()
	var top jsonNode
	if err := json.Unmarshal(raw, &top); err != nil {
		t.Fatalf("no JSON: %v\n%s", err, raw)
	}
	checkNode(t, top, "")
	if s == nil {
		return
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Fatalf("not valid: %.2000s\n%.3000s", err, raw)
	}
}

// children are the nodes that may stand below each node, as the schema has it.
func children(parent string) string {
	text := " text hardBreak mention emoji "
	blocks := " paragraph bulletList orderedList codeBlock mediaSingle "
	switch parent {
	case "doc":
		return blocks + "heading rule table panel blockquote expand taskList "
	case "paragraph", "heading", "taskItem":
		return text
	case "bulletList", "orderedList":
		return " listItem "
	case "listItem":
		return blocks + "taskList "
	case "taskList":
		return " taskItem taskList "
	case "blockquote":
		return blocks
	case "panel":
		return blocks + "heading rule taskList "
	case "expand":
		return blocks + "heading rule table panel blockquote taskList nestedExpand "
	case "nestedExpand":
		return blocks + "heading rule panel blockquote taskList "
	case "table":
		return " tableRow "
	case "tableRow":
		return " tableCell tableHeader "
	case "tableCell", "tableHeader":
		return blocks + "heading rule panel blockquote taskList nestedExpand "
	case "codeBlock":
		return " text "
	case "mediaSingle":
		return " media "
	}
	return ""
}

func checkNode(t *testing.T, n jsonNode, parent string) {
	t.Helper()
	kind := n.kind()
	if parent != "" && !strings.Contains(children(parent), " "+kind+" ") {
		t.Fatalf("%s stands in %s", kind, parent)
	}
	list := n.content()
	switch kind {
	case "text":
		if n["text"] == "" {
			t.Fatal("a text is empty")
		}
		for _, m := range n.marks() {
			if m.kind() == "code" && len(n.marks()) > 1 && n.marks()[0].kind() != "link" {
				t.Fatalf("code has other marks: %v", n)
			}
		}
	case "bulletList", "orderedList", "listItem", "taskList", "blockquote", "panel", "expand", "nestedExpand", "table", "tableCell", "tableHeader", "mediaSingle":
		if len(list) == 0 {
			t.Fatalf("%s is empty", kind)
		}
	}
	for _, c := range list {
		checkNode(t, c, kind)
	}
}

func write(t testing.TB, md string) []byte {
	t.Helper()
	raw, err := Write(markdown.Parse(md, false))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestEveryCombinationOfBlocksIsValid(t *testing.T) {
	s := officialSchema(t)
	inner := []string{
		"text", "# heading", "- a\n- b", "3. a\n4. b", "- [ ] a\n- [x] b", "- [ ] a\n- b", "> quote", "> [!NOTE] title\n> body", "```go\ncode\n```",
		"---", "| a | b |\n|---|---|\n| c |", "<details>\n<summary>t</summary>\n\nbody\n\n</details>", "![a](https://x.y/i.png)", "![a](i.png)", "", "- ", "- [ ] ",
		"**`code`** ~~a **b** [*c*](https://x.y)~~ x<sup>2</sup> <u>u</u> :tada: @[accountid:a:b C] [~bob] [^a.txt] a@b.c",
	}
	wrap := map[string]func(string) string{
		"root": func(s string) string { return s },
		"item": func(s string) string { return "- " + strings.ReplaceAll(s, "\n", "\n  ") },
		"second in item": func(s string) string {
			return "1. first\n\n   " + strings.ReplaceAll(s, "\n", "\n   ") + "\n\n   last\n2. second"
		},
		"task":  func(s string) string { return "- [x] " + strings.ReplaceAll(s, "\n", "\n  ") + "\n- [ ] last" },
		"quote": func(s string) string { return "> " + strings.ReplaceAll(s, "\n", "\n> ") },
		"panel": func(s string) string {
			return "> [!WARNING]\n>\n> " + strings.ReplaceAll(s, "\n", "\n> ") + "\n>\n> end"
		},
		"expand": func(s string) string { return "<details>\n\n" + s + "\n\n</details>" },
	}
	for a, outer := range wrap {
		for b, middle := range wrap {
			for _, in := range inner {
				t.Run(a+"/"+b, func(t *testing.T) { checkADF(t, s, write(t, outer(middle(in)))) })
			}
		}
	}
}
