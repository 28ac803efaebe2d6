package confluence

import (
	"net/http"
	"slices"
	"strconv"
)

func treeEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/pages/{id}/direct-children", status: 200, do: children},
		{method: "GET", path: "/pages/{id}/descendants", status: 200, do: descendants},
		{method: "GET", path: "/pages/{id}/ancestors", status: 200, do: ancestors},
		{method: "GET", path: "/spaces", status: 200, do: listSpaces},
		{method: "GET", path: "/spaces/{id}", status: 200, do: getSpace},
		{method: "GET", path: "/spaces/{id}/operations", status: 200, do: spaceOperations},
	}
}

func children(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	at := 0
	return listV2(t, c, t.below(p), func(one *content) obj {
		at++
		return obj{
			"id": one.idText(), "status": one.status, "title": one.now().title, "type": "page",
			"spaceId": strconv.FormatInt(one.space.id, 10), "childPosition": at,
		}
	})
}

// node is a place below a page.
type node struct {
	*content
	depth int
}

// tree is what is below a page, each followed by what is below it.
func (t *tx) tree(c *content, depth, most int) []node {
	var list []node
	if depth > most {
		return nil
	}
	for _, one := range t.below(c) {
		list = append(list, node{one, depth})
		list = append(list, t.tree(one, depth+1, most)...)
	}
	return list
}

func descendants(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	depth, err := c.number("depth", 2)
	if err != nil {
		return nil, err
	}
	if depth < 1 || depth > 10 {
		return nil, refuse(http.StatusBadRequest, "Provided value {%d} for 'depth' must be between 1 and 10", depth)
	}
	return listV2(t, c, t.tree(p, 1, depth), func(n node) obj {
		return obj{
			"id": n.idText(), "status": n.status, "title": n.now().title, "type": "page", "parentId": n.above.idText(), "depth": n.depth,
			"childPosition": 0,
		}
	})
}

func ancestors(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	return listV2(t, c, p.ancestors(), func(a *content) obj { return obj{"id": a.idText(), "type": "page"} })
}

func (t *tx) spaceV2(s *space) obj {
	return obj{
		"id": strconv.FormatInt(s.id, 10), "key": s.Key, "name": s.Name, "type": "global", "status": current, "authorId": account(s.home.by),
		"createdAt": stamp(s.made), "homepageId": s.home.idText(), "_links": obj{"webui": "/spaces/" + s.Key},
	}
}

// spaces are those of a type and of some keys that the user may see.
func (t *tx) spaces(keys []string, kind string) []*space {
	var list []*space
	for _, s := range t.st.spaces {
		if t.sees(s) && (len(keys) == 0 || slices.Contains(keys, s.Key)) && (kind == "" || kind == "global") {
			list = append(list, s)
		}
	}
	return list
}

func listSpaces(t *tx, c *call) (any, error) {
	list, ids := t.spaces(c.values("keys"), c.query("type")), c.values("ids")
	list = slices.DeleteFunc(list, func(s *space) bool { return len(ids) > 0 && !slices.Contains(ids, strconv.FormatInt(s.id, 10)) })
	return listV2(t, c, list, t.spaceV2)
}

func getSpace(t *tx, c *call) (any, error) {
	s := t.space(func(s *space) bool { return strconv.FormatInt(s.id, 10) == c.path("id") })
	if s == nil {
		return nil, missing("Cannot find space with id: " + c.path("id"))
	}
	out := t.spaceV2(s)
	if links, ok := out["_links"].(obj); ok {
		links["base"] = t.web
	}
	return out, nil
}

// spaceOperations are what the user may do in a space.
func spaceOperations(t *tx, c *call) (any, error) {
	s := t.space(func(s *space) bool { return strconv.FormatInt(s.id, 10) == c.path("id") })
	if s == nil {
		return nil, missing("Cannot find space with id: " + c.path("id"))
	}
	list := []obj{{"operation": "read", "targetType": "space"}}
	if t.mayWrite(s) == nil {
		list = append(list, obj{"operation": "create", "targetType": "page"}, obj{"operation": "create", "targetType": "comment"})
	}
	return obj{"operations": list}, nil
}
