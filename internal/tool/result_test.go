package tool_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/tool"
)

func TestResultsAreCutWhereTheyAreTooLongAndSaySo(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "(nothing)",
		" \n":                               "(nothing)",
		"short":                             "short",
		strings.Repeat("x", tool.MaxResult): strings.Repeat("x", tool.MaxResult),
	} {
		if got := tool.Capped(text, "ask for less"); got != want {
			t.Errorf("%.20q becomes %.40q", text, got)
		}
	}
	for _, text := range []string{strings.Repeat("ä", tool.MaxResult), "x" + strings.Repeat("語", tool.MaxResult)} {
		got := tool.Capped(text, "ask for less")
		kept, told, _ := strings.Cut(got, "\ntruncated: ")
		if len(got) > tool.MaxResult || !utf8.ValidString(got) || !strings.HasPrefix(text, kept) || !strings.HasSuffix(told, " more characters; ask for less") {
			t.Errorf("%d bytes, %.60q", len(got), told)
		}
	}
}

func TestFilesOfArgumentsHavePlainNamesAndContent(t *testing.T) {
	for name, c := range map[string]struct{ file, content, encoding, says string }{
		"a path":          {"../a.txt", "x", "", "is not a file name"},
		"a path of DOS":   {`c:\a.txt`, "x", "text", "is not a file name"},
		"dots":            {"..", "x", "", "is not a file name"},
		"a line break":    {"a\nb", "x", "", "is not a file name"},
		"no name":         {" ", "x", "", "is not a file name"},
		"a long name":     {strings.Repeat("ä", 256), "x", "", "is not a file name"},
		"nothing in it":   {"a.txt", "", "", "content is empty"},
		"no base64":       {"a.txt", "%", "base64", "content is not base64"},
		"no bytes at all": {"a.txt", " ", "base64", "content is empty"},
	} {
		if f, err := tool.ReadFile(c.file, c.content, c.encoding); err == nil || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 900 {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for name, c := range map[string]struct{ file, content, encoding, kind, holds string }{
		"text":                 {" notes ", "x", "text", "text/plain; charset=utf-8", "x"},
		"a type by its ending": {"a.json", "{}", "", "application/json", "{}"},
		"bytes":                {strings.Repeat("ä", 255), "AAEC", "base64", "", "\x00\x01\x02"},
	} {
		f, err := tool.ReadFile(c.file, c.content, c.encoding)
		if err != nil || f.Name != strings.TrimSpace(c.file) || f.Type != c.kind || string(f.Content) != c.holds {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 kB", 3 << 19: "1.5 MB"} {
		if got := tool.Size(n); got != want {
			t.Errorf("%d is told as %s", n, got)
		}
	}
}

func TestNumbersInArgumentsKeepTheirDigits(t *testing.T) {
	var into struct{ ID any }
	if err := tool.DecodeArgs(json.RawMessage(`{"id":12345678901234567890}`), &into); err != nil || into.ID != json.Number("12345678901234567890") {
		t.Errorf("%v, %v", into.ID, err)
	}
	if err := tool.DecodeArgs(json.RawMessage(`{"id":`), &into); err == nil || !strings.HasPrefix(err.Error(), "read arguments: ") {
		t.Errorf("half an object: %v", err)
	}
}
