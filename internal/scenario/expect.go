package scenario

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

func (w *world) fail(line int, what, detail string) {
	w.failures = append(w.failures, Failure{Line: line, What: what, Detail: detail})
}

// check compares what happened with what is expected of it.
func (w *world) check(e *manifest.Expectation, ev events) {
	w.checkStarts(e, ev)
	w.checkIgnored(e, ev)
	w.checkActions(e, ev)
	w.checkNever(e, ev)
	w.checkDenied(e, ev)
	w.checkRuns(e, ev)
	for _, want := range e.Issues {
		w.checkIssue(want)
	}
	for _, want := range e.Pages {
		w.checkPage(want, ev.pages)
	}
	for _, want := range e.Spaces {
		w.checkSpace(want)
	}
	w.checkTasks(e, ev)
	w.checkWrittenBy(e, ev)
	w.checkAtMost(e, ev)
}

func (w *world) checkStarts(e *manifest.Expectation, ev events) {
	if e.Starts == nil {
		return
	}
	var got []string
	for _, r := range ev.started {
		if r.TargetKind != "reply" {
			got = append(got, r.TargetKind+"/"+r.Target)
		}
	}
	same := len(got) == len(e.Starts)
	for i := 0; same && i < len(got); i++ {
		same = isTarget(e.Starts[i], got[i])
	}
	if !same {
		detail := "expected: " + names(e.Starts) + "\nstarted:  " + names(got)
		if len(got) == 0 {
			detail += "\n" + strings.Join(reasons(ev.deliveries), "\n")
		}
		w.fail(e.Line, "something else was started", detail)
	}
}

// isTarget reports whether a name, with or without its kind, is that of a target.
func isTarget(want, target string) bool {
	_, name, _ := strings.Cut(target, "/")
	return want == target || want == name
}

