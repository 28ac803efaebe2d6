package leak

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// tests are tests that do something and end with a code.
type tests func() int

func (f tests) Run() int { return f() }

func forgotten(end <-chan struct{}) { <-end }

func TestGoroutinesThatAreLeftFailAPackage(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	leave := tests(func() int { go forgotten(end); return 0 })
	var out bytes.Buffer
	if code := run(leave, &out, 0, goleak.IgnoreCurrent()); code != 1 || !strings.Contains(out.String(), "leak.forgotten") {
		t.Errorf("code %d: %s", code, &out)
	}
	if code := run(leave, &out, 0, goleak.IgnoreAnyFunction("github.com/aofctl/aofctl/internal/leak.forgotten"), goleak.IgnoreCurrent()); code != 0 {
		t.Errorf("code %d for one that may be left", code)
	}
}

func TestGoroutinesThatEndLateAreWaitedFor(t *testing.T) {
	late := tests(func() int {
		end := make(chan struct{})
		go forgotten(end)
		time.AfterFunc(1500*time.Millisecond, func() { close(end) }) // longer than goleak waits
		return 0
	})
	var out bytes.Buffer
	if code := run(late, &out, Patience, goleak.IgnoreCurrent()); code != 0 {
		t.Errorf("code %d: %s", code, &out)
	}
}

func TestFailedTestsStayFailed(t *testing.T) {
	var out bytes.Buffer
	if code := run(tests(func() int { return 3 }), &out, Patience); code != 3 || out.Len() > 0 {
		t.Errorf("code %d: %s", code, &out)
	}
}
