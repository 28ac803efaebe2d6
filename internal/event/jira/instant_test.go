package jira

import "testing"

func TestAMomentIsTheSameKeyInEveryTimeZone(t *testing.T) {
	for text, want := range map[string]string{
		"2026-09-23T00:18:35.652+0530":  "2026-09-22T18:48:35.652Z",
		"2026-09-22T18:48:35.652+0000":  "2026-09-22T18:48:35.652Z",
		"2026-09-22T11:48:35.652-07:00": "2026-09-22T18:48:35.652Z",
		"2026-09-22T18:48:35Z":          "2026-09-22T18:48:35.000Z",
		"yesterday":                     "yesterday",
		"":                              "",
	} {
		if got := instant(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
