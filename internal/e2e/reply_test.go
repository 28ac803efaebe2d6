package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestPeopleAreToldWhichCommandsThereAre asks a daemon for help, and for a command
// that it does not have.
func TestPeopleAreToldWhichCommandsThereAre(t *testing.T) {
	w := newWorld(t)
	w.start()
	for text, want := range map[string][]string{
		"/help":    {"Estimate story points", "/triage", "/help"},
		"/estimat": {"There is no command", "/estimate"},
	} {
		key := w.story("FEAT")
		w.comment("alice", key, text)
		w.ended(key, 1)
		replies := w.replies(key)
		if len(replies) != 1 || slices.ContainsFunc(want, func(part string) bool { return !strings.Contains(replies[0], part) }) {
			t.Errorf("%s: replies %q, which leave out one of %q", text, replies, want)
		}
	}
}
