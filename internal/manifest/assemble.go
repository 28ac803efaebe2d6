package manifest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// assembly checks documents against each other.
type assembly struct {
	problems Problems
	catalog  *Catalog
	// named are all documents by kind and name, those with mistakes too, so
	// that one mistake is not reported as two.
	named map[[2]string]*document
	names map[string][]string
	// files are the agents by the file in which they stand, and bases the files
	// of agents by the last part of their path.
	files map[string][]*document
	bases map[string][]string
	hints hints
	// partial is true if only some of the manifests were given: what is missing
	// may be elsewhere.
	partial bool
}

// assemble makes a catalogue of all documents. It is only to be used if there is
// no error among the problems.
func assemble(files []*parsedFile, partial bool) (*Catalog, Problems) {
	a := &assembly{
		partial: partial,
		named:   map[[2]string]*document{},
		names:   map[string][]string{},
		files:   map[string][]*document{},
		bases:   map[string][]string{},
		catalog: &Catalog{Agents: map[string]*Agent{}, Fleets: map[string]*Fleet{}, Flows: map[string]*Flow{}},
	}
	sum := sha256.New()
	for _, f := range files {
		a.problems = append(a.problems, f.problems...)
		for _, doc := range f.documents {
			a.add(doc)
			sum.Write([]byte(f.path + "\x00" + doc.meta.Revision + "\x00"))
		}
	}
	a.catalog.Revision = hex.EncodeToString(sum.Sum(nil))[:12]
	for _, f := range files {
		for _, doc := range f.documents {
			a.references(doc)
			a.unreached(doc)
		}
	}
	a.circles(files)
	slices.SortStableFunc(a.catalog.Triggers, func(x, y *Trigger) int { return cmp.Compare(x.Priority, y.Priority) })
	if len(a.problems.Errors()) == 0 {
		a.problems = append(a.problems, shadowed(a.catalog.Triggers)...)
	}
	return a.catalog, a.problems
}

func (a *assembly) add(doc *document) {
	if doc.meta.Name == "" {
		return
	}
	key := [2]string{doc.kind, doc.meta.Name}
	if first := a.named[key]; first != nil {
		a.report(doc, Error, doc.at, strings.ToLower(doc.kind)+" "+quote(doc.meta.Name)+" is already defined at "+source(first.path, first.at))
		return
	}
	a.named[key] = doc
	a.names[doc.kind] = append(a.names[doc.kind], doc.meta.Name)
	switch {
	case doc.trigger != nil && !doc.disabled:
		a.catalog.Triggers = append(a.catalog.Triggers, doc.trigger)
	case doc.agent != nil:
		a.catalog.Agents[doc.meta.Name] = doc.agent
		if a.files[doc.path] == nil {
			base := filepath.Base(doc.path)
			a.bases[base] = append(a.bases[base], doc.path)
		}
		a.files[doc.path] = append(a.files[doc.path], doc)
	case doc.fleet != nil:
		a.catalog.Fleets[doc.meta.Name] = doc.fleet
	case doc.flow != nil:
		a.catalog.Flows[doc.meta.Name] = doc.flow
	}
}

func (a *assembly) report(doc *document, severity Severity, at pos, message string) {
	a.problems = append(a.problems, Problem{Path: doc.path, Line: at.line, Column: at.col, Severity: severity, Message: message})
}

func (a *assembly) references(doc *document) {
	for _, ref := range doc.refs {
		kind := map[TargetKind]string{TargetAgent: kindAgent, TargetFleet: kindFleet, TargetFlow: kindFlow}[ref.kind]
		if a.named[[2]string{kind, ref.name}] != nil {
			continue
		}
		if agent := a.inFile(ref, doc.path); agent != nil {
			a.setMember(doc.meta.Name, ref.member, agent.meta.Name)
			continue
		}
		severity, message := Error, "there is no "+string(ref.kind)+" "+quote(ref.name)+a.hints.meant(ref.name, a.names[kind])
		switch {
		case ref.file:
			message = "no agent is loaded from " + quote(ref.name)
		case doc.disabled:
			severity = Warning
		}
		if a.partial && len(a.names[kind]) == 0 {
			severity, message = Warning, string(ref.kind)+" "+quote(ref.name)+" is not among the given files"
		}
		a.report(doc, severity, ref.at, message)
	}
}

// inFile returns the agent in a file that is named relative to the fleet's file
// or to any directory above the agent's, or whose own name is that of the file.
func (a *assembly) inFile(ref reference, from string) *document {
	if !ref.file {
		return nil
	}
	if docs := a.files[filepath.Join(filepath.Dir(from), ref.name)]; len(docs) == 1 {
		return docs[0]
	}
	suffix := "/" + strings.TrimPrefix(path.Clean(ref.name), "/")
	for _, file := range a.bases[path.Base(ref.name)] {
		if strings.HasSuffix("/"+filepath.ToSlash(file), suffix) && len(a.files[file]) == 1 {
			return a.files[file][0]
		}
	}
	return a.named[[2]string{kindAgent, agentOfFile(ref.name)}]
}

// setMember names a member's agent in a copy of the fleet, since the fleet itself
// may be part of another catalogue.
func (a *assembly) setMember(fleet, member, agent string) {
	f := a.catalog.Fleets[fleet]
	if f == nil {
		return
	}
	changed := *f
	changed.Members = slices.Clone(f.Members)
	for i := range changed.Members {
		if changed.Members[i].Name == member {
			changed.Members[i].Agent = agent
		}
	}
	a.catalog.Fleets[fleet] = &changed
}

func quote(s string) string { return strconv.Quote(shorten(s)) }
