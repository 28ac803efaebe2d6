package fleet

import (
	"strings"
)

// literal writes a text so that a template renders it as it is.
func literal(text string) string {
	return strings.NewReplacer("{{", `{{ "{{" }}`, "{%", `{{ "{%" }}`, "{#", `{{ "{#" }}`).Replace(text)
}

// joined puts paragraphs below each other.
func joined(paragraphs ...string) string {
	var list []string
	for _, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			list = append(list, p)
		}
	}
	return strings.Join(list, "\n\n")
}

// workflow is the template of what all are to do, with a heading.
func (t *team) workflow() string {
	text := strings.TrimSpace(t.job.Fleet.Workflow)
	if text == "" {
		return ""
	}
	return "What the fleet is to do:\n\n" + text
}

// standing tells a member where it works.
func (t *team) standing(m member) string {
	f := t.job.Fleet
	text := "You work as " + m.Name
	if m.Role != "" {
		text += " (" + m.Role + ")"
	}
	text += " in the fleet " + f.Name
	if about := strings.Join(strings.Fields(f.Description), " "); about != "" {
		text += ": " + about
	}
	return literal(strings.TrimRight(text, ".") + ".")
}

// roster lists members with what they are for.
func roster(list []member) string {
	var b strings.Builder
	b.WriteString("The members:\n")
	for _, m := range list {
		b.WriteString("\n- " + m.Name)
		if m.Role != "" {
			b.WriteString(" (" + m.Role + ")")
		}
		if about := m.description(); about != "" {
			b.WriteString(": " + about)
		}
	}
	return literal(b.String())
}

// unposted tells a member that its answer is not what people read.
const unposted = "Your answer is handed on within the fleet; it is not posted anywhere by itself."

// posted tells the member that speaks what becomes of its answer.
const posted = "Your final answer is the fleet's result, which people read. Write it for them, and do not mention how the fleet works."
