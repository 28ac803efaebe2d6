package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// kindEpic is the field that ties an issue to its epic on Data Center, where
// only sub-tasks have a parent.
const kindEpic Kind = "epic"

// dataCenterFields are the fields that a Data Center has beside those of Cloud.
func dataCenterFields() []Field {
	return []Field{
		{ID: "customfield_10014", Name: "Epic Link", Kind: kindEpic},
		{ID: "customfield_10011", Name: "Epic Name", Kind: Text},
	}
}

// cloudOnly tells fields that Data Center does not have.
func cloudOnly(f Field) bool { return f.ID == "statuscategorychangedate" }

// epicField is the id of the field "Epic Link", or "".
func (st *state) epicField() string {
	for _, f := range st.fields {
		if f.Kind == kindEpic {
			return f.ID
		}
	}
	return ""
}

// parseEpic reads the key of an epic, which is a bare string.
func (t *tx) parseEpic(raw json.RawMessage) (any, string) {
	var key string
	if json.Unmarshal(raw, &key) != nil {
		return nil, "Operation value must be a string"
	}
	if key == "" {
		return nil, ""
	}
	epic := t.st.issue(key)
	if epic == nil {
		return nil, "Issue '" + key + "' could not be found."
	}
	if kind, ok := epic.values["issuetype"].(*IssueType); !ok || kind.Name != "Epic" {
		return nil, "Issue '" + key + "' is not an epic."
	}
	return epic, ""
}

// parentRefused tells that an issue must not have a parent: on Data Center all
// but sub-tasks.
func (t *tx) parentRefused(kind *IssueType) bool { return t.st.dc && kind != nil && !kind.Subtask }

// resolveNamedUser finds a user as requests to a Data Center name one.
func (t *tx) resolveNamedUser(r ref) (any, string) {
	if r.account != "" {
		return nil, "data was not an object with a 'name'"
	}
	if r.name == "" && r.key == "" {
		return nil, ""
	}
	u := t.st.named(r.name, r.key)
	switch {
	case u == nil && r.name != "":
		return nil, "User '" + r.name + "' does not exist."
	case u == nil:
		return nil, "User with key '" + r.key + "' does not exist."
	case u.Inactive:
		return nil, "User '" + r.name + "' cannot be assigned issues."
	}
	return u, ""
}

// text is the sprint as issues of a Data Center have it: what the class of the
// server prints, not JSON.
func (s *Sprint) text() string {
	at := func(moment time.Time) string {
		if moment.IsZero() {
			return "<null>"
		}
		return moment.UTC().Format(sprintTime)
	}
	goal := s.Goal
	if goal == "" {
		goal = "<null>"
	}
	return fmt.Sprintf("com.atlassian.greenhopper.service.sprint.Sprint@%x[id=%d,rapidViewId=%d,state=%s,name=%s,"+
		"startDate=%s,endDate=%s,completeDate=%s,activatedDate=%s,sequence=%d,goal=%s,autoStartStop=false,synced=false]",
		0xa88a698+s.ID, s.ID, s.Board, strings.ToUpper(s.State), s.Name, at(s.Start), at(s.End), at(s.Complete), at(s.Start), s.ID, goal)
}

// dcSearchInput is the body of POST /search on Data Center.
type dcSearchInput struct {
	JQL           string   `json:"jql"`
	StartAt       int      `json:"startAt"`
	MaxResults    *int     `json:"maxResults"`
	Fields        []string `json:"fields"`
	Expand        []string `json:"expand"`
	ValidateQuery *bool    `json:"validateQuery"`
}

func restSearchDCPost(t *tx, c *call) (any, error) {
	var in dcSearchInput
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	return t.searchDC(in)
}

func restSearchDCGet(t *tx, c *call) (any, error) {
	in := dcSearchInput{JQL: c.query("jql"), Fields: splitList(c.list("fields")), Expand: splitList(c.list("expand"))}
	var err error
	if in.StartAt, err = c.number("startAt", 0, 1<<30); err != nil {
		return nil, err
	}
	size, err := c.number("maxResults", defaultPage, maxPageDC)
	if err != nil {
		return nil, err
	}
	in.MaxResults = &size
	if text := c.query("validateQuery"); text != "" {
		strict := text == "true"
		in.ValidateQuery = &strict
	}
	return t.searchDC(in)
}

// Sizes of a page of /search (jira.search.views.default.max is 1,000).
const (
	defaultPage = 50
	maxPageDC   = 1000
)

// searchDC answers a page of issues with their total. Without fields all
// navigable ones are shown, and a query may leave everything open.
func (t *tx) searchDC(in dcSearchInput) (any, error) {
	if in.StartAt < 0 {
		return nil, refuse(http.StatusBadRequest, "The value '%d' of startAt must not be negative.", in.StartAt)
	}
	size := defaultPage
	if in.MaxResults != nil {
		size = min(*in.MaxResults, maxPageDC)
	}
	if size < 0 {
		size = maxPageDC
	}
	found, err := t.findAny(in.JQL)
	var warnings []string
	if err != nil && in.ValidateQuery != nil && !*in.ValidateQuery {
		found, warnings, err = nil, []string{err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	from := min(in.StartAt, len(found))
	w := wantedFields(in.Fields, "*navigable")
	expand := strings.Join(in.Expand, ",")
	out := obj{
		"expand": "schema,names", "startAt": in.StartAt, "maxResults": size, "total": len(found),
		"issues": renderEach(found[from:min(from+size, len(found))], func(i *issue) any { return t.renderWith(i, w, expand) }),
	}
	if len(warnings) > 0 {
		out["warningMessages"] = warnings
	}
	t.addNames(out, expand)
	return out, nil
}

// findAny is find without the demand that the query restricts something.
func (t *tx) findAny(jql string) ([]*issue, error) {
	q, err := parseJQL(jql)
	if err != nil {
		return nil, err
	}
	return t.matching(q, nil)
}

// requestID is X-AREQUESTID: minute of the day, count and node.
func requestID(now time.Time, seq int64) string {
	return strconv.Itoa(now.Hour()*60+now.Minute()) + "x" + strconv.FormatInt(seq, 10) + "x1"
}

// signHeaders sets the headers that every answer of a Data Center carries.
func signHeaders(h http.Header, by *User) {
	name := "anonymous"
	if by != nil {
		name = by.Name
		h.Set("X-Seraph-Loginreason", "OK")
	}
	h.Set("X-Ausername", name)
	h.Set("X-Asen", "SEN-L00000000")
	h.Set("X-Anodeid", "node1")
}

// notFoundDC is what a Data Center answers for a path that it does not have.
func notFoundDC(w http.ResponseWriter, r *http.Request) {
	writeJSON(w, http.StatusNotFound, obj{"message": "null for uri: " + r.URL.String(), "status-code": http.StatusNotFound})
}
