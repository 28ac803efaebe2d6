package internal_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/tool"
	toolconfluence "github.com/aofctl/aofctl/internal/tool/confluence"
)

func TestDocsNameTheScopesOfToolsForConfluence(t *testing.T) {
	everything := []string{"read:page:confluence", "read:space:confluence", "read:content-details:confluence"}
	lines := strings.Split(read(t, filepath.Join(top, "docs", "configuration.md")), "\n")
	row := func(scope string) string {
		at := slices.IndexFunc(lines, func(line string) bool {
			return strings.HasPrefix(line, "| `") && strings.Contains(strings.Split(line, "|")[1], "`"+scope+"`")
		})
		if at < 0 {
			t.Fatalf("the documentation has no row for %s", scope)
		}
		return lines[at]
	}
	for _, one := range toolconfluence.New(nil, tool.Writer{}).All() {
		name := one.Spec().Name
		for _, scope := range toolconfluence.Scopes(name) {
			if text := row(scope); !slices.Contains(everything, scope) && !strings.Contains(text, "`"+name+"`") {
				t.Errorf("the documentation does not say that %s needs %s", name, scope)
			}
		}
	}
}
