package postgres

import (
	"context"
	"testing"
	"unicode/utf8"
)

func canceled(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

func TestTextIsReplacedOnlyWhereItMustBe(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"plain äöü \U0010ffff\n": "plain äöü \U0010ffff\n",
		"a\x00b\x00":             "a\uFFFDb\uFFFD",
		"a\xff":                  "a\uFFFD",
		"\xed\xa0\x80":           "\uFFFD",
		"\x00\xff":               "\uFFFD\uFFFD",
	} {
		if got := clean(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x00\xffb")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || clean(got) != got {
			t.Errorf("%q: got %q", s, got)
		}
		for _, c := range got {
			if c == 0 {
				t.Errorf("%q: a zero byte in %q", s, got)
			}
		}
	})
}

func TestJSONThatIsMissingIsNull(t *testing.T) {
	for _, raw := range []string{"", " \n"} {
		if got := jsonOrNil([]byte(raw)); got != nil {
			t.Errorf("%q: got %v", raw, got)
		}
	}
	if got := jsonOrNil([]byte("{}\x00")); got != "{}\uFFFD" {
		t.Errorf("got %v", got)
	}
}
