package route

import (
	"strings"
	"testing"
)

func TestGlobsMatchWholeNames(t *testing.T) {
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"a", "a", true}, {"a", "ab", false},
		{"*", "", true}, {"*", "abc", true}, {"**", "abc", true},
		{"sprint_*", "sprint_started", true}, {"sprint_*", "sprint_", true}, {"sprint_*", "sprint", false},
		{"*_created", "issue_created", true}, {"*_created", "issue_created_", false},
		{"a*b*c", "aXXbYYc", true}, {"a*b*c", "aXXcYYb", false}, {"*a*a*", "ba", false},
		{"?", "a", true}, {"?", "", false}, {"a?c", "abc", true}, {"a?*", "a", false},
		{"[a]", "a", false}, {"[a]", "[a]", true},
	}
	for _, tt := range tests {
		if got := glob(tt.pattern, tt.s); got != tt.want {
			t.Errorf("glob(%q, %q) = %v", tt.pattern, tt.s, got)
		}
	}
}

func TestGlobsOfManyStarsEnd(t *testing.T) {
	if glob(strings.Repeat("a*", 1000)+"b", strings.Repeat("a", 2000)) {
		t.Error("matched")
	}
}

func TestProjectPatternsAlsoCoverIssueKeys(t *testing.T) {
	tests := []struct {
		pattern, project, key string
		want                  bool
	}{
		{"PROD", "PROD", "PROD-1", true}, {"PROD", "PRODX", "PRODX-1", false}, {"prod", "PROD", "PROD-1", false},
		{"PROD-*", "PROD", "PROD-1", true}, {"PROD-*", "PROD", "", true}, {"PROD-*", "PRODX", "PRODX-1", false},
		{"PROD-*", "PROD-WEB", "PROD-WEB-1", true}, {"PROD-1", "PROD", "PROD-1", true}, {"PROD-1", "PROD", "PROD-12", false},
		{"PR*", "PROD", "PROD-1", true}, {"*", "PROD", "", true},
	}
	for _, tt := range tests {
		if got := projectMatches(tt.pattern, tt.project, tt.key); got != tt.want {
			t.Errorf("projectMatches(%q, %q, %q) = %v", tt.pattern, tt.project, tt.key, got)
		}
	}
}
