package confluence

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// cloud is Confluence Cloud: version 2, and version 1 for searches, writing
// labels, uploads, people and restrictions, which version 2 does not have.
type cloud struct {
	v1

	mu sync.Mutex
	// spaces are known ones by id and by key: version 2 names spaces by ids that
	// people never see.
	spaces map[string]knownSpace
}

var _ API = (*cloud)(nil)

type knownSpace struct {
	Space
	until time.Time
}

func newCloud(c *Client) *cloud {
	return &cloud{v1: v1{Client: c, root: wikiPath, kind: Cloud}, spaces: map[string]knownSpace{}}
}

// v2 makes a path of version 2 of parts, which it escapes.
func v2(parts ...string) string {
	return wikiPath + "/api/v2" + below(parts)
}

// The largest parts of lists that version 2 gives.
const maxPart = 250

// query asks for a part of a list.
func (p Part) query() url.Values {
	q := url.Values{"limit": {strconv.Itoa(p.limit(maxPart))}}
	if p.From != "" {
		q.Set("cursor", p.From)
	}
	return q
}

// results is a part of a list as version 2 gives it.
type results[T any] struct {
	Results []T   `json:"results"`
	Links   links `json:"_links"`
}

// list reads a part of a list and makes the items of what came.
func list[R, T any](ctx context.Context, c *cloud, path string, query url.Values, item func(R) T) (List[T], error) {
	var raw results[R]
	if err := c.get(ctx, path, query, &raw); err != nil {
		return List[T]{}, err
	}
	out := List[T]{Next: raw.Links.token("cursor")}
	for _, r := range raw.Results {
		out.Items = append(out.Items, item(r))
	}
	return out, nil
}

// maxParts bounds lists that are read to their end.
const maxParts = 20

// all reads a list to its end, as far as maxParts goes.
func all[T any](read func(Part) (List[T], error)) ([]T, error) {
	var items []T
	p := Part{Limit: maxPart}
	for range maxParts {
		part, err := read(p)
		if err != nil {
			return nil, err
		}
		items = append(items, part.Items...)
		if part.Next == "" {
			break
		}
		p.From = part.Next
	}
	return items, nil
}

// rawVersion2 is a version as version 2 tells it.
type rawVersion2 struct {
	CreatedAt string `json:"createdAt"`
	Message   string `json:"message"`
	Number    int    `json:"number"`
	MinorEdit bool   `json:"minorEdit"`
	AuthorID  string `json:"authorId"`
}

func (v rawVersion2) version() Version {
	return Version{Number: v.Number, When: readTime(v.CreatedAt), Message: v.Message, Minor: v.MinorEdit, By: User{AccountID: v.AuthorID}}
}

// rawBody is a text in the representation that was asked for.
type rawBody struct {
	Storage struct {
		Value string `json:"value"`
	} `json:"storage"`
}

// written is a text in a request of version 2.
type written struct {
	Representation string `json:"representation"`
	Value          string `json:"value"`
}

func storage(body string) written { return written{Representation: "storage", Value: body} }

// nextVersion is a version that is to be made.
type nextVersion struct {
	Number  int    `json:"number"`
	Message string `json:"message,omitempty"`
}

// rawSpace is a space in either version; ids are numbers in version 1.
type rawSpace struct {
	ID         flexID `json:"id"`
	Key        string `json:"key"`
	Name       string `json:"name"`
	Type       string `json:"type"`
	HomepageID string `json:"homepageId"`
	Homepage   struct {
		ID flexID `json:"id"`
	} `json:"homepage"`
	Links links `json:"_links"`
}

func (a *v1) space(r rawSpace) Space {
	home := r.HomepageID
	if home == "" {
		home = string(r.Homepage.ID)
	}
	return Space{ID: string(r.ID), Key: r.Key, Name: r.Name, Type: r.Type, HomepageID: home, URL: a.WebURL(r.Links.WebUI)}
}

// flexID is an id that is a number or a string.
type flexID string

// UnmarshalJSON implements json.Unmarshaler.
func (f *flexID) UnmarshalJSON(raw []byte) error {
	if s := string(raw); s != "null" {
		if text, err := strconv.Unquote(s); err == nil {
			s = text
		}
		*f = flexID(s)
	}
	return nil
}

// Spaces implements API.
func (c *cloud) Spaces(ctx context.Context, q SpaceQuery) (List[Space], error) {
	query := q.query()
	for _, key := range q.Keys {
		query.Add("keys", key)
	}
	if q.Type != "" {
		query.Set("type", q.Type)
	}
	found, err := list(ctx, c, v2("spaces"), query, c.space)
	for _, s := range found.Items {
		c.remember(s)
	}
	return found, err
}

// Space implements API.
func (c *cloud) Space(ctx context.Context, key string) (Space, error) {
	if s, ok := c.recall("key " + key); ok {
		return s, nil
	}
	found, err := c.Spaces(ctx, SpaceQuery{Keys: []string{key}})
	if err != nil {
		return Space{}, err
	}
	if len(found.Items) == 0 {
		return Space{}, &MissingError{What: "space " + key}
	}
	return found.Items[0], nil
}

// operations are what we may do.
type operations []struct {
	Operation  string `json:"operation"`
	TargetType string `json:"targetType"`
}

func (o operations) has(operation string) bool {
	for _, one := range o {
		if one.Operation == operation && one.TargetType == "page" {
			return true
		}
	}
	return false
}

// Writable implements API.
func (c *cloud) Writable(ctx context.Context, s Space) (bool, error) {
	var raw struct {
		Operations operations `json:"operations"`
	}
	err := c.get(ctx, v2("spaces", s.ID, "operations"), nil, &raw)
	return raw.Operations.has("create"), err
}

// spaceKey is the key of a space by its id; "" if we may not see it.
func (c *cloud) spaceKey(ctx context.Context, id string) (string, error) {
	if id == "" {
		return "", nil
	}
	if s, ok := c.recall("id " + id); ok {
		return s.Key, nil
	}
	var raw rawSpace
	err := c.get(ctx, v2("spaces", id), nil, &raw)
	if NotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	c.remember(c.space(raw))
	return raw.Key, nil
}

// maxSpaces bounds what is remembered.
const maxSpaces = 5000

func (c *cloud) remember(s Space) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.spaces) > maxSpaces {
		clear(c.spaces)
	}
	known := knownSpace{Space: s, until: time.Now().Add(cacheFor)}
	c.spaces["id "+s.ID], c.spaces["key "+s.Key] = known, known
}

func (c *cloud) recall(name string) (Space, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.spaces[name]
	return s.Space, ok && time.Now().Before(s.until)
}

func (c *cloud) write(ctx context.Context, method, path string, body, out any) error {
	return c.do(ctx, request{method: method, path: path, body: body}, out)
}

func (c *cloud) remove(ctx context.Context, path string, query url.Values) error {
	return c.do(ctx, request{method: http.MethodDelete, path: path, query: query}, nil)
}
