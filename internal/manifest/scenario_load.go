package manifest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// kindScenario is what aofctl test runs. The daemon has no use for it.
const kindScenario = "Scenario"

// LoadScenarios reads the cases of a file. Every mistake is told at once, and then
// there are no cases.
func LoadScenarios(path string, known Known) ([]*Scenario, Problems) {
	r := &report{path: path}
	info, err := os.Stat(path)
	var text []byte
	if err == nil {
		text, err = readFile(path, info)
	}
	if err != nil {
		return nil, Problems{{Path: path, Severity: Error, Message: "read: " + err.Error()}}
	}
	return parseScenarios(r, text, known)
}

// ParseScenarios is LoadScenarios for a text that stands in the file of that path.
func ParseScenarios(path string, text []byte, known Known) ([]*Scenario, Problems) {
	return parseScenarios(&report{path: path}, text, known)
}

func parseScenarios(r *report, text []byte, known Known) ([]*Scenario, Problems) {
	if !checkText(text, r) {
		return nil, r.problems
	}
	p := newParser(known)
	left := nodesOf(text)
	var out []*Scenario
	found := false
	for _, s := range splitDocuments(string(text)) {
		root := s.parse(r)
		if root == nil {
			continue
		}
		found = true
		b := &builder{decoder: newDecoder(r, s.before, p.env, &p.shapes, left), known: known}
		if kind := lookup(root, "kind"); kind == nil || kind.Value != kindScenario {
			b.errorf(b.pos(root), "expected kind: Scenario")
			continue
		}
		var decl scenarioDecl
		b.into(root, &decl)
		out = append(out, b.scenarios(decl)...)
	}
	if !found && !r.failed() {
		r.errorf(pos{line: 1, col: 1}, "the file is empty: expected a Scenario")
	}
	if r.failed() {
		return nil, r.problems.sorted()
	}
	return out, r.problems.sorted()
}

// scenarios makes the cases of a document: the one that it is, or those that it
// lists, each with what stands above them.
func (b *builder) scenarios(decl scenarioDecl) []*Scenario {
	b.checkAPIVersion(decl.APIVersion)
	shared := b.scenario(decl.caseDecl)
	shared.Path, shared.Line, shared.Site = b.path, decl.pos.line, decl.Site.value
	for _, c := range decl.Config.list {
		if c.value != "" {
			shared.Config = append(shared.Config, c.value)
		}
	}
	if decl.Cases == nil {
		if shared.Name == "" {
			shared.Name = strings.TrimSuffix(filepath.Base(b.path), filepath.Ext(b.path))
		}
		b.complete(decl.caseDecl, shared, decl.pos)
		return []*Scenario{shared}
	}
	var out []*Scenario
	names := map[string]bool{}
	for _, c := range decl.Cases {
		one := b.scenario(c)
		switch {
		case one.Name == "":
			b.errorf(c.pos, "the case has no name")
		case names[one.Name]:
			b.errorf(c.Name.pos, "there is another case %q in this file", shorten(one.Name))
		}
		names[one.Name] = true
		one.inherit(shared)
		one.Line = c.pos.line
		b.complete(c, one, c.pos)
		out = append(out, one)
	}
	if len(decl.When) > 0 || decl.Then.pos != (pos{}) {
		b.errorf(decl.pos, "when and then stand in the cases if there are cases")
	}
	return out
}

// inherit adds what all cases of the file share.
func (s *Scenario) inherit(from *Scenario) {
	s.Path, s.Suite, s.Config, s.Site = from.Path, from.Name, from.Config, from.Site
	if s.Skip == "" {
		s.Skip = from.Skip
	}
	if s.Timeout == 0 {
		s.Timeout = from.Timeout
	}
	if s.Script.Line == 0 {
		s.Script = from.Script
	}
	env := map[string]string{}
	for _, list := range []map[string]string{from.Env, s.Env} {
		maps.Copy(env, list)
	}
	s.Env = env
	s.Given = from.Given.and(s.Given)
}

