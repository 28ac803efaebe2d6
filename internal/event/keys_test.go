package event_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/event"
)

func TestIssueKeysAreFoundAndLookalikesAreNot(t *testing.T) {
	for text, want := range map[string][]string{
		"PROJ-123: fix the login":                       {"PROJ-123"},
		"[PROJ-1] and (TEAM_A-22), ABC2-3.":             {"PROJ-1", "TEAM_A-22", "ABC2-3"},
		"feature/PROJ-123-fix-login":                    {"PROJ-123"},
		"alice-PROJ-7_wip":                              {"PROJ-7"},
		"https://x.atlassian.net/browse/PROJ-9?a=b":     {"PROJ-9"},
		"PROJ-1 PROJ-1 PROJ-2":                          {"PROJ-1", "PROJ-2"},
		"Closes PROJ-4.":                                {"PROJ-4"},
		"Read UTF-8, UTF-16 and SHA-256 by RFC-2119":    {},
		"ISO-8601 SHA-1 MD-5 AES-256 HTTP-2 IPV-6 ES-6": {},
		"CVE-2024-12345 in TLS-1.2":                     {},
		"proj-123 Proj-1 xPROJ-1 PROJ-0 PROJ-01 P-1":    {},
		"PROJ-1a PROJ-1.5 ÄPROJ-1 PROJ-1234567890123":   {},
		"<!-- e.g. PROJ-123 --> PROJ-5 <!-- PROJ-6":     {"PROJ-5"},
		"": {},
	} {
		if diff := cmp.Diff(want, event.IssueKeys(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if got := event.IssueKeys("B-1 BB-1", "AA-1 BB-1"); !cmp.Equal(got, []string{"BB-1", "AA-1"}) {
		t.Errorf("of two texts: %q", got)
	}
	var many strings.Builder
	for i := range 100 {
		fmt.Fprintf(&many, "PROJ-%d ", i+1)
	}
	if got := event.IssueKeys(many.String()); len(got) != event.MaxIssueKeys {
		t.Errorf("%d keys", len(got))
	}
}

func FuzzIssueKeys(f *testing.F) {
	f.Add("PROJ-1 <!-- X-2 --> UTF-8")
	f.Add("\xff\xfePROJ-1")
	f.Fuzz(func(t *testing.T, text string) {
		for _, key := range event.IssueKeys(text, text) {
			if !event.IsIssueKey(key) || !strings.Contains(text, key) || event.ProjectOf(key) == "" {
				t.Fatalf("%q in %q", key, text)
			}
		}
	})
}

func TestOnlyObjectsOfBoundedDepthAreRead(t *testing.T) {
	for body, want := range map[string]string{
		"": "empty", " \n": "empty", "x": "not JSON", "[1]": "not an object", `"a"`: "not an object", "{": "not JSON",
		strings.Repeat(`{"a":`, 2000) + "1" + strings.Repeat("}", 2000): "nested deeper",
	} {
		if _, err := event.Object([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", body, err, want)
		}
	}
	in, err := event.Object([]byte("{\"a\":\"x\xffy\",\"b\":\"{[[\\\"\"}"))
	if err != nil || in.Get("a").String() != "x\uFFFDy" {
		t.Errorf("%v %v", in, err)
	}
}
