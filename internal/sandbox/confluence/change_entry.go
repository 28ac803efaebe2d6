package confluence

import (
	"net/http"
	"slices"
	"strings"
)

// maxLabel is the longest label.
const maxLabel = 255

// addLabel adds a label, in small letters as Confluence keeps them.
func (t *tx) addLabel(c *content, prefix, name string) error {
	if err := t.mayEdit(c); err != nil {
		return err
	}
	name = strings.ToLower(name)
	if name == "" || len(name) > maxLabel || strings.ContainsAny(name, " ,!#&()*.:;<>?@[]^") {
		return refuse(http.StatusBadRequest, "Invalid label: %q contains characters that are not allowed", name)
	}
	if prefix == "" {
		prefix = "global"
	}
	if slices.ContainsFunc(c.labels, func(l label) bool { return l.name == name && l.prefix == prefix }) {
		return nil
	}
	id := t.labelID(name)
	c.labels = append(c.labels, label{id: id, name: name, prefix: prefix})
	t.emit("label_added", c, obj{"label": obj{"id": id}})
	return nil
}

// labelID is the id of a label, which is the same on all pages.
func (t *tx) labelID(name string) int64 {
	var id int64
	t.st.each(func(c *content) {
		for _, l := range c.labels {
			if l.name == name {
				id = l.id
			}
		}
	})
	if id == 0 {
		id = t.st.nextID()
	}
	return id
}

func (t *tx) removeLabel(c *content, name string) error {
	if err := t.mayEdit(c); err != nil {
		return err
	}
	at := slices.IndexFunc(c.labels, func(l label) bool { return l.name == strings.ToLower(name) })
	if at < 0 {
		if t.st.kind == Cloud {
			return nil
		}
		return missing("Label with name: " + name + " could not be found on the content")
	}
	gone := c.labels[at]
	c.labels = slices.Delete(c.labels, at, at+1)
	t.emit("label_removed", c, obj{"label": obj{"id": gone.id}})
	return nil
}

// maxKey and maxValue bound properties.
const (
	maxKey   = 255
	maxValue = 32 << 10
)

func (c *content) property(match func(*property) bool) *property {
	if at := slices.IndexFunc(c.props, match); at >= 0 {
		return c.props[at]
	}
	return nil
}

func (t *tx) addProperty(c *content, key string, value []byte) (*property, error) {
	if err := t.mayEdit(c); err != nil {
		return nil, err
	}
	switch {
	case key == "" || len(key) > maxKey:
		return nil, refuse(http.StatusBadRequest, "Property key must be between 1 and 255 characters")
	case len(value) == 0:
		return nil, refuse(http.StatusBadRequest, "Property value is required")
	case len(value) > maxValue:
		return nil, refuse(http.StatusRequestEntityTooLarge, "Property value is too long")
	case c.property(func(p *property) bool { return p.key == key }) != nil:
		return nil, refuse(http.StatusConflict, "Cannot create new property with key: %s. A property with this key already exists", key)
	}
	p := &property{id: t.st.nextID(), key: key, value: value, number: 1, when: t.now, by: t.by}
	c.props = append(c.props, p)
	return p, nil
}

func (t *tx) updateProperty(c *content, p *property, value []byte, number, api int) error {
	if err := t.mayEdit(c); err != nil {
		return err
	}
	if len(value) > maxValue {
		return refuse(http.StatusRequestEntityTooLarge, "Property value is too long")
	}
	if number != p.number+1 {
		return t.wrongVersion(p.number, number, api)
	}
	p.value, p.number, p.when, p.by = value, number, t.now, t.by
	return nil
}

// upload is a file that comes.
type upload struct {
	name, mediaType, comment string
	minor                    bool
	blob                     []byte
}

// file is a page's file of a name.
func (t *tx) file(page *content, name string) *content {
	for _, c := range t.of(page, isAttachment) {
		if c.now().title == name {
			return c
		}
	}
	return nil
}

// attach keeps a file, as a new version of old if that is given.
func (t *tx) attach(page, old *content, up upload) (*content, error) {
	if err := t.mayEdit(page); err != nil {
		return nil, err
	}
	if up.name == "" {
		return nil, refuse(http.StatusBadRequest, "At least one attachment file part with a file name is required")
	}
	name := "attachment_created"
	if old == nil {
		old = t.st.add(&content{kind: isAttachment, space: page.space, status: current, page: page, made: t.now, by: t.by})
	} else {
		name = "attachment_updated"
	}
	old.revs = append(old.revs, revision{
		number: len(old.revs) + 1, when: t.now, by: t.by, title: up.name, message: up.comment, minor: up.minor, blob: up.blob, mediaType: up.mediaType,
	})
	t.emit(name, old, nil)
	return old, nil
}
