package jira

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// File is a file to be attached.
type File struct {
	Name string
	// Type is its media type; "" for application/octet-stream.
	Type    string
	Content []byte
}

// Attachment is a file at an issue.
type Attachment struct {
	ID       string `json:"id"`
	Filename string `json:"filename"`
	MimeType string `json:"mimeType"`
	Size     int64  `json:"size"`
	Author   User   `json:"author"`
	Created  Time   `json:"created"`
}

// UnmarshalJSON takes an id that is a number, too, as some versions write it.
func (a *Attachment) UnmarshalJSON(raw []byte) error {
	type plain Attachment
	in := struct {
		*plain

		ID json.RawMessage `json:"id"`
	}{plain: (*plain)(a)}
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	a.ID = strings.Trim(string(in.ID), `"`)
	return nil
}

// Attachments lists the files at an issue.
func (c *Client) Attachments(ctx context.Context, issue string) ([]Attachment, error) {
	got, err := c.GetIssue(ctx, issue, []string{"attachment"}, nil)
	if err != nil {
		return nil, err
	}
	var list []Attachment
	if raw, ok := got.Fields["attachment"]; ok {
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, &decodeError{what: "attachments of " + issue, cause: err}
		}
	}
	return list, nil
}

// Download reads the content of an attachment.
func (c *Client) Download(ctx context.Context, a Attachment) ([]byte, error) {
	cloud, err := c.cloud(ctx)
	if err != nil {
		return nil, err
	}
	r := request{method: http.MethodGet, accept: "*/*"}
	if cloud {
		// Without a redirect the content comes from the site itself, to which
		// alone our credentials go.
		r.path, r.query = "attachment/content/"+url.PathEscape(a.ID), url.Values{"redirect": {"false"}}
	} else {
		r.api, r.path = "secure/", "attachment/"+url.PathEscape(a.ID)+"/"+url.PathEscape(a.Filename)
	}
	got, err := c.send(ctx, r)
	return got.Body, err
}

// Attach puts a file at an issue.
func (c *Client) Attach(ctx context.Context, issue string, f File) (Attachment, error) {
	var made []Attachment
	err := c.do(ctx, request{method: http.MethodPost, path: issuePath(issue, "attachments"), file: &f}, &made)
	if err != nil || len(made) == 0 {
		return Attachment{}, err
	}
	return made[0], nil
}

// buildUpload makes the multipart request that Jira wants, with the header by
// which it knows that no web page was tricked into sending it.
func (c *Client) buildUpload(ctx context.Context, target string, f File) (*http.Request, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition("file", f.Name))
	if f.Type == "" {
		f.Type = "application/octet-stream"
	}
	header.Set("Content-Type", f.Type)
	part, err := form.CreatePart(header)
	if err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	if _, err := part.Write(f.Content); err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	if err := form.Close(); err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	req, err := c.api.NewMultiPartRequestWithContext(ctx, http.MethodPost, target, &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("X-Atlassian-Token", "no-check")
	return req, nil
}

// FindAttachment looks for a file of ours with the same name and content that
// was attached at the given time or later, by our clock. It returns its id, or
// "". Jira keeps no marker at attachments.
func (c *Client) FindAttachment(ctx context.Context, issue string, f File, since time.Time) (string, error) {
	list, err := c.Attachments(ctx, issue)
	if err != nil {
		return "", err
	}
	me, err := c.Me(ctx)
	if err != nil {
		return "", err
	}
	for _, a := range list {
		if a.Filename != f.Name || a.Size != int64(len(f.Content)) || !a.Author.Same(me) || a.Created.Before(since.Add(-clockSkew)) {
			continue
		}
		content, err := c.Download(ctx, a)
		if err != nil {
			return "", err
		}
		if bytes.Equal(content, f.Content) {
			return a.ID, nil
		}
	}
	return "", nil
}
