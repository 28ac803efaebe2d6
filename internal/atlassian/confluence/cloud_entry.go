package confluence

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// Labels implements API.
func (c *cloud) Labels(ctx context.Context, id string) ([]Label, error) {
	return all(func(p Part) (List[Label], error) {
		return list(ctx, c, v2("pages", id, "labels"), p.query(), func(l Label) Label { return l })
	})
}

// rawProperty is a property in either version.
type rawProperty struct {
	ID      flexID          `json:"id"`
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`
	Version struct {
		Number int `json:"number"`
	} `json:"version"`
}

func (r rawProperty) property() Property {
	return Property{Key: r.Key, Value: r.Value, Version: r.Version.Number, id: string(r.ID)}
}

// Properties implements API.
func (c *cloud) Properties(ctx context.Context, id string) ([]Property, error) {
	return all(func(p Part) (List[Property], error) {
		return list(ctx, c, v2("pages", id, "properties"), p.query(), rawProperty.property)
	})
}

// Property implements API.
func (c *cloud) Property(ctx context.Context, id, key string) (Property, error) {
	found, err := list(ctx, c, v2("pages", id, "properties"), url.Values{"key": {key}}, rawProperty.property)
	if err != nil {
		return Property{}, err
	}
	if len(found.Items) == 0 {
		return Property{}, &MissingError{What: "property " + strconv.Quote(key) + " of page " + id}
	}
	return found.Items[0], nil
}

// SetProperty implements API.
func (c *cloud) SetProperty(ctx context.Context, id, key string, value json.RawMessage, version int) (Property, error) {
	what, next := "property "+strconv.Quote(key)+" of page "+id, version+1
	body := map[string]any{"key": key, "value": value}
	var raw rawProperty
	if version == 0 {
		err := c.write(ctx, http.MethodPost, v2("pages", id, "properties"), body, &raw)
		return raw.property(), asConflict(err, what, next, "already exists", "must be unique")
	}
	old, err := c.Property(ctx, id, key)
	if err != nil {
		return Property{}, err
	}
	body["version"] = nextVersion{Number: next}
	err = c.write(ctx, http.MethodPut, v2("pages", id, "properties", old.id), body, &raw)
	return raw.property(), asConflict(err, what, next, versionWords)
}

// DeleteProperty implements API.
func (c *cloud) DeleteProperty(ctx context.Context, id, key string) error {
	old, err := c.Property(ctx, id, key)
	if err != nil {
		return err
	}
	return c.remove(ctx, v2("pages", id, "properties", old.id), nil)
}

// rawAttachment is a file as version 2 tells it.
type rawAttachment struct {
	ID           string      `json:"id"`
	Title        string      `json:"title"`
	PageID       string      `json:"pageId"`
	MediaType    string      `json:"mediaType"`
	Comment      string      `json:"comment"`
	FileSize     int64       `json:"fileSize"`
	DownloadLink string      `json:"downloadLink"`
	Version      rawVersion2 `json:"version"`
}

func (r rawAttachment) attachment() Attachment {
	return Attachment{
		ID: r.ID, PageID: r.PageID, Filename: r.Title, MediaType: r.MediaType, Size: r.FileSize, Comment: r.Comment,
		Version: r.Version.version(), download: r.DownloadLink,
	}
}

// Attachments implements API.
func (c *cloud) Attachments(ctx context.Context, pageID, filename string, p Part) (List[Attachment], error) {
	query := p.query()
	if filename != "" {
		query.Set("filename", filename)
	}
	found, err := list(ctx, c, v2("pages", pageID, "attachments"), query, rawAttachment.attachment)
	for i := range found.Items {
		found.Items[i].PageID = pageID
	}
	return found, err
}

// Download implements API. The link in a list is for people's sessions; this
// address takes tokens, at the gateway, too.
func (c *cloud) Download(ctx context.Context, a Attachment) ([]byte, error) {
	got, err := c.send(ctx, request{
		method: http.MethodGet, path: c.at("content", a.PageID, "child", "attachment", a.ID, "download"), download: true,
	})
	return got.Body, err
}

// Attach implements API.
func (c *cloud) Attach(ctx context.Context, pageID string, f File) (Attachment, error) {
	return c.upload(ctx, http.MethodPut, c.at("content", pageID, "child", "attachment"), pageID, f)
}
