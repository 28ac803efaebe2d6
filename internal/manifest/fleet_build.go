package manifest

import (
	"path"
	"slices"
	"strings"
)

func (b *builder) fleet(decl fleetDecl) *Fleet {
	f := &Fleet{Meta: decl.Metadata.meta(), Description: decl.Spec.Description.value, Workflow: decl.workflow(),
		Output:   Output(b.oneOf(decl.Spec.Output, "output", string(OutputComment), string(OutputNone))),
		ReportTo: b.issueKey(decl.Spec.ReportTo), Budget: b.budget(decl.Spec.Budget)}
	b.checkTemplate(decl.Spec.Workflow)
	for _, m := range decl.Spec.Agents {
		member, ok := b.member(m)
		if !ok {
			continue
		}
		if slices.ContainsFunc(f.Members, func(o FleetMember) bool { return o.Name == member.Name }) {
			b.errorf(m.pos, "member %q is given twice", member.Name)
			continue
		}
		f.Members = append(f.Members, member)
	}
	if len(decl.Spec.Agents) == 0 {
		b.errorf(decl.Metadata.Name.pos, "fleet %q has no agents", f.Name)
	}
	b.coordination(f, decl.Spec)
	return f
}

// member resolves an agent of a fleet. What is written at the entry itself, or
// below spec, is an agent of its own; else its name is that of an agent.
func (b *builder) member(m memberDecl) (FleetMember, bool) {
	out := FleetMember{Name: m.Name.value, Role: m.Role.value, Replicas: 1, Tier: 1, Weight: 1}
	b.standing(&out, m)
	file := m.Ref
	if !file.set {
		file = m.File
	}
	inline := m.inline()
	switch {
	case file.set && inline != nil, m.Ref.set && m.File.set:
		b.errorf(m.pos, "a member is given by name, by ref, by config or written here: give one of them")
		return out, false
	case file.set:
		out.Agent = agentOfFile(file.value)
		if out.Name == "" {
			out.Name = out.Agent
		}
		b.refs = append(b.refs, reference{kind: TargetAgent, name: file.value, at: file.pos, file: isFile(file.value), member: out.Name})
	case out.Name == "":
		b.errorf(m.pos, "a member has neither name nor ref")
		return out, false
	case inline != nil:
		out.Inline = b.agent(Meta{Name: out.Name}, *inline, m.pos)
	default:
		out.Agent = out.Name
		b.refer(TargetAgent, m.Name)
	}
	return out, true
}

// inline returns the agent that a member writes out, or nil.
func (m memberDecl) inline() *agentSpec {
	if m.Spec != nil {
		return m.Spec
	}
	if m.Model.set || m.Instructions.set || m.Tools != nil {
		return &m.agentSpec
	}
	return nil
}

func isFile(ref string) bool {
	return strings.HasSuffix(ref, ".yaml") || strings.HasSuffix(ref, ".yml") || strings.Contains(ref, "/")
}

// agentOfFile guesses an agent's name from its file's.
func agentOfFile(ref string) string {
	if !isFile(ref) {
		return ref
	}
	base := path.Base(ref)
	return strings.TrimSuffix(strings.TrimSuffix(base, ".yaml"), ".yml")
}
