package jira

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// searchInput is the body of POST /search/jql; its schema allows nothing else.
type searchInput struct {
	JQL             string   `json:"jql"`
	Fields          []string `json:"fields"`
	MaxResults      *int     `json:"maxResults"`
	NextPageToken   string   `json:"nextPageToken"`
	Expand          string   `json:"expand"`
	FieldsByKeys    bool     `json:"fieldsByKeys"`
	Properties      []string `json:"properties"`
	ReconcileIssues []int    `json:"reconcileIssues"`
}

func searchEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/search/jql", status: 200, only: Cloud, reads: true, do: restSearchPost},
		{method: "GET", path: "/search/jql", status: 200, only: Cloud, do: restSearchGet},
		{method: "POST", path: "/search/approximate-count", status: 200, only: Cloud, reads: true, do: restCount},
		{method: "GET", path: "/search", only: Cloud, do: restOldSearch},
		{method: "POST", path: "/search", only: Cloud, reads: true, do: restOldSearch},
		{method: "GET", path: "/search", status: 200, only: DataCenter, do: restSearchDCGet},
		{method: "POST", path: "/search", status: 200, only: DataCenter, reads: true, do: restSearchDCPost},
	}
}

// restOldSearch answers what Atlassian answers since the removal of /search.
func restOldSearch(*tx, *call) (any, error) {
	return nil, refuse(http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046")
}

func restSearchPost(t *tx, c *call) (any, error) {
	var in searchInput
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	return t.search(in)
}

func restSearchGet(t *tx, c *call) (any, error) {
	in := searchInput{
		JQL: c.query("jql"), Fields: splitList(c.list("fields")), NextPageToken: c.query("nextPageToken"),
		Expand: c.query("expand"), Properties: splitList(c.list("properties")),
	}
	if c.query("maxResults") != "" {
		n, err := c.number("maxResults", 50, 5000)
		if err != nil {
			return nil, err
		}
		in.MaxResults = &n
	}
	for _, text := range splitList(c.list("reconcileIssues")) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, refusePayload()
		}
		in.ReconcileIssues = append(in.ReconcileIssues, n)
	}
	return t.search(in)
}

func (in searchInput) check() error {
	switch {
	case in.MaxResults != nil && *in.MaxResults < 0:
		return refuse(http.StatusBadRequest, "The maxResults must not be negative.")
	case len(in.Properties) > 5:
		return refuse(http.StatusBadRequest, "The number of properties must not exceed 5.")
	case len(in.ReconcileIssues) > 50:
		return refuse(http.StatusBadRequest, "The number of issues to reconcile must not exceed 50.")
	}
	return nil
}

// search answers a page of issues. There is no total and no startAt, as on the
// real Cloud; without fields only ids are shown.
func (t *tx) search(in searchInput) (any, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	found, err := t.find(in.JQL, in.ReconcileIssues)
	if err != nil {
		return nil, err
	}
	from, err := in.offset()
	if err != nil {
		return nil, err
	}
	size := 50
	if in.MaxResults != nil {
		size = min(*in.MaxResults, 5000)
	}
	from = min(from, len(found))
	to := min(from+size, len(found))
	out := obj{"isLast": to == len(found), "issues": t.renderFound(found[from:to], in)}
	if to < len(found) && size > 0 {
		out["nextPageToken"] = in.token(to)
	}
	t.addNames(out, in.Expand)
	return out, nil
}

// addNames adds what a search expands beside its issues.
func (t *tx) addNames(out obj, expand string) {
	for what := range strings.SplitSeq(expand, ",") {
		switch what {
		case "names":
			out["names"] = t.names()
		case "schema":
			out["schema"] = t.schemas()
		}
	}
}

// renderWith is an issue of a search with what the search expands.
func (t *tx) renderWith(i *issue, w wanted, expand string) obj {
	out := t.renderIssue(i, w)
	if strings.Contains(expand, "changelog") {
		out["changelog"] = t.renderHistory(i)
	}
	return out
}

func (t *tx) renderFound(found []*issue, in searchInput) []any {
	w := wantedFields(in.Fields, "")
	only := !w.all && len(w.yes) == 0 || !w.all && len(w.yes) == 1 && w.yes["id"]
	return renderEach(found, func(i *issue) any {
		if only && len(in.Properties) == 0 {
			return obj{"id": i.ref()}
		}
		out := t.renderWith(i, w, in.Expand)
		if len(in.Properties) > 0 {
			out["properties"] = i.properties.chosen(in.Properties)
		}
		return out
	})
}

// find lists the issues that match, in order.
func (t *tx) find(jql string, reconcile []int) ([]*issue, error) {
	q, err := parseJQL(jql)
	if err != nil {
		return nil, err
	}
	if q.where == nil {
		return nil, refuse(http.StatusBadRequest, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.")
	}
	return t.matching(q, reconcile)
}

// matching lists the issues that a parsed query finds, in its order.
func (t *tx) matching(q query, reconcile []int) ([]*issue, error) {
	matches, err := t.compile(q.where)
	if err != nil {
		return nil, err
	}
	var out []*issue
	for _, i := range t.candidates(q.where) {
		if t.sees(i) && t.indexed(i, reconcile) && matches(i) {
			out = append(out, i)
		}
	}
	if err := t.sortBy(out, q.order); err != nil {
		return nil, err
	}
	return out, nil
}

// indexed tells whether the search index knows the issue yet.
func (t *tx) indexed(i *issue, reconcile []int) bool {
	if t.st.lag <= 0 || t.now.Sub(i.created) >= t.st.lag {
		return true
	}
	return slices.ContainsFunc(reconcile, func(id int) bool { return id == i.id })
}

// token and offset make nextPageToken opaque and bound to its query.
func (in searchInput) token(offset int) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d:%d", offset, in.sum()))
}

func (in searchInput) sum() uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(in.JQL))
	return h.Sum32()
}

func (in searchInput) offset() (int, error) {
	if in.NextPageToken == "" {
		return 0, nil
	}
	var offset int
	var sum uint32
	raw, err := base64.RawURLEncoding.DecodeString(in.NextPageToken)
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d:%d", &offset, &sum)
	}
	if err != nil || sum != in.sum() || offset < 0 {
		return 0, refuse(http.StatusBadRequest, "The provided next page token is invalid or expired.")
	}
	return offset, nil
}

func restCount(t *tx, c *call) (any, error) {
	var in struct {
		JQL string `json:"jql"`
	}
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	found, err := t.find(in.JQL, nil)
	if err != nil {
		return nil, err
	}
	return obj{"count": len(found)}, nil
}

// matcher tells whether an issue matches the JQL of a webhook; events without an
// issue pass, as in Jira.
func (t *tx) matcher(i *issue) func(jql string) bool {
	return func(jql string) bool {
		if i == nil {
			return true
		}
		q, err := parseJQL(jql)
		if err != nil {
			return false
		}
		matches, err := t.compile(q.where)
		return err == nil && matches(i)
	}
}
