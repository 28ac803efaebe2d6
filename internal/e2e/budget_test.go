package e2e

import (
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/store"
)

// TestARunStopsBeforeTheCallThatWouldPassItsBudget lets an agent make its first
// call of the model and not the second.
func TestARunStopsBeforeTheCallThatWouldPassItsBudget(t *testing.T) {
	w := newWorld(t)
	w.script(closing)
	w.write("agents/mover.yaml", mover("  max_tokens: 100\n  budget: {tokens: 1200}\n"))
	w.write("triggers/echo.yaml", strings.ReplaceAll(command("echo"), "agent: echo", "agent: mover"))
	w.start()
	key := w.story("FEAT")
	w.comment("alice", key, "/echo")
	runs := w.ended(key, 1)
	if runs[0].State != store.StateFailed || !strings.Contains(runs[0].Error, "budget used up: the budget of agent mover in run") {
		t.Errorf("run %+v", runs[0])
	}
	if n := len(w.box.Model.Requests()); n != 1 {
		t.Errorf("the model was asked %d times", n)
	}
	if replies := w.replies(key); len(replies) != 1 || !strings.Contains(replies[0], "budget used up") {
		t.Errorf("replies %q", replies)
	}
}
