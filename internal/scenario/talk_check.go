package scenario

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/client"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
)

// seenTask is a task with what it said since a moment.
type seenTask struct {
	*task
	turns []client.Task
}

// asked are the questions that the agent asked.
func (t seenTask) asked() []string {
	var out []string
	for _, s := range t.turns {
		if s.State == a2a.InputRequired {
			out = append(out, s.Text)
		}
	}
	return out
}

func (t seenTask) String() string {
	return fmt.Sprintf("task of %s: %s: %s", t.talk.with(), t.State, clip(oneLine(t.Text), 300))
}

func (w *world) checkTasks(e *manifest.Expectation, ev events) {
	if e.Tasks == nil {
		return
	}
	var got []string
	for _, t := range ev.tasks {
		got = append(got, t.String())
	}
	if len(ev.tasks) != len(e.Tasks) {
		w.fail(e.Line, fmt.Sprintf("there are %d tasks, want %d", len(ev.tasks), len(e.Tasks)), strings.Join(got, "\n"))
		return
	}
	for i, want := range e.Tasks {
		if why := taskDiff(want, ev.tasks[i]); len(why) > 0 {
			w.fail(want.Line, fmt.Sprintf("task %d is not as expected", i+1), strings.Join(append(why, got...), "\n"))
		}
	}
}

// taskDiff is how a task differs from what is expected.
func taskDiff(want manifest.WantTask, is seenTask) []string {
	var why []string
	if want.Of != "" && want.Of != is.talk.who {
		why = append(why, fmt.Sprintf("want it of %s, is of %s", want.Of, is.talk.who))
	}
	if want.State != "" && want.State != string(is.State) {
		why = append(why, fmt.Sprintf("want state %s, is %s", want.State, is.State))
	}
	why = append(why, textDiff("says", want.Says, is.Text)...)
	if want.Asks == nil {
		return why
	}
	asked := is.asked()
	if len(asked) != len(want.Asks) {
		return append(why, fmt.Sprintf("asks: want %d questions, there are %d%s", len(want.Asks), len(asked), listOf(asked)))
	}
	for n, question := range want.Asks {
		why = append(why, textDiff(fmt.Sprintf("question %d", n+1), question, asked[n])...)
	}
	return why
}

func listOf(lines []string) string {
	var out strings.Builder
	for _, l := range lines {
		out.WriteString("\n  " + clip(oneLine(l), 300))
	}
	return out.String()
}

// toldByTask reports whether a run is that of a task, whose state is expected, so
// that its own does not have to be.
func toldByTask(e *manifest.Expectation, source string) bool {
	return source == store.TaskSource && e.Tasks != nil
}

// write is a request that changed something in Jira, by a user as steps name them.
type write struct{ by, what string }

func (w *world) checkWrittenBy(e *manifest.Expectation, ev events) {
	if e.WrittenBy == nil {
		return
	}
	var by, lines []string
	for _, one := range ev.writes {
		if !slices.Contains(by, one.by) {
			by = append(by, one.by)
		}
		lines = append(lines, one.by+": "+one.what)
	}
	want := slices.Clone(e.WrittenBy)
	slices.Sort(want)
	slices.Sort(by)
	if !slices.Equal(slices.Compact(want), by) {
		w.fail(e.Line, "Jira was written to with the rights of others", strings.Join(append([]string{"expected: " + names(want), "written by: " + names(by)}, lines...), "\n"))
	}
}

// written are the writes so far. The daemon's own account sends what did not come
// through the gateway with a user's token.
func (w *world) written() []write {
	type key struct{ method, path string }
	users := map[key][]string{}
	if w.box.Rovo != nil {
		for _, r := range w.box.Rovo.Requests() {
			if r.Kind == "user" && r.Status < http.StatusMultipleChoices {
				k := key{r.Method, r.Path}
				users[k] = append(users[k], w.handle(r.Account))
			}
		}
	}
	var out []write
	for _, r := range w.box.Jira.Requests() {
		if !changes(r.Method, r.Path) || r.Applied == 0 || r.Applied >= http.StatusMultipleChoices {
			continue
		}
		path := r.Path[max(strings.Index(r.Path, "/rest/"), 0):]
		one := write{"bot", r.Method + " " + path}
		if k := (key{r.Method, path}); len(users[k]) > 0 {
			one.by, users[k] = users[k][0], users[k][1:]
		}
		out = append(out, one)
	}
	return out
}

// changes reports whether a request to Jira's API changes something: some that only
// read are sent with POST, since what they ask for is long.
func changes(method, path string) bool {
	if method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions {
		return false
	}
	for _, end := range []string{"/search", "/search/jql", "/bulkfetch", "/approximate-count", "/jql/parse", "/permissions/check", "/list", "/expression/eval"} {
		if strings.HasSuffix(path, end) {
			return false
		}
	}
	return true
}
