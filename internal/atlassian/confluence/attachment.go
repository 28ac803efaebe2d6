package confluence

import (
	"context"
	"net/url"
	"strings"
)

// Attachment implements API.
func (c *cloud) Attachment(ctx context.Context, id string) (Attachment, error) {
	var raw rawAttachment
	err := c.get(ctx, v2("attachments", id), nil, &raw)
	return raw.attachment(), err
}

// Attachment implements API. The REST API writes "att" before the number of a file,
// which its webhooks tell without.
func (d *dataCenter) Attachment(ctx context.Context, id string) (Attachment, error) {
	if strings.HasPrefix(id, fileID) {
		return d.file(ctx, id)
	}
	found, err := d.file(ctx, fileID+id)
	if NotFound(err) {
		return d.file(ctx, id)
	}
	return found, err
}

// fileID begins the id of a file.
const fileID = "att"

func (d *dataCenter) file(ctx context.Context, id string) (Attachment, error) {
	var raw struct {
		rawFile
		Type      string `json:"type"`
		Container struct {
			ID flexID `json:"id"`
		} `json:"container"`
	}
	if err := d.get(ctx, d.at("content", id), url.Values{"expand": {"version,container"}}, &raw); err != nil {
		return Attachment{}, err
	}
	if raw.Type != "attachment" {
		return Attachment{}, &MissingError{What: "attachment " + id}
	}
	out := raw.attachment()
	out.PageID = string(raw.Container.ID)
	return out, nil
}
