package jira

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"mime"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/atlassian/jira"
	"github.com/aofctl/aofctl/internal/tool"
)

func (t *Tools) listAttachments() tool.Tool {
	return handler[issueArgs]{
		tools: t,
		spec: spec("jira_list_attachments", tool.Read, "List the files at an issue.",
			`{"type":"object","properties":{"issue_key":{"type":"string"}},"required":["issue_key"]}`, "jira_get_attachments"),
		keys: func(a issueArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a issueArgs) (tool.Result, error) {
			text, err := j.attachments(ctx, a.Issue)
			return tool.Result{Text: text}, err
		},
	}
}

func (j job) attachments(ctx context.Context, key Key) (string, error) {
	files, err := j.client.Attachments(ctx, key.String())
	if err != nil {
		return "", err
	}
	rows := make([]string, 0, len(files))
	for _, f := range files {
		rows = append(rows, row(f.Filename, f.ID, f.MimeType, size(f.Size), person(f.Author), minute(f.Created)))
	}
	return entries("attachments (name | id | type | size | author | created)", rows, 0, 0), nil
}

func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f kB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%d B", n)
	}
}

type getAttachmentArgs struct {
	Issue Key    `json:"issue_key"`
	File  string `json:"attachment"`
	Page  string `json:"page_token"`
}

// maxDownload bounds the files that are read, in bytes.
const maxDownload = 10 << 20

func (t *Tools) getAttachment() tool.Tool {
	return handler[getAttachmentArgs]{
		tools: t,
		spec: spec("jira_get_attachment", tool.Read, "Read a text file at an issue.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"attachment":{"type":"string","description":"file name or id"},
"page_token":{"type":"string"}},
"required":["issue_key","attachment"]}`, "jira_download_attachment"),
		keys: func(a getAttachmentArgs) []Key { return []Key{a.Issue} },
		run:  runGetAttachment,
	}
}

// runGetAttachment looks for the file at the issue, since what Jira tells of a
// file by itself does not say whose it is.
func runGetAttachment(ctx context.Context, j job, a getAttachmentArgs) (tool.Result, error) {
	start, err := jira.Position(a.Page)
	if err != nil {
		return tool.Result{}, err
	}
	files, err := j.client.Attachments(ctx, a.Issue.String())
	if err != nil {
		return tool.Result{}, err
	}
	file, err := pickFile(files, a)
	if err != nil {
		return tool.Result{}, err
	}
	head := fmt.Sprintf("%s (%s, %s)", line(file.Filename), file.MimeType, size(file.Size))
	if file.Size > maxDownload {
		return tool.Result{}, refuse("%s is too large to be read; at most %s are possible", head, size(maxDownload))
	}
	content, err := j.client.Download(ctx, file)
	if err != nil {
		return tool.Result{}, err
	}
	if !isText(content) {
		return tool.Result{}, refuse("%s is not text and cannot be shown", head)
	}
	return tool.Result{Text: head + ":\n" + excerpt(content, start)}, nil
}

// pickFile finds a file by id or name. Of several with one name it is the latest.
func pickFile(files []jira.Attachment, a getAttachmentArgs) (jira.Attachment, error) {
	wanted := strings.TrimSpace(a.File)
	for _, match := range []func(jira.Attachment) bool{
		func(f jira.Attachment) bool { return f.ID == wanted },
		func(f jira.Attachment) bool { return f.Filename == wanted },
		func(f jira.Attachment) bool { return strings.EqualFold(f.Filename, wanted) },
	} {
		found := filter(files, match)
		if len(found) == 0 {
			continue
		}
		latest := found[0]
		for _, f := range found {
			if f.Created.After(latest.Created.Time) {
				latest = f
			}
		}
		return latest, nil
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, f.Filename+" ("+f.ID+")")
	}
	return jira.Attachment{}, refuse("%s has no attachment %q; it has %s", a.Issue, shorten(a.File, 200), fewOf(names))
}

// isText reports whether a file can be shown, whatever type it claims to have.
func isText(content []byte) bool {
	return utf8.Valid(content) && !bytes.ContainsRune(content[:min(len(content), 8<<10)], 0)
}

// excerpt is as much of a text as fits, from a position in bytes.
func excerpt(content []byte, start int) string {
	start = min(start, len(content))
	for start > 0 && start < len(content) && !utf8.RuneStart(content[start]) {
		start--
	}
	end := min(start+maxResult-2*reserve, len(content))
	for end < len(content) && !utf8.RuneStart(content[end]) {
		end--
	}
	text := string(content[start:end])
	if end < len(content) {
		text += fmt.Sprintf("\ntruncated: %d more bytes; use page_token %d", len(content)-end, end)
	}
	return text
}

type addAttachmentArgs struct {
	Issue    Key    `json:"issue_key"`
	Name     string `json:"filename"`
	Content  string `json:"content"`
	Encoding string `json:"encoding"`
}

func (t *Tools) addAttachment() tool.Tool {
	return handler[addAttachmentArgs]{
		tools: t,
		spec: spec("jira_add_attachment", tool.Write, "Attach a file to an issue.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"filename":{"type":"string"},
"content":{"type":"string"},
"encoding":{"type":"string","enum":["text","base64"]}},
"required":["issue_key","filename","content"]}`),
		keys: func(a addAttachmentArgs) []Key { return []Key{a.Issue} },
		run: func(ctx context.Context, j job, a addAttachmentArgs) (tool.Result, error) {
			file, err := a.file()
			if err != nil {
				return tool.Result{}, err
			}
			id, err := j.attach(ctx, a.Issue.String(), file)
			if err != nil {
				return tool.Result{}, err
			}
			return ack("Attached %s (%s) to %s.", file.Name, id, a.Issue)
		},
	}
}

// attach puts a file at an issue once. Jira keeps no marker at a file: what is
// looked for is a file of ours with this name and this content.
func (j job) attach(ctx context.Context, key string, file jira.File) (string, error) {
	return j.once(ctx, j.call.ID, tool.Action{
		Kind: "attachment", Target: key,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			ref, err := j.client.FindAttachment(ctx, key, file, since)
			return ref, ref != "", err
		},
		Send: func(ctx context.Context) (string, error) {
			made, err := j.client.Attach(ctx, key, file)
			return made.ID, err
		},
	})
}

func (a addAttachmentArgs) file() (jira.File, error) {
	name := strings.TrimSpace(a.Name)
	if strings.Trim(name, ".") == "" || name != path.Base(name) || strings.ContainsAny(name, "\\:*?\"<>|\r\n\t\x00") || length(name) > 255 {
		return jira.File{}, refuse("%q is not a file name: it must be a plain name of at most 255 characters", shorten(a.Name, 200))
	}
	content := []byte(a.Content)
	if a.Encoding == "base64" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(strings.TrimSpace(a.Content)); err != nil {
			return jira.File{}, refuse("content is not base64: %v", err)
		}
	}
	if len(content) == 0 {
		return jira.File{}, refuse("content is empty")
	}
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" && isText(content) {
		kind = "text/plain; charset=utf-8"
	}
	return jira.File{Name: name, Type: kind, Content: content}, nil
}
