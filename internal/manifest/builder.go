package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// document is one manifest of a file, decoded, with what it refers to. It never
// changes once it is built, since catalogues share it.
type document struct {
	kind string
	meta Meta
	// path and at are where its name stands.
	path string
	at   pos
	// Exactly one of these is set.
	trigger *Trigger
	agent   *Agent
	fleet   *Fleet
	flow    *Flow
	// disabled is true for a trigger that is switched off.
	disabled bool
	refs     []reference
	// unreached is where a trigger says that its runs may touch no project unless
	// their agent has a scope; zero if they may.
	unreached pos
}

// reference is a name of another manifest.
type reference struct {
	kind TargetKind
	name string
	at   pos
	// file is true if the name is the path of a file that holds the manifest;
	// member is the fleet's member that is meant.
	file   bool
	member string
}

// builder makes manifests out of decoded structs.
type builder struct {
	*decoder
	known Known
	refs  []reference
	// unreached is that of the trigger which is built.
	unreached pos
}

func (b *builder) refer(kind TargetKind, name str) {
	if name.set && name.value != "" {
		b.refs = append(b.refs, reference{kind: kind, name: name.value, at: name.pos})
	}
}

var manifestName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$`)

// checkName reports a name that is missing or that URLs and command lines could
// not carry.
func (d *decoder) checkName(name str, missing pos, what string) {
	switch {
	case !name.set && !name.absent():
	case name.value == "":
		d.errorf(missing, "%s has no name: metadata.name is missing", what)
	case !manifestName.MatchString(name.value):
		d.errorf(name.pos, "name %q may have letters, digits, dots, dashes and underscores only, and begins and ends with a letter or digit", shorten(name.value))
	}
}

func (m metaDecl) meta() Meta {
	return Meta{Name: m.Name.value, Labels: stringMap(m.Labels), Annotations: stringMap(m.Annotations)}
}

func (b *builder) checkTemplate(s str) {
	if !s.set || b.known.CheckTemplate == nil {
		return
	}
	if err := b.known.CheckTemplate(s.value); err != nil {
		b.errorf(s.pos, "template: %s", err)
		return
	}
	b.checkReads(s, FormTemplate)
}

func (b *builder) checkExpression(s str) {
	if !s.set || b.known.CheckExpression == nil {
		return
	}
	if err := b.known.CheckExpression(s.value); err != nil {
		b.errorf(s.pos, "expression: %s", err)
		return
	}
	b.checkReads(s, FormExpression)
}

// globs checks patterns and returns them.
func (d *decoder) globs(list []str) []string {
	for _, s := range list {
		if s.value != "" && !validGlob(s.value) {
			d.errorf(s.pos, "%q is not a pattern", shorten(s.value))
		}
	}
	return values(list)
}

// validGlob allows "*" and "?", and few enough stars to match in no time.
func validGlob(p string) bool {
	return p != "" && strings.Count(p, "*") <= 8 && !strings.ContainsAny(p, `[]\`)
}

// containsFold reports whether a list has a text, ignoring case.
func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return strings.EqualFold(l, s) })
}
