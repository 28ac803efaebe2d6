package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/step"
)

// member is one agent of the fleet.
type member struct {
	manifest.FleetMember
	agent *manifest.Agent
}

// description says in a line what the member is for.
func (m member) description() string {
	return strings.Join(strings.Fields(m.agent.Description), " ")
}

// membersOf finds the agents of a fleet's members.
func membersOf(f *manifest.Fleet, agents map[string]*manifest.Agent) ([]member, error) {
	list := make([]member, 0, len(f.Members))
	for _, m := range f.Members {
		a := m.Inline
		if a == nil {
			a = agents[m.Agent]
		}
		if a == nil {
			return nil, fmt.Errorf("fleet %s: there is no agent %s for its member %s", f.Name, m.Agent, m.Name)
		}
		list = append(list, member{m, a})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("fleet %s has no members", f.Name)
	}
	return list, nil
}

// coordinator returns the member that leads, if there is one.
func (t *team) coordinator() (member, bool) {
	i := slices.IndexFunc(t.members, func(m member) bool { return m.Role == manifest.RoleCoordinator })
	if i < 0 {
		return member{}, false
	}
	return t.members[i], true
}

// lead is who plans and puts together: the coordinator, else the first member, of
// tiers that of the last one.
func (t *team) lead() member {
	if m, ok := t.coordinator(); ok {
		return m
	}
	first := t.members[0]
	for _, m := range t.members {
		if t.job.Fleet.Mode == manifest.ModeTiered && m.Tier > first.Tier {
			first = m
		}
	}
	return first
}

// speaker is the member whose text is the fleet's.
func (t *team) speaker() member {
	if t.job.Fleet.Mode == manifest.ModePipeline {
		return t.members[len(t.members)-1]
	}
	return t.lead()
}

// workers are the members but the coordinator, once for each replica.
func (t *team) workers() []member {
	var list []member
	names := names{}
	for _, m := range t.members {
		if m.Role == manifest.RoleCoordinator {
			continue
		}
		for range max(m.Replicas, 1) {
			one := m
			one.Name = names.next(m.Name)
			list = append(list, one)
		}
	}
	return list
}

// names gives names that are not given yet. It is a matter of order alone, so that
// the names are the same when a run is replayed.
type names map[string]bool

// next returns the name, or with a number behind it: "a", "a 2", "a 3".
func (n names) next(name string) string {
	unique := name
	for i := 2; n[unique]; i++ {
		unique = fmt.Sprintf("%s %d", name, i)
	}
	n[unique] = true
	return unique
}

// assignment is what a member is asked for.
type assignment struct {
	// branch is the name of the journal's branch, perhaps with a number behind it.
	branch string
	member member
	// brief is a template, for the system prompt.
	brief string
	// task is in words of a model; "" for that of the fleet.
	task     string
	material []agent.Material
	schema   json.RawMessage
	local    []agent.Local
}

// answer is what came of an assignment.
type answer struct {
	assignment
	agent.Result
	// failed says why there is none; "" if there is one.
	failed string
}

// text is what the others are told.
func (a answer) text() string {
	switch {
	case a.failed != "":
		return "(" + a.member.Name + " did not finish: " + a.failed + ")"
	case a.Text == "":
		return "(no answer)"
	}
	return a.Text
}

// ask has a member do something through the journal.
func (t *team) ask(ctx context.Context, journal step.Journal, a assignment) (agent.Result, error) {
	job := t.job.Job
	job.Agent, job.Origin.Agent = a.member.agent, a.member.agent.Name
	if a.task == "" {
		a.task = t.job.Task
	}
	job.Part = agent.Part{Label: a.member.Name, Session: t.session, Brief: joined(t.job.Brief, a.brief), Vars: t.job.Vars, Request: t.job.Request, Task: a.task,
		Material: slices.Concat(t.job.Material, a.material), Quiet: true, Schema: a.schema, Local: a.local,
		Budget: t.job.Budget, Whole: t.job.Whole, Around: t.job.Around}
	result, err := t.agents.Run(ctx, job, journal)
	if result.Commented {
		t.commented.Store(true)
	}
	return result, err
}

// askAll has members do things at the same time, each in a branch of the run. One
// that fails is told of in its answer; the error is why the run cannot go on.
func (t *team) askAll(ctx context.Context, list []assignment) ([]answer, error) {
	answers := make([]answer, len(list))
	strands := make([]step.Strand, len(list))
	for i, a := range list {
		answers[i].assignment = a
		strands[i] = step.Strand{Name: t.branches.next(a.branch), Run: func(ctx context.Context, journal step.Journal) (err error) {
			answers[i].Result, err = t.ask(ctx, journal, a)
			return err
		}}
	}
	errs, err := step.Parallel(ctx, t.journal, MaxParallel, strands...)
	if err != nil {
		return answers, err
	}
	for i, err := range errs {
		if final(err) {
			return answers, fmt.Errorf("%s: %w", answers[i].member.Name, err)
		}
		if err != nil {
			answers[i].failed = shorten(err.Error())
		}
	}
	return answers, nil
}

// askOne has one member do something in a branch of its own, without which the
// run cannot go on.
func (t *team) askOne(ctx context.Context, a assignment) (agent.Result, error) {
	answers, err := t.askAll(ctx, []assignment{a})
	switch {
	case err != nil:
		return answers[0].Result, err
	case answers[0].failed != "":
		return answers[0].Result, fmt.Errorf("%s: %s", a.member.Name, answers[0].failed)
	}
	return answers[0].Result, nil
}

// final reports whether a member's failure is the run's: nobody has time left.
func final(err error) bool {
	var failure *step.Failure
	return errors.As(err, &failure) && failure.Reason == step.ReasonTimeout
}

// allFailed returns an error if no answer came.
func allFailed(answers []answer) error {
	var reasons []string
	for _, a := range answers {
		if a.failed == "" {
			return nil
		}
		reasons = append(reasons, a.member.Name+": "+a.failed)
	}
	return errors.New("no member finished: " + strings.Join(reasons, "; "))
}

// materialOf shows answers to others.
func materialOf(answers []answer) []agent.Material {
	list := make([]agent.Material, len(answers))
	for i, a := range answers {
		list[i] = agent.Material{Origin: a.member.Name, Text: a.text()}
		if a.task != "" {
			list[i].Text = "Task: " + a.task + "\n\n" + list[i].Text
		}
	}
	return list
}

// shorten makes one line of a reason, which may hold whole answers of servers.
func shorten(reason string) string {
	const most = 300
	line := strings.Join(strings.Fields(reason), " ")
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}
