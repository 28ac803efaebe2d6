package spell_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/spell"
)

func TestNearestNameIsWhatAPersonMeant(t *testing.T) {
	candidates := []string{"events", "jira_post_comment", "bug-triager", "labels", "statuses", "a", "truncate", "upper", "lower"}
	cases := map[string]string{
		"evnts": "events", "event": "events", "Events": "events", "jira_postcomment": "jira_post_comment",
		"bug_triager": "bug-triager", "lables": "labels", "status": "statuses", "zzz": "", "": "", "truncat": "truncate",
		"uper": "upper", "lowr": "lower", "b": "a", strings.Repeat("x", 100): "", "completely-different": "",
	}
	for name, want := range cases {
		if got := spell.Nearest(name, candidates); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestDistanceCountsEdits(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"triage", "triage", 0}, {"traige", "triage", 1}, {"kitten", "sitting", 3},
		{"abc", "abd", 1}, {"abc", "ac", 1},
	} {
		if got := spell.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func FuzzDistance(f *testing.F) {
	f.Add("triage", "traige")
	f.Add("", "é")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > 500 || !utf8.ValidString(a) {
			t.Skip()
		}
		d := spell.Distance(a, b)
		if d != spell.Distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
			t.Errorf("Distance(%q, %q) = %d", a, b, d)
		}
	})
}
