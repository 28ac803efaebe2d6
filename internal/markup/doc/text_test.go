package doc

import "testing"

func TestCleanMakesTextThatJiraTakes(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                  "plain",
		"tab\tand\nline":         "tab\tand\nline",
		"a\r\nb\rc":              "a\nb\nc",
		"a\x00b\x07c\x1bd\x7f":   "abcd",
		"\ufeffbom":              "bom",
		"a\u2028b\u2029c":        "a\nb\nc",
		"form\ffeed\vvertical":   "form\nfeed\nvertical",
		"bad \xff\xfe bytes":     "bad \ufffd bytes",
		"\uffff\ufffe":           "",
		"emoji \U0001F389 stays": "emoji \U0001F389 stays",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
		}
	}
}
