package confluence

import (
	"encoding/json"
	"slices"
	"strconv"
)

func entryEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/pages/{id}/labels", status: 200, do: pageLabels},
		{method: "GET", path: "/pages/{id}/properties", status: 200, do: properties},
		{method: "POST", path: "/pages/{id}/properties", status: 200, do: createProperty},
		{method: "GET", path: "/pages/{id}/properties/{property}", status: 200, do: getProperty},
		{method: "PUT", path: "/pages/{id}/properties/{property}", status: 200, do: putProperty},
		{method: "DELETE", path: "/pages/{id}/properties/{property}", status: 204, do: removeProperty},
		{method: "GET", path: "/pages/{id}/attachments", status: 200, do: attachments},
		{method: "GET", path: "/attachments/{id}", status: 200, do: getAttachment},
	}
}

func pageLabels(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(p.labels)
	if prefix := c.query("prefix"); prefix != "" {
		list = slices.DeleteFunc(list, func(l label) bool { return l.prefix != prefix })
	}
	return listV2(t, c, list, func(l label) obj {
		return obj{"id": strconv.FormatInt(l.id, 10), "name": l.name, "prefix": l.prefix}
	})
}

func propertyV2(p *property) obj {
	return obj{
		"id": strconv.FormatInt(p.id, 10), "key": p.key, "value": json.RawMessage(p.value),
		"version": obj{"number": p.number, "message": p.message, "minorEdit": false, "authorId": account(p.by), "createdAt": stamp(p.when)},
	}
}

func properties(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	list, key := slices.Clone(p.props), c.query("key")
	list = slices.DeleteFunc(list, func(one *property) bool { return key != "" && one.key != key })
	return listV2(t, c, list, propertyV2)
}

// propertyInput is the body of a write of a property, in either version.
type propertyInput struct {
	Key     string
	Value   json.RawMessage
	Version struct{ Number int }
}

func createProperty(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	var in propertyInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	made, err := t.addProperty(p, in.Key, in.Value)
	if err != nil {
		return nil, err
	}
	return propertyV2(made), nil
}

// property is the page and the property that the path names.
func (t *tx) property(c *call) (*content, *property, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, nil, err
	}
	found := p.property(func(one *property) bool { return strconv.FormatInt(one.id, 10) == c.path("property") })
	if found == nil {
		return nil, nil, missing("Cannot find property with id: " + c.path("property"))
	}
	return p, found, nil
}

func getProperty(t *tx, c *call) (any, error) {
	_, found, err := t.property(c)
	if err != nil {
		return nil, err
	}
	return propertyV2(found), nil
}

func putProperty(t *tx, c *call) (any, error) {
	p, found, err := t.property(c)
	if err != nil {
		return nil, err
	}
	var in propertyInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := t.updateProperty(p, found, in.Value, in.Version.Number, 2); err != nil {
		return nil, err
	}
	return propertyV2(found), nil
}

func removeProperty(t *tx, c *call) (any, error) {
	p, found, err := t.property(c)
	if err != nil {
		return nil, err
	}
	if err := t.mayEdit(p); err != nil {
		return nil, err
	}
	p.props = slices.DeleteFunc(p.props, func(one *property) bool { return one == found })
	return nil, nil
}

func (t *tx) attachmentV2(a *content) obj {
	r := a.now()
	return obj{
		"id": a.idText(), "status": a.status, "title": r.title, "createdAt": stamp(a.made), "pageId": a.page.idText(), "mediaType": r.mediaType,
		"mediaTypeDescription": "File", "comment": r.message, "fileId": "file-" + a.idText(), "fileSize": len(r.blob),
		"webuiLink": t.webPath(a.page), "downloadLink": downloadPath(a), "version": versionV2(r),
		"_links": obj{"webui": t.webPath(a.page), "download": downloadPath(a)},
	}
}

func attachments(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"), isPage)
	if err != nil {
		return nil, err
	}
	return listV2(t, c, t.files(p, c), t.attachmentV2)
}

// files are those of a page that the query asks for.
func (t *tx) files(p *content, c *call) []*content {
	name, kind := c.query("filename"), c.query("mediaType")
	return slices.DeleteFunc(t.of(p, isAttachment), func(a *content) bool {
		return name != "" && a.now().title != name || kind != "" && a.now().mediaType != kind
	})
}

func getAttachment(t *tx, c *call) (any, error) {
	a, err := t.find(c.path("id"), isAttachment)
	if err != nil {
		return nil, err
	}
	return t.attachmentV2(a), nil
}