func names(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// reasons tell why deliveries started nothing.
func reasons(list []admin.Delivery) []string {
	var out []string
	for _, d := range list {
		if d.State != inbox.StateRouted {
			out = append(out, deliveryLine(d))
		}
	}
	return out
}

func (w *world) checkIgnored(e *manifest.Expectation, ev events) {
	for _, want := range e.Ignored {
		found := slices.ContainsFunc(ev.deliveries, func(d admin.Delivery) bool {
			return d.State != inbox.StateRouted && strings.Contains(strings.ToLower(deliveryLine(d)), strings.ToLower(want))
		})
		if !found {
			var list []string
			for _, d := range ev.deliveries {
				list = append(list, deliveryLine(d))
			}
			w.fail(e.Line, fmt.Sprintf("nothing was ignored because of %q", want), strings.Join(list, "\n"))
		}
	}
}

// meets reports whether a call is what an action expects.
func meets(a manifest.Action, c call) bool {
	if a.Tool != c.tool || a.As != "" && a.As != c.agent {
		return false
	}
	switch {
	case a.Denied != "":
		if c.rule == "" || a.Denied != manifest.AnyRule && a.Denied != c.rule {
			return false
		}
	case a.Failed != "":
		if c.failure == "" || a.Failed != manifest.AnyRule && match(map[string]any{"contains": a.Failed}, c.failure) != "" {
			return false
		}
	case !c.done():
		return false
	}
	if len(a.Args) > 0 && matchMap(a.Args, c.args) != "" {
		return false
	}
	return a.Result == nil || match(a.Result, c.result) == ""
}

// assign gives each expected action a call, in order or in any. It returns the
// actions without a call, and which calls have an action.
func assign(actions []manifest.Action, calls []call, anyOrder bool) (missing []manifest.Action, used []bool) {
	used = make([]bool, len(calls))
	at := 0
	for _, a := range actions {
		from := at
		if anyOrder {
			from = 0
		}
		found := -1
		for i := from; i < len(calls) && found < 0; i++ {
			if !used[i] && meets(a, calls[i]) {
				found = i
			}
		}
		if found < 0 {
			missing = append(missing, a)
			continue
		}
		used[found], at = true, found+1
	}
	return missing, used
}

func (w *world) checkActions(e *manifest.Expectation, ev events) {
	missing, used := assign(e.Actions, ev.calls, e.Order == manifest.OrderAny)
	for _, a := range missing {
		w.fail(a.Line, "this was not done: "+actionText(a), w.closest(a, ev.calls))
	}
	for i, c := range ev.calls {
		switch {
		case used[i]:
		case e.Order == manifest.OrderExact:
			w.fail(e.Line, "this was done beside the expected: "+c.String(), "")
		case e.NoOtherWrites && c.done() && w.writes(c):
			w.fail(e.Line, "something else was written: "+c.String(), "by "+c.agent)
		}
	}
}

// closest is the call that is most like an action, and how it differs.
func (w *world) closest(a manifest.Action, calls []call) string {
	var lines []string
	for _, c := range calls {
		if c.tool != a.Tool {
			continue
		}
		var why []string
		if a.As != "" && a.As != c.agent {
			why = append(why, "it was "+c.agent)
		}
		if text := matchMap(a.Args, c.args); len(a.Args) > 0 && text != "" {
			why = append(why, text)
		}
		switch {
		case a.Denied != "" && c.rule != a.Denied && (c.rule == "" || a.Denied != manifest.AnyRule):
			why = append(why, "it was "+outcome(c))
		case c.asked, a.Denied == "" && c.rule != "", a.Failed == "" && c.failure != "", a.Failed != "" && c.failure == "":
			why = append(why, "it was "+outcome(c))
		}
		if a.Result != nil {
			if text := match(a.Result, c.result); text != "" {
				why = append(why, "result: "+text)
			}
		}
		if len(why) == 0 {
			why = append(why, "it came too early, or is another expected action already")
		}
		lines = append(lines, c.String()+"\n  "+strings.Join(why, "\n  "))
	}
	if len(lines) == 0 {
		return "the tool was not called at all"
	}
	return strings.Join(lines, "\n")
}

func outcome(c call) string {
	switch {
	case c.rule != "":
		return "denied (" + c.rule + ")"
	case c.asked:
		return "not made before somebody approves it"
	case c.failure != "":
		return "tried and failed: " + clip(oneLine(c.failure), 200)
	}
	return "carried out"
}

func actionText(a manifest.Action) string {
	text := a.Tool
	if len(a.Args) > 0 {
		text += " " + flow(a.Args)
	}
	if a.As != "" {
		text += " as " + a.As
	}
	switch {
	case a.Denied == manifest.AnyRule:
		text += " (denied)"
	case a.Denied != "":
		text += " (denied by " + a.Denied + ")"
	case a.Failed != "":
		text += " (failed)"
	}
	return text
}

func (w *world) checkNever(e *manifest.Expectation, ev events) {
	for _, a := range e.Never {
		for _, c := range ev.calls {
			if meets(a, c) {
				w.fail(a.Line, "this was done and must not be: "+c.String(), "by "+c.agent)
			}
		}
	}
}

// writes reports whether a call changes something outside. Of a tool that only its
// agent has, the record tells.
func (w *world) writes(c call) bool {
	for _, t := range w.opts.Known.Tools {
		if t.Name == c.tool {
			return !t.Reads
		}
	}
	return c.write
}

func (w *world) checkDenied(e *manifest.Expectation, ev events) {
	if e.Denied == nil {
		return
	}
	var got, calls []string
	for _, c := range ev.calls {
		if c.rule != "" {
			got = append(got, c.rule)
			calls = append(calls, c.rule+": "+c.String())
		}
	}
	if !slices.Equal(got, e.Denied) && len(got)+len(e.Denied) > 0 {
		w.fail(e.Line, "other calls were denied", "expected: "+names(e.Denied)+"\ndenied:   "+names(got)+"\n"+strings.Join(calls, "\n"))
	}
}

func (w *world) checkRuns(e *manifest.Expectation, ev events) {
	if e.Runs == nil {
		for _, r := range ev.runs {
			if r.State != store.StateSucceeded && !toldByTask(e, r.Source) {
				w.fail(e.Line, fmt.Sprintf("the run of %s/%s is %s", r.TargetKind, r.Target, r.State), or(r.Error, r.WaitsFor))
			}
		}
		return
	}
	var got []string
	for _, r := range ev.runs {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s/%s %s %s", r.TargetKind, r.Target, r.State, clip(oneLine(r.Error), 200))))
	}
	if len(ev.runs) != len(e.Runs) {
		w.fail(e.Line, fmt.Sprintf("there are %d runs, want %d", len(ev.runs), len(e.Runs)), strings.Join(got, "\n"))
		return
	}
	for i, want := range e.Runs {
		r := ev.runs[i]
		var why []string
		if want.State != "" && want.State != string(r.State) {
			why = append(why, fmt.Sprintf("want state %s, is %s", want.State, r.State))
		}
		if want.Target != "" && !isTarget(want.Target, r.TargetKind+"/"+r.Target) {
			why = append(why, fmt.Sprintf("want %s, is %s/%s", want.Target, r.TargetKind, r.Target))
		}
		if want.Issue != "" && want.Issue != r.IssueKey {
			why = append(why, fmt.Sprintf("want issue %s, is %s", want.Issue, or(r.IssueKey, "none")))
		}
		why = append(why, textDiff("error", want.Error, r.Error)...)
		why = append(why, textDiff("result", want.Result, r.Result)...)
		if len(why) > 0 {
			w.fail(want.Line, fmt.Sprintf("run %d is not as expected", i+1), strings.Join(append(why, got...), "\n"))
		}
	}
}

// textDiff compares a long text: a plain one that is expected has to be in it.
func textDiff(name string, want any, is string) []string {
	if want == nil {
		return nil
	}
	if text, plain := want.(string); plain {
		want = map[string]any{"contains": text}
	}
	if why := match(want, is); why != "" {
		return []string{name + ": " + why}
	}
	return nil
}

func (w *world) checkAtMost(e *manifest.Expectation, ev events) {
	if e.AtMost == nil {
		return
	}
	u := used(ev.runs)
	if most := e.AtMost.Tokens; most != nil && u.tokens > int64(*most) {
		w.fail(e.Line, fmt.Sprintf("%d tokens were used, want at most %d", u.tokens, *most), "")
	}
	if most := e.AtMost.ModelCalls; most != nil && u.calls > *most {
		w.fail(e.Line, fmt.Sprintf("models were called %d times, want at most %d", u.calls, *most), "")
	}
	switch most := e.AtMost.USD; {
	case most == nil:
	case u.cost == nil:
		w.fail(e.Line, "the cost is not known: a model has no price", "give it one in models.prices of the configuration")
	case float64(*u.cost) > *most*1e6:
		w.fail(e.Line, fmt.Sprintf("it cost $%.6f, want at most $%.6f", float64(*u.cost)/1e6, *most), "")
	}
}

// finish looks at what no expectation names: a model that did not know what to
// answer.
func (w *world) finish() {
	w.failures = append(w.failures, w.strays()...)
	if r := w.cast.recorder; r != nil {
		w.books.add(beside(w.scenario.Path, w.scenario.Script.Recording), Title(w.scenario.Suite, w.scenario.Name), r.takes)
	}
}
