package manifest

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

func isText(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode }

// step takes a step's verb, of which there is exactly one.
func (b *builder) step(decl stepDecl) Step {
	s := Step{Line: decl.pos.line, As: decl.As.value, On: decl.On.value}
	var verbs []string
	take := func(given bool, verb string, set func()) {
		if given {
			verbs = append(verbs, verb)
			s.Verb = verb
			set()
		}
	}
	b.takeTexts(decl, &s, take)
	take(decl.Create != nil, VerbCreate, func() { s.Issue = b.newIssue(*decl.Create, decl.pos) })
	take(decl.AddLabels.list != nil, VerbAddLabels, func() { s.Labels = decl.AddLabels.values() })
	take(decl.RemoveLabels.list != nil, VerbRemoveLabels, func() { s.Labels = decl.RemoveLabels.values() })
	take(decl.StartSprint.set, VerbStartSprint, func() { s.Sprint = decl.StartSprint.value })
	take(decl.CloseSprint.set, VerbCloseSprint, func() { s.Sprint = decl.CloseSprint.value })
	take(decl.Wait.set, VerbWait, func() { s.Wait = decl.Wait.value })
	take(decl.Restart.value, VerbRestart, func() {})
	take(decl.Rovo != nil, VerbRovo, func() { s.Talk = b.rovoStep(*decl.Rovo) })
	take(decl.A2A != nil, VerbA2A, func() { s.Talk = b.a2aStep(decl) })
	take(decl.Release != nil, VerbRelease, func() { s.Version = b.versionStep(*decl.Release, true) })
	take(decl.Version != nil, VerbVersion, func() { s.Version = b.versionStep(*decl.Version, false) })
	take(decl.Confluence != nil, VerbConfluence, func() { s.Wiki = b.wikiStep(*decl.Confluence) })
	take(decl.Deliver != nil, VerbDeliver, func() { s.Delivery = b.delivery(*decl.Deliver) })
	for verb, f := range map[string]*fieldsDecl{VerbUpdate: decl.Update, VerbAct: decl.Act, VerbGitHub: decl.GitHub, VerbFault: decl.Fault, VerbWikiFault: decl.WikiFault, VerbModelFault: decl.ModelFault} {
		take(f != nil, verb, func() { s.Fields = f.fields })
	}
	switch {
	case len(verbs) == 0:
		b.errorf(decl.pos, "nothing happens in this step: give one of %s", strings.Join(stepVerbs(), ", "))
	case len(verbs) > 1:
		slices.Sort(verbs)
		b.errorf(decl.pos, "the step has %s: give one, and the others as steps of their own", strings.Join(verbs, " and "))
	default:
		b.checkActor(decl, s)
	}
	if decl.Crash != nil {
		s.Crash = b.crash(*decl.Crash)
	}
	if decl.Then != nil {
		then := b.expectation(*decl.Then)
		s.Then = &then
	}
	return s
}

// takeTexts takes the verbs that have a text.
func (b *builder) takeTexts(decl stepDecl, s *Step, take func(bool, string, func())) {
	for _, one := range []struct {
		verb string
		text rawStr
	}{{VerbComment, decl.Comment}, {VerbEditComment, decl.EditComment}, {VerbTransition, decl.Transition}} {
		take(one.text.set, one.verb, func() { s.Text = one.text.value })
	}
	take(decl.Assign != nil, VerbAssign, func() { s.Text = decl.Assign.value })
}

func stepVerbs() []string {
	return []string{VerbCreate, VerbComment, VerbEditComment, VerbTransition, VerbUpdate, VerbAssign, VerbAddLabels, VerbRemoveLabels,
		VerbStartSprint, VerbCloseSprint, VerbRelease, VerbVersion, VerbConfluence, VerbAct, VerbGitHub, VerbRovo, VerbA2A, VerbDeliver, VerbWait, VerbRestart,
		VerbFault, VerbWikiFault, VerbModelFault}
}

// checkActor reports a step of nobody, or a name where nobody does anything.
func (b *builder) checkActor(decl stepDecl, s Step) {
	alone := slices.Contains([]string{VerbDeliver, VerbWait, VerbRestart, VerbFault, VerbWikiFault, VerbModelFault}, s.Verb)
	switch {
	case alone && decl.As.set:
		b.errorf(decl.As.pos, "nobody does %q: leave out %q", s.Verb, "as")
	case !alone && decl.As.value == "":
		b.errorf(decl.pos, "who does it? field %q is missing", "as")
	case alone && s.Verb != VerbDeliver && decl.Crash != nil:
		b.errorf(decl.Crash.pos, "nothing is worked on in this step: crash belongs to one that starts something")
	}
}

func (b *builder) delivery(decl deliveryDecl) *Delivery {
	v := &Delivery{File: decl.File.value, Path: decl.Path.value, Headers: rawMap(decl.Headers), Identifier: decl.Identifier.value,
		Event: decl.Event.value, TokenEnv: decl.TokenEnv.value, SecretEnv: decl.SecretEnv.value, Unsigned: decl.Signed.set && !decl.Signed.value, Times: decl.Times.or(1), Status: decl.Status.or(200)}
	if decl.Body != nil {
		v.Body = decl.Body.fields
	}
	if atLeast(b.decoder, decl.Times, 1) && v.Times > 1000 {
		b.errorf(decl.Times.pos, "must be at most 1000")
	}
	if v.Path != "" && !strings.HasPrefix(v.Path, "/") {
		b.errorf(decl.Path.pos, "a path begins with /")
	}
	return v
}

