package a2a

import (
	"errors"
	"io"
	"testing"
)

func TestErrorsSayWhatIsWrong(t *testing.T) {
	for want, err := range map[string]error{
		"Task not found":                                      TaskNotFound("x"),
		"Context not found":                                   ContextNotFound("x"),
		"Task cannot be canceled: it is completed":            NotCancelable("x", Completed),
		"This operation is not supported: the task is failed": Ended("x", Failed),
		"Invalid parameters: a: must be b; c":                 InvalidParams(Violation{"a", "must be b"}, Violation{"", "c"}),
		"Invalid parameters: n: must be 3":                    Invalid("n", "must be %d", 3),
		"come again":                                          &Refusal{Message: "come again"},
		"come again: EOF":                                     &Refusal{Message: "come again", Cause: io.EOF},
		"task x is failed and cannot change any more":         &TerminalError{TaskID: "x", State: Failed},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	if !errors.Is(&Refusal{Cause: io.EOF}, io.EOF) {
		t.Error("a refusal hides its cause")
	}
	if got := Unsupported("x", "k", "v", "odd").Details; len(got) != 1 || got["k"] != "v" {
		t.Errorf("details are %v", got)
	}
}
