package jira

import (
	"net/http"
	"sort"
	"strconv"
)

func commentEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/issue/{issue}/comment", status: 200, do: restComments},
		{method: "POST", path: "/issue/{issue}/comment", status: 201, do: restPostComment},
		{method: "GET", path: "/issue/{issue}/comment/{id}", status: 200, do: restComment},
		{method: "PUT", path: "/issue/{issue}/comment/{id}", status: 200, do: restPutComment},
		{method: "DELETE", path: "/issue/{issue}/comment/{id}", status: 204, do: restDeleteComment},
		{method: "POST", path: "/comment/list", status: 200, only: Cloud, reads: true, do: restCommentList},
		{method: "GET", path: "/comment/{id}/properties", status: 200, do: restCommentProperties},
		{method: "GET", path: "/comment/{id}/properties/{key}", status: 200, do: restCommentProperty},
		{method: "PUT", path: "/comment/{id}/properties/{key}", status: 200, do: restPutCommentProperty},
		{method: "DELETE", path: "/comment/{id}/properties/{key}", status: 204, do: restDeleteCommentProperty},
	}
}

// page is a slice of a list by startAt and maxResults, under the given name.
func page[T any](c *call, list []T, name string, usual int, render func(T) any) (any, error) {
	start, err := c.number("startAt", 0, 1<<30)
	if err != nil {
		return nil, err
	}
	size, err := c.number("maxResults", usual, 5000)
	if err != nil {
		return nil, err
	}
	from := min(start, len(list))
	to := min(from+size, len(list))
	out := obj{"startAt": start, "maxResults": size, "total": len(list), name: renderEach(list[from:to], render)}
	if name == "values" {
		out["isLast"] = to == len(list)
	}
	return out, nil
}

func restComments(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	list := append([]*comment(nil), i.comments...)
	switch c.query("orderBy") {
	case "", "created", "+created":
	case "-created":
		sort.SliceStable(list, func(a, b int) bool { return list[a].created.After(list[b].created) })
	default:
		return nil, refuse(http.StatusBadRequest, "Order by '%s' is not supported. Use 'created', '+created' or '-created'.", c.query("orderBy"))
	}
	// The real list has no properties, whatever is expanded.
	return page(c, list, "comments", 5000, func(one *comment) any { return t.renderComment(one, true, false) })
}

func restPostComment(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	var in commentInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	made, err := t.postComment(i, in)
	if err != nil {
		return nil, err
	}
	return t.renderComment(made, true, c.expands("properties")), nil
}

// comment is the comment that the path names.
func (c *call) comment(t *tx) (*comment, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	return t.findComment(i, c.path("id"))
}

func restComment(t *tx, c *call) (any, error) {
	found, err := c.comment(t)
	if err != nil {
		return nil, err
	}
	return t.renderComment(found, true, c.expands("properties")), nil
}

func restPutComment(t *tx, c *call) (any, error) {
	found, err := c.comment(t)
	if err != nil {
		return nil, err
	}
	var in commentInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := t.updateComment(found, in); err != nil {
		return nil, err
	}
	return t.renderComment(found, true, c.expands("properties")), nil
}

func restDeleteComment(t *tx, c *call) (any, error) {
	found, err := c.comment(t)
	if err != nil {
		return nil, err
	}
	t.deleteComment(found)
	return nil, nil
}

func restCommentList(t *tx, c *call) (any, error) {
	var in struct {
		IDs []int `json:"ids"`
	}
	if err := c.strict(&in); err != nil {
		return nil, err
	}
	if len(in.IDs) == 0 || len(in.IDs) > 1000 {
		return nil, refuse(http.StatusBadRequest, "The number of comment ids must be between 1 and 1000.")
	}
	var list []*comment
	for _, id := range in.IDs {
		if found := t.st.comments[id]; found != nil && t.by != nil {
			list = append(list, found)
		}
	}
	with := c.expands("properties")
	return page(c, list, "values", 1000, func(one *comment) any { return t.renderComment(one, true, with) })
}

// anyComment is the comment that a path without an issue names.
func (c *call) anyComment(t *tx) (*comment, error) {
	n, err := strconv.Atoi(c.path("id"))
	if found := t.st.comments[n]; err == nil && found != nil && t.by != nil {
		return found, nil
	}
	return nil, refuse(http.StatusNotFound, "Can not find a comment for the id: %s.", c.path("id"))
}

func restCommentProperties(t *tx, c *call) (any, error) {
	found, err := c.anyComment(t)
	if err != nil {
		return nil, err
	}
	return found.properties.keys(t.st.base + "/rest/api/2/comment/" + c.path("id") + "/properties"), nil
}

func restCommentProperty(t *tx, c *call) (any, error) {
	found, err := c.anyComment(t)
	if err != nil {
		return nil, err
	}
	return found.properties.get(c.path("key"))
}

func restPutCommentProperty(t *tx, c *call) (any, error) {
	found, err := c.anyComment(t)
	if err != nil {
		return nil, err
	}
	return c.putProperty(found.properties, func() { t.wrote(found.issue, "comment_property", c.path("id")) })
}

func restDeleteCommentProperty(t *tx, c *call) (any, error) {
	found, err := c.anyComment(t)
	if err != nil {
		return nil, err
	}
	return nil, found.properties.remove(c.path("key"))
}
