package tool_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/tool"
)

func TestProjectsAreNarrowed(t *testing.T) {
	cases := map[string]struct{ projects, within, want []string }{
		"to what both name":                 {[]string{"A", "B"}, []string{"B", "C"}, []string{"B"}},
		"without regard to case":            {[]string{"a"}, []string{"A"}, []string{"a"}},
		"keys by a glob":                    {[]string{"TEAM1", "OPS"}, []string{"TEAM*"}, []string{"TEAM1"}},
		"a glob by keys":                    {[]string{"TEAM*"}, []string{"TEAM1", "OPS"}, []string{"TEAM1"}},
		"everything by globs and keys":      {[]string{"*"}, []string{"TEAM*", "OPS"}, []string{"OPS", "TEAM*"}},
		"a glob by everything":              {[]string{"TEAM*"}, []string{"*"}, []string{"TEAM*"}},
		"a glob by itself":                  {[]string{"TEAM*"}, []string{"team*"}, []string{"TEAM*"}},
		"globs that overlap, to nothing":    {[]string{"A*"}, []string{"*B"}, []string{}},
		"a glob within another, to nothing": {[]string{"TEAM1*"}, []string{"TEAM*"}, []string{}},
		"to nothing by nothing":             {[]string{"A"}, nil, []string{}},
		"nothing":                           {nil, []string{"A"}, []string{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, tool.Narrow(c.projects, c.within)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
