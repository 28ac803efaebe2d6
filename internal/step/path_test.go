package step_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/step"
)

func TestPathsOfBranchesAreReadable(t *testing.T) {
	tests := map[string]struct{ parent, name, want string }{
		"a word":              {"", "triage", "triage"},
		"within another":      {"triage", "ask", "triage/ask"},
		"words of a language": {"", "Prüfung durch Team 5", "Prüfung durch Team 5"},
		"no name":             {"a", "", "a/%"},
		"separators":          {"", "a/b:c,d#e%f~g", "a%2Fb%3Ac%2Cd%23e%25f%7Eg"},
		"control characters":  {"", "a\x00b\n", "a%00b%0A"},
		"bytes of no text":    {"", "a\xffb", "a%FFb"},
		"that very character": {"", "a\uFFFDb", "a\uFFFDb"},
		"as long as may be":   {"", strings.Repeat("x", 64), strings.Repeat("x", 64)},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got, err := step.Path(tt.parent, tt.name); got != tt.want || err != nil {
				t.Errorf("path is %q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

func TestLongNamesAreToldApartAndPathsAreBounded(t *testing.T) {
	long := strings.Repeat("ü", 5000)
	a, err := step.Path("", long+"a")
	b, err2 := step.Path("", long+"b")
	if err != nil || err2 != nil || a == b || len(a) > 64 || !utf8.ValidString(a) || !strings.HasPrefix(a, "üü") {
		t.Errorf("paths %q and %q: %v, %v", a, b, err, err2)
	}
	path, depth := "", 0
	for ; err == nil && depth < 100; depth++ {
		path, err = step.Path(path, long)
	}
	if err == nil || depth < 8 || !strings.Contains(err.Error(), "nested too deeply") {
		t.Errorf("%d levels, then %v", depth, err)
	}
}

func TestWhatIsWithinABranch(t *testing.T) {
	for _, tt := range []struct {
		path, branch string
		want         bool
	}{{"", "", true}, {"a", "", true}, {"a", "a", true}, {"a/b", "a", true}, {"ab", "a", false}, {"a", "a/b", false}, {"", "a", false}} {
		if got := step.Within(tt.path, tt.branch); got != tt.want {
			t.Errorf("%q within %q: %v", tt.path, tt.branch, got)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add("a", "b")
	f.Add("", "%")
	f.Add("\xff", "%FF")
	f.Add("a/b", strings.Repeat("a/", 60)+"b")
	f.Fuzz(func(t *testing.T, one, other string) {
		a, err := step.Path("", one)
		b, err2 := step.Path("", other)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		if (a == b) != (one == other) {
			t.Errorf("%q and %q are %q and %q", one, other, a, b)
		}
		if a == "" || len(a) > 64 || !utf8.ValidString(a) || strings.ContainsAny(a, "/:,#\x00") {
			t.Errorf("%q is %q", one, a)
		}
	})
}
