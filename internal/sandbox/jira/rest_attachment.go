package jira

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
)

func attachmentEndpoints() []endpoint {
	return []endpoint{
		{method: "POST", path: "/issue/{issue}/attachments", status: 200, upload: true, do: restAttach},
		{method: "GET", path: "/attachment/{id}", status: 200, do: restAttachment},
		{method: "DELETE", path: "/attachment/{id}", status: 204, do: restDeleteAttachment},
		{method: "GET", path: "/attachment/content/{id}", status: 200, only: Cloud, do: restAttachmentContent},
	}
}

// restAttach wants the header X-Atlassian-Token: no-check and parts named file.
func restAttach(t *tx, c *call) (any, error) {
	i, err := t.issue(c.path("issue"))
	if err != nil {
		return nil, err
	}
	if token := c.r.Header.Get("X-Atlassian-Token"); token != "no-check" && token != "nocheck" {
		return nil, refuse(http.StatusForbidden, "XSRF check failed")
	}
	files, err := c.files()
	if err != nil {
		return nil, err
	}
	return renderEach(files, func(f *attachment) any {
		return t.renderFile(t.attach(i, f.name, f.kind, f.content))
	}), nil
}

// files reads the uploaded parts.
func (c *call) files() ([]*attachment, error) {
	_, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil {
		return nil, refuse(http.StatusUnsupportedMediaType, "Unsupported Media Type")
	}
	reader := multipart.NewReader(bytes.NewReader(c.raw), params["boundary"])
	var out []*attachment
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "The multipart body is malformed.")
		}
		content, err := io.ReadAll(io.LimitReader(part, MaxAttachment+1))
		switch {
		case err != nil:
			return nil, refuse(http.StatusBadRequest, "The multipart body is malformed.")
		case len(content) > MaxAttachment:
			return nil, refuse(http.StatusRequestEntityTooLarge, "The attachment is too large.")
		case part.FormName() == "file" && part.FileName() != "":
			out = append(out, &attachment{name: part.FileName(), kind: part.Header.Get("Content-Type"), content: content})
		}
	}
	if len(out) == 0 {
		return nil, refuse(http.StatusBadRequest, "No file was attached: the part must be named 'file'.")
	}
	return out, nil
}

func (c *call) file(t *tx) (*attachment, error) {
	n, err := strconv.Atoi(c.path("id"))
	if f := t.st.files[n]; err == nil && f != nil && t.sees(f.issue) {
		return f, nil
	}
	return nil, refuse(http.StatusNotFound, "The attachment with id '%s' does not exist", c.path("id"))
}

func restAttachment(t *tx, c *call) (any, error) {
	f, err := c.file(t)
	if err != nil {
		return nil, err
	}
	out := t.renderFile(f)
	if !t.st.dc {
		// Here alone Cloud has the id as a number.
		out["id"] = f.id
	}
	return out, nil
}

// restAttachmentContent answers the attachment itself; the handler serves it.
func restAttachmentContent(t *tx, c *call) (any, error) { return c.file(t) }

func (f *attachment) serve(w http.ResponseWriter) {
	kind := f.kind
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
	_, _ = w.Write(f.content)
}

func restDeleteAttachment(t *tx, c *call) (any, error) {
	f, err := c.file(t)
	if err != nil {
		return nil, err
	}
	t.detach(f)
	return nil, nil
}
