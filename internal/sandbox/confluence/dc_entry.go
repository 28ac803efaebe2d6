package confluence

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

func dcEntryEndpoints() []endpoint {
	return []endpoint{
		{method: "GET", path: "/content/{id}/label", status: 200, do: dcLabels},
		{method: "GET", path: "/content/{id}/property", status: 200, do: dcProperties},
		{method: "POST", path: "/content/{id}/property", status: 200, do: dcCreateProperty},
		{method: "GET", path: "/content/{id}/property/{key}", status: 200, do: dcGetProperty},
		{method: "PUT", path: "/content/{id}/property/{key}", status: 200, do: dcPutProperty},
		{method: "DELETE", path: "/content/{id}/property/{key}", status: 204, do: dcRemoveProperty},
	}
}

func dcLabels(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	list, prefixes := t.labelsV1(p), c.values("prefix")
	list = slices.DeleteFunc(list, func(l obj) bool {
		prefix, _ := l["prefix"].(string)
		return len(prefixes) > 0 && !slices.Contains(prefixes, prefix)
	})
	return listV1(t, c, list, 200, func(l obj) obj { return l })
}

func (t *tx) propertyV1(p *property) obj {
	return obj{
		"id": strconv.FormatInt(p.id, 10), "key": p.key, "value": json.RawMessage(p.value),
		"version": t.versionV1(revision{number: p.number, when: p.when, by: p.by, message: p.message}), "_links": obj{}, "_expandable": obj{},
	}
}

func dcProperties(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, err
	}
	return listV1(t, c, p.props, 10, t.propertyV1)
}

func dcCreateProperty(t *tx, c *call) (any, error) {
	p, err := t.find(c.path("id"))
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
	return t.propertyV1(made), nil
}

// keyed is the content and its property of the key in the path, which may be nil.
func (t *tx) keyed(c *call) (*content, *property, error) {
	p, err := t.find(c.path("id"))
	if err != nil {
		return nil, nil, err
	}
	return p, p.property(func(one *property) bool { return one.key == c.path("key") }), nil
}

func noProperty(c *call) error {
	return missing("Could not find content property with key: " + c.path("key"))
}

func dcGetProperty(t *tx, c *call) (any, error) {
	_, found, err := t.keyed(c)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, noProperty(c)
	}
	return t.propertyV1(found), nil
}

// dcPutProperty makes a property if its version is 1 and there is none.
func dcPutProperty(t *tx, c *call) (any, error) {
	p, found, err := t.keyed(c)
	if err != nil {
		return nil, err
	}
	var in propertyInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if in.Key != "" && in.Key != c.path("key") {
		return nil, refuse(http.StatusBadRequest, "The key of the path and of the body differ")
	}
	if found == nil && in.Version.Number == 1 {
		found, err = t.addProperty(p, c.path("key"), in.Value)
		if err != nil {
			return nil, err
		}
		return t.propertyV1(found), nil
	}
	if found == nil {
		return nil, noProperty(c)
	}
	if err := t.updateProperty(p, found, in.Value, in.Version.Number, 1); err != nil {
		return nil, err
	}
	return t.propertyV1(found), nil
}

func dcRemoveProperty(t *tx, c *call) (any, error) {
	p, found, err := t.keyed(c)
	if err != nil {
		return nil, err
	}
	if found == nil {
		return nil, noProperty(c)
	}
	if err := t.mayEdit(p); err != nil {
		return nil, err
	}
	p.props = slices.DeleteFunc(p.props, func(one *property) bool { return one == found })
	return nil, nil
}
