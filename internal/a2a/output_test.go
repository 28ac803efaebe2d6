package a2a_test

import (
	"testing"

	"github.com/aofctl/aofctl/internal/a2a"
)

func TestWhatASenderTakes(t *testing.T) {
	cases := map[string]struct {
		modes []string
		want  bool
	}{
		"anything, if nothing is said": {nil, true},
		"one of several":               {[]string{"image/png", "text/plain"}, true},
		"with a parameter":             {[]string{"text/markdown; charset=utf-8"}, true},
		"whatever its case":            {[]string{"TEXT/Markdown"}, true},
		"all of a kind":                {[]string{"text/*"}, true},
		"everything":                   {[]string{"*/*"}, true},
		"something else":               {[]string{"image/png", "audio/*"}, false},
		"a word":                       {[]string{"text"}, false},
		"a broken pattern":             {[]string{"[text/plain"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := (a2a.SendRequest{OutputModes: c.modes}).Takes("text/markdown", "text/plain"); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}
