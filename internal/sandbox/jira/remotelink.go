package jira

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// remoteLink points from an issue to something outside Jira.
type remoteLink struct {
	id           int
	globalID     string
	relationship string
	application  json.RawMessage
	object       json.RawMessage
}

type remoteLinkInput struct {
	GlobalID     string          `json:"globalId"`
	Relationship string          `json:"relationship"`
	Application  json.RawMessage `json:"application"`
	Object       json.RawMessage `json:"object"`
}

func (in remoteLinkInput) check() error {
	var object struct{ Title, URL string }
	errs := map[string]string{}
	if isNull(in.Object) || json.Unmarshal(in.Object, &object) != nil {
		return refuseField("object", "'object' is required.")
	}
	if object.Title == "" {
		errs["title"] = "'title' is required."
	}
	if u, err := url.Parse(object.URL); err != nil || u.Scheme == "" {
		errs["url"] = "'url' is required and must be a valid URL."
	}
	if len(in.GlobalID) > 255 {
		errs["globalId"] = "'globalId' must not be longer than 255 characters."
	}
	if len(errs) > 0 {
		return &Refusal{Status: http.StatusBadRequest, Fields: errs}
	}
	return nil
}

// putRemoteLink carries out POST remotelink: a known globalId is updated, all
// else is added. It answers true for a new link.
func (t *tx) putRemoteLink(i *issue, in remoteLinkInput) (*remoteLink, bool, error) {
	if err := in.check(); err != nil {
		return nil, false, err
	}
	t.touch(i)
	for _, r := range i.remotes {
		if in.GlobalID != "" && r.globalID == in.GlobalID {
			r.relationship, r.application, r.object = in.Relationship, in.Application, in.Object
			t.wrote(i, "remotelink_updated", strconv.Itoa(r.id))
			return r, false, nil
		}
	}
	r := &remoteLink{
		id: t.st.id("remotelink", 10001), globalID: in.GlobalID, relationship: in.Relationship,
		application: in.Application, object: in.Object,
	}
	i.remotes = append(i.remotes, r)
	t.wrote(i, "remotelink", strconv.Itoa(r.id))
	return r, true, nil
}

func (i *issue) remote(id string) (*remoteLink, error) {
	for _, r := range i.remotes {
		if strconv.Itoa(r.id) == id {
			return r, nil
		}
	}
	return nil, refuse(http.StatusNotFound, "No remote issue link with id '%s' exists for this issue.", id)
}

func (t *tx) remoteSelf(i *issue, r *remoteLink) string {
	return t.st.base + "/rest/api/2/issue/" + i.key + "/remotelink/" + strconv.Itoa(r.id)
}

func (t *tx) renderRemote(i *issue, r *remoteLink) obj {
	out := obj{"id": r.id, "self": t.remoteSelf(i, r), "object": r.object}
	if r.globalID != "" {
		out["globalId"] = r.globalID
	}
	if r.relationship != "" {
		out["relationship"] = r.relationship
	}
	if !isNull(r.application) {
		out["application"] = r.application
	}
	return out
}
