package jira

import (
	"net/http"
	"strconv"
	"strings"
)

// link joins two issues: the inward one "is blocked by"-like sees the outward
// name of the type on the other side.
type link struct {
	id      int
	kind    *LinkType
	inward  *issue
	outward *issue
}

// linkInput is the body of POST /issueLink; its schemas allow nothing else.
type linkInput struct {
	Type struct {
		ID, Name, Inward, Outward, Self string
	} `json:"type"`
	InwardIssue  linkedInput   `json:"inwardIssue"`
	OutwardIssue linkedInput   `json:"outwardIssue"`
	Comment      *commentInput `json:"comment"`
}

type linkedInput struct {
	ID, Key, Self string
	Fields        any
}

func (l linkedInput) name() string {
	if l.Key != "" {
		return l.Key
	}
	return l.ID
}

// linkIssues carries out POST /issueLink. A link that exists already is left as
// it is, as Jira does; a comment goes to the outward issue.
func (t *tx) linkIssues(in linkInput) error {
	kind, err := t.linkType(in.Type.ID, in.Type.Name)
	if err != nil {
		return err
	}
	inward, err := t.linked(in.InwardIssue)
	if err != nil {
		return err
	}
	outward, err := t.linked(in.OutwardIssue)
	if err != nil {
		return err
	}
	if inward == outward {
		return refuse(http.StatusBadRequest, "You cannot link an issue to itself.")
	}
	if in.Comment != nil {
		if objection := t.checkComment(in.Comment); objection != "" {
			return refuseField("comment", "%s", objection)
		}
	}
	t.addLink(kind, inward, outward)
	if in.Comment != nil {
		t.addComment(outward, *in.Comment)
	}
	return nil
}

func (t *tx) linked(in linkedInput) (*issue, error) {
	if in.name() == "" {
		return nil, refuse(http.StatusBadRequest, "Issue key or id must be provided.")
	}
	return t.issue(in.name())
}

func (t *tx) linkType(id, name string) (*LinkType, error) {
	for _, l := range t.st.linkTypes {
		if (id != "" && l.ID == id) || (id == "" && strings.EqualFold(l.Name, name)) {
			return l, nil
		}
	}
	if id != "" {
		return nil, refuse(http.StatusNotFound, "No issue link type with id '%s' found.", id)
	}
	return nil, refuse(http.StatusNotFound, "No issue link type with name '%s' found.", name)
}

func (t *tx) addLink(kind *LinkType, inward, outward *issue) {
	for _, l := range inward.links {
		if l.kind == kind && l.inward == inward && l.outward == outward {
			return
		}
	}
	l := &link{id: t.st.id("link", 10001), kind: kind, inward: inward, outward: outward}
	t.st.links[l.id] = l
	for _, i := range []*issue{inward, outward} {
		i.links = append(i.links, l)
		t.touch(i)
		t.wrote(i, "link", strconv.Itoa(l.id))
	}
	t.emitLink("issuelink_created", l)
}

func (t *tx) removeLink(l *link) {
	delete(t.st.links, l.id)
	for _, i := range []*issue{l.inward, l.outward} {
		i.links = without(i.links, l)
		t.touch(i)
		t.wrote(i, "link_deleted", strconv.Itoa(l.id))
	}
	t.emitLink("issuelink_deleted", l)
}

func (t *tx) findLink(id string) (*link, error) {
	n, err := strconv.Atoi(id)
	if l := t.st.links[n]; err == nil && l != nil && t.by != nil {
		return l, nil
	}
	return nil, refuse(http.StatusNotFound, "No issue link with id '%s' exists.", id)
}

// renderLink is the link as one of its issues shows it: the other end only.
func (t *tx) renderLink(l *link, from *issue) obj {
	base := t.st.base
	out := obj{
		"id": strconv.Itoa(l.id), "self": base + "/rest/api/2/issueLink/" + strconv.Itoa(l.id),
		"type": l.kind.render(base),
	}
	if from != l.inward {
		out["inwardIssue"] = t.renderStub(l.inward)
	}
	if from != l.outward {
		out["outwardIssue"] = t.renderStub(l.outward)
	}
	return out
}
