package manifest

import (
	"strings"
	"testing"
)

func TestWhatIsNeverThereIsToldWhenItIsLoaded(t *testing.T) {
	known := Known{Variables: []string{"issue_key", "issue_summary", "body", "command"}}
	for _, tt := range []struct {
		path string
		want string
	}{
		{"metadata.issue_key", ""},
		{"event.issue_key", ""},
		{"metadata", ""},
		{"metadata.body.anything", ""},
		{"params.anything", ""},
		{"command", ""},
		{"metadata.issue_kay", `metadata.issue_kay is always empty: no event has this variable (did you mean "issue_key"?)`},
		{"event.nothing_of_the_kind", "event.nothing_of_the_kind is always empty: no event has this variable"},
		{"issue_key", "issue_key is always empty: write metadata.issue_key"},
		{"metadat.issue_key", `metadat is always empty: there is no variable of this name (did you mean "metadata"?)`},
	} {
		if got := known.never(Read{Path: strings.Split(tt.path, ".")}); got != tt.want {
			t.Errorf("never(%s) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

func TestWithoutAListOfVariablesNoneIsDoubted(t *testing.T) {
	if got := (Known{}).neverTold(Read{Path: []string{"metadata", "x"}}); got != "" {
		t.Errorf("neverTold = %q", got)
	}
}
