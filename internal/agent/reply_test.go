package agent_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRepliesArePostedAsTheyAreUnderThePolicy(t *testing.T) {
	b := newBench(t)
	const text = "There is no command `/{{ metadata.issue_key }}` here."
	if err := b.runner.Reply(t.Context(), b.job.Origin, b.tape, text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{text}, b.posted()); diff != "" {
		t.Errorf("comments (-want +got):\n%s", diff)
	}
	if len(b.model.asked) > 0 {
		t.Error("a model was asked")
	}
	if err := b.runner.Reply(t.Context(), b.job.Origin, &tape{}, "the-secret-token"); err == nil || len(b.posted()) != 1 {
		t.Errorf("a secret left: %v, %q", err, b.posted())
	}
	b.job.Origin.IssueKey = ""
	if err := b.runner.Reply(t.Context(), b.job.Origin, &tape{}, text); err == nil || len(b.posted()) != 1 {
		t.Errorf("posted without an issue: %v, %q", err, b.posted())
	}
}
