package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"unicode/utf8"
)

// property is an entity property as requests carry it.
type property struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
}

// properties are the entity properties of an issue, comment or worklog.
type properties map[string]json.RawMessage

// maxProperty is the size of a property's value in bytes
// (developer.atlassian.com, "Entity properties").
const maxProperty = 32768

func checkProperty(key string, value json.RawMessage) error {
	switch {
	case key == "" || utf8.RuneCountInString(key) > 255:
		return refuse(http.StatusBadRequest, "The property key must be between 1 and 255 characters long.")
	case !json.Valid(value):
		return refuse(http.StatusBadRequest, "The property value has to be valid JSON.")
	case len(value) > maxProperty:
		return refuse(http.StatusBadRequest, "The property value cannot be longer than 32768 characters.")
	}
	return nil
}

func (p properties) check(in []property) error {
	for _, one := range in {
		if err := checkProperty(one.Key, one.Value); err != nil {
			return err
		}
	}
	return nil
}

func (p properties) setAll(in []property) error {
	if err := p.check(in); err != nil {
		return err
	}
	for _, one := range in {
		p[one.Key] = one.Value
	}
	return nil
}

func (p properties) copied() map[string]json.RawMessage {
	out := make(map[string]json.RawMessage, len(p))
	maps.Copy(out, p)
	return out
}

// render is the list that expand=properties adds.
func (p properties) render() []any {
	out := make([]any, 0, len(p))
	for _, key := range sorted(p) {
		out = append(out, obj{"key": key, "value": p[key]})
	}
	return out
}

// keys is the answer of GET …/properties.
func (p properties) keys(self string) obj {
	out := make([]any, 0, len(p))
	for _, key := range sorted(p) {
		out = append(out, obj{"key": key, "self": self + "/" + url.PathEscape(key)})
	}
	return obj{"keys": out}
}

func (p properties) get(key string) (any, error) {
	value, ok := p[key]
	if !ok {
		return nil, refuse(http.StatusNotFound, "The property %s does not exist.", key)
	}
	return obj{"key": key, "value": value}, nil
}

// put answers true if the property is new.
func (p properties) put(key string, value json.RawMessage) (bool, error) {
	if err := checkProperty(key, value); err != nil {
		return false, err
	}
	_, had := p[key]
	p[key] = append(json.RawMessage(nil), value...)
	return !had, nil
}

func (p properties) remove(key string) error {
	if _, err := p.get(key); err != nil {
		return err
	}
	delete(p, key)
	return nil
}
