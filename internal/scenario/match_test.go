package scenario

import (
	"testing"
)

func TestExpectedValuesMatchWhatIs(t *testing.T) {
	t.Parallel()
	obj := func(pairs ...any) map[string]any {
		out := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			out[pairs[i].(string)] = pairs[i+1]
		}
		return out
	}
	list := func(items ...any) []any { return items }
	for _, c := range []struct {
		name     string
		want, is any
		fits     bool
	}{
		{"equal texts", "High", "High", true},
		{"other texts", "High", "Low", false},
		{"a number is the same in every type", int64(3), float64(3), true},
		{"a number may be a text", "3", 3.0, true},
		{"nothing is the empty text", nil, "", true},
		{"nothing is no text", nil, "x", false},
		{"a text is no mapping", "map[]", obj(), false},
		{"a mapping may have more", obj("a", "1"), obj("a", "1", "b", "2"), true},
		{"a mapping has what is expected", obj("a", "1", "c", "3"), obj("a", "1"), false},
		{"a list in any order", list("a", "b"), list("b", "a"), true},
		{"a list of the same length", list("a"), list("a", "b"), false},
		{"each element counts once", list("a", "a"), list("a", "b"), false},
		{"a text contains", obj("contains", "MITE"), "dynamite", true},
		{"a text contains all", obj("contains", list("dyna", "x")), "dynamite", false},
		{"a list contains", obj("contains", "a"), list("b", "a"), true},
		{"a list contains all", obj("contains", list("a", "c")), list("b", "a"), false},
		{"nothing contains nothing", obj("contains", "a"), nil, false},
		{"like with stars", obj("like", "a*c\n*"), "abc\nd", true},
		{"like is about the whole", obj("like", "b*"), "abc", false},
		{"like takes other signs as they are", obj("like", "a.c*"), "abc", false},
		{"matches", obj("matches", `^\d+ points$`), "5 points", true},
		{"matches nothing", obj("matches", ".*"), nil, false},
		{"a broken expression", obj("matches", "("), "(", false},
		{"not", obj("not", "a"), "b", true},
		{"not the same", obj("not", obj("contains", "a")), "abc", false},
		{"one of", obj("one_of", list("a", "b")), "b", true},
		{"none of", obj("one_of", list("a", "b")), "c", false},
		{"any", obj("any", true), nil, true},
		{"a condition within", obj("body", obj("contains", "x")), obj("body", "axb"), true},
		{"a mapping with a key like a condition", obj("contains", "x", "y", "z"), obj("contains", "x", "y", "z"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if why := match(c.want, c.is); (why == "") != c.fits {
				t.Errorf("match says %q", why)
			}
		})
	}
}

func TestDifferencesNameTheirPlace(t *testing.T) {
	t.Parallel()
	want := map[string]any{"fields": map[string]any{"priority": "High", "team": "A"}, "issue_key": "PROJ-1"}
	is := map[string]any{"fields": map[string]any{"priority": "Low"}, "issue_key": "PROJ-1"}
	const text = "fields: priority: want High, is Low; team: want A, is not there"
	if got := match(want, is); got != text {
		t.Errorf("got %q, want %q", got, text)
	}
}