// and is both, with what the second says first.
func (g Given) and(more Given) Given {
	out := Given{
		Deployment: g.Deployment, Version: g.Version, ContextPath: g.ContextPath,
		Users: append(g.Users[:len(g.Users):len(g.Users)], more.Users...), Projects: append(g.Projects[:len(g.Projects):len(g.Projects)], more.Projects...),
		Boards: append(g.Boards[:len(g.Boards):len(g.Boards)], more.Boards...), Sprints: append(g.Sprints[:len(g.Sprints):len(g.Sprints)], more.Sprints...),
		Fields: append(g.Fields[:len(g.Fields):len(g.Fields)], more.Fields...), Issues: append(g.Issues[:len(g.Issues):len(g.Issues)], more.Issues...),
		Repositories: append(g.Repositories[:len(g.Repositories):len(g.Repositories)], more.Repositories...), Now: g.Now,
		Spaces: append(g.Spaces[:len(g.Spaces):len(g.Spaces)], more.Spaces...), Pages: append(g.Pages[:len(g.Pages):len(g.Pages)], more.Pages...),
		Confluence: g.Confluence, Hosts: append(more.Hosts[:len(more.Hosts):len(more.Hosts)], g.Hosts...), MCP: bothServers(g.MCP, more.MCP),
	}
	if more.Deployment != "" {
		out.Deployment, out.Version = more.Deployment, more.Version
	}
	if !more.Now.IsZero() {
		out.Now = more.Now
	}
	if more.Confluence != "" {
		out.Confluence = more.Confluence
	}
	if more.ContextPath != "" {
		out.ContextPath = more.ContextPath
	}
	return out
}

// complete reports what a case lacks to be one.
func (b *builder) complete(c caseDecl, s *Scenario, at pos) {
	if len(c.When) == 0 {
		b.errorf(at, "nothing happens in this case: %q is missing", "when")
	}
	expects := c.Then.pos != pos{}
	for _, step := range s.When {
		expects = expects || step.Then != nil
	}
	if !expects && len(c.When) > 0 {
		b.errorf(at, "nothing is expected in this case: %q is missing", "then")
	}
}

func (b *builder) scenario(c caseDecl) *Scenario {
	s := &Scenario{Name: c.Name.value, Skip: c.Skip.value, Timeout: c.Timeout.value, Env: rawMap(c.Env), Given: b.given(c.Given), Script: b.script(c.Model)}
	for _, step := range c.When {
		s.When = append(s.When, b.step(step))
	}
	if c.Then.pos != (pos{}) {
		s.Then = b.expectation(c.Then)
	}
	return s
}

func (b *builder) given(decl givenDecl) Given {
	g := Given{ContextPath: decl.ContextPath.value, Repositories: rawValues(decl.Repositories), MCP: answersOf(decl.Servers)}
	if decl.Now.set {
		at, err := time.Parse(time.RFC3339, decl.Now.value)
		if err != nil {
			b.errorf(decl.Now.pos, "expected a time such as 2026-03-02T08:55:00+01:00, found %q", shorten(decl.Now.value))
		}
		g.Now = at
	}
	kind, version, _ := strings.Cut(decl.Deployment.value, " ")
	switch kind {
	case "cloud", "dc", "":
		g.Deployment, g.Version = kind, strings.TrimSpace(version)
	default:
		b.errorf(decl.Deployment.pos, "deployment %q is none of cloud, dc%s", shorten(kind), meant(kind, []string{"cloud", "dc"}))
	}
	for _, u := range decl.Users {
		b.require(u.Name, u.pos, "name")
		g.Users = append(g.Users, GivenUser{Name: u.Name.value, DisplayName: u.DisplayName.value, AccountID: u.AccountID.value, Email: u.Email.value, App: u.App.value})
	}
	for _, p := range decl.Projects {
		b.require(p.Key, p.pos, "key")
		g.Projects = append(g.Projects, GivenProject{Key: p.Key.value, Name: p.Name.value, Type: p.Type.value, Lead: p.Lead.value,
			Components: rawValues(p.Components), Versions: b.givenVersions(p.Versions)})
	}
	for _, x := range decl.Boards {
		b.require(x.Project, x.pos, "project")
		g.Boards = append(g.Boards, GivenBoard{ID: x.ID.value, Name: x.Name.value, Project: x.Project.value, Type: x.Type.value})
	}
	for _, x := range decl.Sprints {
		b.oneOf(str{at: x.State.at, value: x.State.value, set: x.State.set}, "state", "future", "active", "closed")
		g.Sprints = append(g.Sprints, GivenSprint{ID: x.ID.value, Board: x.Board.or(1), Name: x.Name.value, State: x.State.value, Goal: x.Goal.value})
	}
	for _, f := range decl.Fields {
		b.require(f.ID, f.pos, "id")
		b.oneOf(str{at: f.Kind.at, value: f.Kind.value, set: f.Kind.set}, "kind", "text", "rich", "number", "date", "person", "labels", "select")
		g.Fields = append(g.Fields, GivenField{ID: f.ID.value, Name: f.Name.value, Kind: f.Kind.value, Options: rawValues(f.Options)})
	}
	for _, h := range decl.Hosts {
		b.require(h.URL, h.pos, "url")
		g.Hosts = append(g.Hosts, GivenHost{URL: h.URL.value, Method: h.Method.value, Status: h.Status.or(200), Headers: rawMap(h.Headers), Body: h.Body.value})
	}
	for _, i := range decl.Issues {
		g.Issues = append(g.Issues, b.givenIssues(i)...)
	}
	b.givenWiki(decl, &g)
	return g
}