func (b *builder) crash(decl crashDecl) *Crash {
	c := &Crash{Method: decl.Method.value, Path: decl.Path.value}
	b.require(decl.Path, decl.pos, "path")
	for _, p := range []rawStr{decl.Method, decl.Path} {
		if _, err := regexp.Compile(p.value); err != nil {
			b.errorf(p.pos, "%q is no regular expression: %s", shorten(p.value), err)
		}
	}
	moment := b.oneOf(str{at: decl.Moment.at, value: decl.Moment.value, set: decl.Moment.set}, "moment", "after", "before")
	c.Before = moment == "before"
	c.Confluence = b.oneOf(str{at: decl.Of.at, value: decl.Of.value, set: decl.Of.set}, "of", "jira", "confluence") == "confluence"
	return c
}

func (b *builder) expectation(decl thenDecl) Expectation {
	e := Expectation{Line: decl.pos.line, Starts: listOrNothing(decl.Starts), Ignored: decl.Ignored.values(), Denied: listOrNothing(decl.Denied),
		NoOtherWrites: decl.NoOtherWrites.value, Order: OrderListed, WrittenBy: listOrNothing(decl.WrittenBy), Tasks: b.wantTasks(decl.Tasks)}
	if decl.Order.set {
		e.Order = b.oneOf(str{at: decl.Order.at, value: decl.Order.value, set: true}, "order", OrderListed, OrderAny, OrderExact)
	}
	for _, a := range decl.Actions {
		if rest, never := strings.CutPrefix(a.short, "!"); never {
			a.short = strings.TrimSpace(rest)
			e.Never = append(e.Never, b.action(a))
			continue
		}
		e.Actions = append(e.Actions, b.action(a))
	}
	for _, a := range decl.Never {
		e.Never = append(e.Never, b.action(a))
	}
	for _, entry := range decl.Issues.entries {
		e.Issues = append(e.Issues, b.wantIssue(entry))
	}
	for _, entry := range decl.Pages.entries {
		e.Pages = append(e.Pages, b.wantPage(entry))
	}
	for _, entry := range decl.Spaces.entries {
		e.Spaces = append(e.Spaces, WantSpace{Line: entry.pos.line, Key: entry.key, Titles: entry.value.value})
	}
	for _, r := range decl.Runs {
		b.oneOf(str{at: r.State.at, value: r.State.value, set: r.State.set}, "state", "succeeded", "failed", "canceled", "rejected", "waiting")
		e.Runs = append(e.Runs, WantRun{Line: r.pos.line, Target: r.Target.value, State: r.State.value, Issue: r.Issue.value,
			Error: anyOf(r.Error), Result: anyOf(r.Result)})
	}
	if m := decl.AtMost; m != nil {
		e.AtMost = &AtMost{USD: pointer(m.USD), Tokens: pointer(m.Tokens), ModelCalls: pointer(m.ModelCalls)}
	}
	return e
}

// action reads a call, in short form or as a mapping.
func (b *builder) action(decl actionDecl) Action {
	a := Action{Line: decl.pos.line, Tool: decl.Tool.value, As: decl.As.value, Denied: decl.Denied.value, Failed: decl.Failed.value, Result: decl.Result.value}
	if decl.Args != nil {
		a.Args = decl.Args.fields
	}
	if decl.short != "" {
		a.Tool, a.Rest, _ = strings.Cut(decl.short, " ")
		a.Rest = strings.TrimSpace(a.Rest)
	}
	switch {
	case a.Tool == "" && decl.bare:
		b.errorf(decl.pos, "expected a tool, perhaps with arguments: jira_add_labels PROJ-1 [backend]")
	case a.Tool != "" && len(b.known.Tools) > 0 && len(b.known.tools(a.Tool)) == 0:
		// Tools of other servers are not known here.
		if near := meant(a.Tool, b.known.toolNames()); near != "" {
			b.errorf(decl.pos, "unknown tool %q%s", shorten(a.Tool), near)
		}
	}
	return a
}

func (b *builder) wantIssue(entry entry[scenarioWantIssue]) WantIssue {
	decl := entry.value
	w := WantIssue{Key: entry.key, Line: entry.pos.line, Missing: decl.Exists.set && !decl.Exists.value, Values: map[string]any{}, Fields: dataMap(decl.Fields)}
	for name, value := range map[string]*rawData{"type": decl.Type, "status": decl.Status, "priority": decl.Priority, "resolution": decl.Resolution,
		"summary": decl.Summary, "description": decl.Description, "labels": decl.Labels} {
		if value != nil {
			w.Values[name] = value.value
		}
	}
	if decl.Assignee != nil {
		w.Assignee = &decl.Assignee.value
	}
	if decl.Comments != nil {
		w.AllComments, w.Comments = true, wantComments(*decl.Comments)
	}
	w.Commented = wantComments(decl.Commented)
	w.RemoteLinks = anyOf(decl.RemoteLinks)
	if decl.Links != nil {
		w.AllLinks, w.Links = true, givenLinks(*decl.Links)
	}
	return w
}

func wantComments(list []wantComment) []WantComment {
	var out []WantComment
	for _, c := range list {
		out = append(out, WantComment{By: c.By.value, Body: c.Body.value})
	}
	return out
}

// listOrNothing reads a list in which "nothing" stands for an empty one.
func listOrNothing(t *scopeTexts) []string {
	if t == nil {
		return nil
	}
	list := t.values()
	if len(list) == 1 && (list[0] == "nothing" || list[0] == "") || len(list) == 0 {
		return []string{}
	}
	return list
}

func anyOf(d *rawData) any {
	if d == nil {
		return nil
	}
	return d.value
}

func pointer[T string | bool | int | float64](o opt[T]) *T {
	if !o.set {
		return nil
	}
	return &o.value
}
