package confluence

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// dataCenter is Confluence Data Center: version 1.
type dataCenter struct{ v1 }

var _ API = (*dataCenter)(nil)

func newDataCenter(c *Client, root string) *dataCenter {
	return &dataCenter{v1{Client: c, root: root, kind: DataCenter}}
}

// largestPart is the largest part of a list that Data Center is asked for; its
// own limits are lower where texts are expanded.
const largestPart = 200

// collection is a part of a list as version 1 gives it. A part that is full has
// the address of the next.
type collection[T any] struct {
	Results []T   `json:"results"`
	Links   links `json:"_links"`
}

// listed reads a part of a list and makes the items of what came.
func listed[R, T any](ctx context.Context, d *dataCenter, path string, query url.Values, p Part, item func(R) T) (List[T], error) {
	start, err := position(p.From)
	if err != nil {
		return List[T]{}, err
	}
	query.Set("start", strconv.Itoa(start))
	query.Set("limit", strconv.Itoa(p.limit(largestPart)))
	var raw collection[R]
	if err := d.get(ctx, path, query, &raw); err != nil {
		return List[T]{}, err
	}
	var out List[T]
	for _, r := range raw.Results {
		out.Items = append(out.Items, item(r))
	}
	if raw.Links.Next != "" && len(raw.Results) > 0 {
		out.Next = cmp.Or(raw.Links.token("start"), strconv.Itoa(start+len(raw.Results)))
	}
	return out, nil
}

// content is a page or a comment as version 1 tells it.
type content struct {
	ID      string     `json:"id"`
	Type    string     `json:"type"`
	Status  string     `json:"status"`
	Title   string     `json:"title"`
	Space   rawSpace   `json:"space"`
	Version rawVersion `json:"version"`
	History struct {
		CreatedBy   rawUser `json:"createdBy"`
		CreatedDate string  `json:"createdDate"`
	} `json:"history"`
	Ancestors []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Type  string `json:"type"`
	} `json:"ancestors"`
	Container struct {
		ID flexID `json:"id"`
	} `json:"container"`
	Body       rawBody `json:"body"`
	Extensions struct {
		Location         string `json:"location"`
		InlineProperties struct {
			OriginalSelection string `json:"originalSelection"`
		} `json:"inlineProperties"`
		Resolution struct {
			Status string `json:"status"`
		} `json:"resolution"`
	} `json:"extensions"`
	Links links `json:"_links"`
}

// parent is the lowest of what is above.
func (c content) parent() string {
	if len(c.Ancestors) == 0 {
		return ""
	}
	return c.Ancestors[len(c.Ancestors)-1].ID
}

func (d *dataCenter) page(c content) Page {
	return Page{
		ID: c.ID, Type: cmp.Or(c.Type, TypePage), Title: c.Title, Status: c.Status, SpaceKey: c.Space.Key, ParentID: c.parent(), Version: c.Version.version(),
		Body: c.Body.Storage.Value, Created: readTime(c.History.CreatedDate), CreatedBy: c.History.CreatedBy.user(), URL: d.WebURL(c.Links.WebUI),
	}
}

// spaceExpand is what has to be asked for to know the top of a space.
const spaceExpand = "homepage"

// Spaces implements API.
func (d *dataCenter) Spaces(ctx context.Context, q SpaceQuery) (List[Space], error) {
	query := url.Values{"expand": {spaceExpand}, "status": {"current"}}
	if len(q.Keys) > 0 {
		query["spaceKey"] = q.Keys
	}
	if q.Type != "" {
		query.Set("type", q.Type)
	}
	return listed(ctx, d, d.at("space"), query, q.Part, d.space)
}

// Space implements API.
func (d *dataCenter) Space(ctx context.Context, key string) (Space, error) {
	var raw rawSpace
	err := d.get(ctx, d.at("space", key), url.Values{"expand": {spaceExpand}}, &raw)
	return d.space(raw), err
}

