package confluence

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
)

// rawFile is a file as version 1 tells it.
type rawFile struct {
	ID       string     `json:"id"`
	Title    string     `json:"title"`
	Version  rawVersion `json:"version"`
	Metadata struct {
		MediaType string `json:"mediaType"`
		Comment   string `json:"comment"`
	} `json:"metadata"`
	Extensions struct {
		MediaType string `json:"mediaType"`
		FileSize  int64  `json:"fileSize"`
		Comment   string `json:"comment"`
	} `json:"extensions"`
	Links links `json:"_links"`
}

func (r rawFile) attachment() Attachment {
	return Attachment{
		ID: r.ID, Filename: r.Title, MediaType: cmp.Or(r.Extensions.MediaType, r.Metadata.MediaType), Size: r.Extensions.FileSize,
		Comment: cmp.Or(r.Extensions.Comment, r.Metadata.Comment), Version: r.Version.version(), download: r.Links.Download,
	}
}

// upload sends a file. The answer is a list of one, or that one, by version and
// address.
func (a *v1) upload(ctx context.Context, method, path, pageID string, f File) (Attachment, error) {
	var raw json.RawMessage
	if err := a.do(ctx, request{method: method, path: path, file: &f}, &raw); err != nil {
		return Attachment{}, err
	}
	var listed struct {
		Results []rawFile `json:"results"`
	}
	var made rawFile
	if err := json.Unmarshal(raw, &listed); err == nil && len(listed.Results) > 0 {
		made = listed.Results[0]
	} else if err := json.Unmarshal(raw, &made); err != nil {
		return Attachment{}, fmt.Errorf("decode the file that was uploaded: %w", err)
	}
	out := made.attachment()
	out.PageID = pageID
	return out, nil
}

// buildUpload makes the multipart request that Confluence wants, with the header
// by which it knows that no web page was tricked into sending it.
func buildUpload(ctx context.Context, method, target string, f File) (*http.Request, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition("file", f.Name))
	header.Set("Content-Type", cmp.Or(f.Type, "application/octet-stream"))
	part, err := form.CreatePart(header)
	if err == nil {
		_, err = part.Write(f.Content)
	}
	if err == nil && f.Comment != "" {
		err = form.WriteField("comment", f.Comment)
	}
	if err == nil {
		err = form.WriteField("minorEdit", strconv.FormatBool(f.Minor))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body.Bytes()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("X-Atlassian-Token", "nocheck")
	return req, nil
}