func (b *builder) givenIssue(decl scenarioIssue) GivenIssue {
	project, _, found := strings.Cut(decl.Key.value, "-")
	if !decl.Project.set && found {
		decl.Project = rawStr{at: decl.Key.at, value: project, set: true}
	}
	i := GivenIssue{NewIssue: b.newIssue(decl.issueDecl, decl.pos), Line: decl.pos.line, Key: decl.Key.value, Reporter: decl.Reporter.value,
		Status: decl.Status.value, Sprint: decl.Sprint.value, Links: givenLinks(decl.Links), RemoteLinks: b.givenRemoteLinks(decl.RemoteLinks)}
	for _, c := range decl.Comments {
		i.Comments = append(i.Comments, GivenComment{As: c.As.value, Body: c.Body.value})
	}
	return i
}

// maxTimes bounds how many issues one entry stands for.
const maxTimes = 2000

// givenIssues are as many issues of a kind as are wanted.
func (b *builder) givenIssues(decl scenarioIssue) []GivenIssue {
	one := b.givenIssue(decl)
	if !decl.Times.set {
		return []GivenIssue{one}
	}
	if decl.Times.value < 1 || decl.Times.value > maxTimes {
		b.errorf(decl.Times.pos, "times is from 1 to %d", maxTimes)
		return nil
	}
	var out []GivenIssue
	for n := range decl.Times.value {
		next := one
		next.Summary = fmt.Sprintf("%s %d", one.Summary, n+1)
		if n > 0 {
			next.Key = ""
		}
		out = append(out, next)
	}
	return out
}

func givenLinks(list []scenarioLink) []GivenLink {
	var out []GivenLink
	for _, l := range list {
		out = append(out, GivenLink{Type: l.Type.value, To: l.To.value})
	}
	return out
}

func (b *builder) newIssue(decl issueDecl, at pos) NewIssue {
	b.require(decl.Summary, at, "summary")
	b.require(decl.Project, at, "project")
	return NewIssue{Project: decl.Project.value, Type: decl.Type.value, Summary: decl.Summary.value, Description: decl.Description.value,
		Labels: rawValues(decl.Labels), Priority: decl.Priority.value, Assignee: decl.Assignee.value, Parent: decl.Parent.value, Fields: dataMap(decl.Fields)}
}

func (b *builder) require(s rawStr, at pos, field string) {
	if s.value == "" {
		b.errorf(at, "field %q is missing", field)
	}
}

func (b *builder) script(decl scriptDecl) Script {
	s := Script{Line: decl.pos.line, Recording: decl.Recording.value}
	if decl.Rules.node != nil {
		s.Line = decl.Rules.pos.line
		switch {
		case isText(decl.Rules.node):
			s.RulesFile = decl.Rules.node.Value
		default:
			s.Rules = decl.Rules.text(b.decoder)
		}
	}
	for _, a := range decl.Answers {
		one := Answer{Line: a.pos.line, Say: a.Say.value, When: a.When.values()}
		for _, c := range a.Call.list {
			one.Calls = append(one.Calls, b.action(c))
		}
		s.Answers = append(s.Answers, one)
	}
	return s
}

func rawValues(list []rawStr) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.value)
	}
	return out
}

func rawMap(m mapping[rawStr]) map[string]string {
	out := map[string]string{}
	for _, e := range m.entries {
		out[e.key] = e.value.value
	}
	return out
}

func dataMap(m mapping[rawData]) map[string]any {
	if len(m.entries) == 0 {
		return nil
	}
	out := map[string]any{}
	for _, e := range m.entries {
		out[e.key] = e.value.value
	}
	return out
}