// Labels implements API.
func (d *dataCenter) Labels(ctx context.Context, id string) ([]Label, error) {
	return all(func(p Part) (List[Label], error) {
		return listed(ctx, d, d.at("content", id, "label"), url.Values{}, p, func(l Label) Label { return l })
	})
}

// Properties implements API.
func (d *dataCenter) Properties(ctx context.Context, id string) ([]Property, error) {
	return all(func(p Part) (List[Property], error) {
		return listed(ctx, d, d.at("content", id, "property"), url.Values{"expand": {"version"}}, p, rawProperty.property)
	})
}

// Property implements API.
func (d *dataCenter) Property(ctx context.Context, id, key string) (Property, error) {
	var raw rawProperty
	err := d.get(ctx, d.at("content", id, "property", key), url.Values{"expand": {"version"}}, &raw)
	return raw.property(), err
}

// SetProperty implements API.
func (d *dataCenter) SetProperty(ctx context.Context, id, key string, value json.RawMessage, version int) (Property, error) {
	what, next := "property "+strconv.Quote(key)+" of page "+id, version+1
	body := map[string]any{"key": key, "value": value}
	r := request{method: http.MethodPost, path: d.at("content", id, "property"), body: body}
	if version > 0 {
		body["version"] = nextVersion{Number: next}
		r.method, r.path = http.MethodPut, d.at("content", id, "property", key)
	}
	var raw rawProperty
	err := d.do(ctx, r, &raw)
	return raw.property(), asConflict(err, what, next, versionWords, "already exists")
}

// DeleteProperty implements API.
func (d *dataCenter) DeleteProperty(ctx context.Context, id, key string) error {
	return d.do(ctx, request{method: http.MethodDelete, path: d.at("content", id, "property", key)}, nil)
}

// Attachments implements API.
func (d *dataCenter) Attachments(ctx context.Context, pageID, filename string, p Part) (List[Attachment], error) {
	query := url.Values{"expand": {"version"}}
	if filename != "" {
		query.Set("filename", filename)
	}
	found, err := listed(ctx, d, d.at("content", pageID, "child", "attachment"), query, p, rawFile.attachment)
	for i := range found.Items {
		found.Items[i].PageID = pageID
	}
	return found, err
}

// Download implements API.
func (d *dataCenter) Download(ctx context.Context, a Attachment) ([]byte, error) {
	path, query, err := d.downloadPath(a)
	if err != nil {
		return nil, err
	}
	got, err := d.send(ctx, request{method: http.MethodGet, path: path, query: query, download: true})
	return got.Body, err
}

// downloadPath is where a file is: the link of the list, or what it would be. A
// link away from the site is not followed.
func (d *dataCenter) downloadPath(a Attachment) (string, url.Values, error) {
	if a.download == "" {
		return d.root + "/download/attachments/" + url.PathEscape(a.PageID) + "/" + url.PathEscape(a.Filename), nil, nil
	}
	u, err := url.Parse(a.download)
	if err != nil || u.Host != "" || u.Scheme != "" || !pathOnly(u) {
		return "", nil, &MissingError{What: "the content of " + strconv.Quote(a.Filename)}
	}
	return d.root + u.EscapedPath(), u.Query(), nil
}

func pathOnly(u *url.URL) bool { return u.Opaque == "" && len(u.Path) > 1 && u.Path[0] == '/' }

// Attach implements API. A file of a name that is there already has to be sent to
// that one.
func (d *dataCenter) Attach(ctx context.Context, pageID string, f File) (Attachment, error) {
	there, err := d.Attachments(ctx, pageID, f.Name, Part{Limit: 1})
	if err != nil {
		return Attachment{}, err
	}
	path := d.at("content", pageID, "child", "attachment")
	if len(there.Items) > 0 {
		path = d.at("content", pageID, "child", "attachment", there.Items[0].ID, "data")
	}
	return d.upload(ctx, http.MethodPost, path, pageID, f)
}
