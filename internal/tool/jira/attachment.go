package jira

import (
	"context"
	"fmt"
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
		rows = append(rows, row(f.Filename, f.ID, f.MimeType, tool.Size(f.Size), person(f.Author), minute(f.Created)))
	}
	return entries("attachments (name | id | type | size | author | created)", rows, 0, 0), nil
}

type getAttachmentArgs struct {
	Issue Key    `json:"issue_key"`
	File  string `json:"attachment"`
	Page  string `json:"page_token"`
}

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
	head := fmt.Sprintf("%s (%s, %s)", line(file.Filename), file.MimeType, tool.Size(file.Size))
	if file.Size > tool.MaxDownload {
		return tool.Result{}, refuse("%s is too large to be read; at most %s are possible", head, tool.Size(tool.MaxDownload))
	}
	content, err := j.client.Download(ctx, file)
	if err != nil {
		return tool.Result{}, err
	}
	if !tool.IsText(content) {
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

// excerpt is as much of a text as fits, from a position in bytes.
func excerpt(content []byte, start int) string {
	start = min(start, len(content))
	for start > 0 && start < len(content) && !utf8.RuneStart(content[start]) {
		start--
	}
	end := min(start+tool.MaxResult-2*reserve, len(content))
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
	f, err := tool.ReadFile(a.Name, a.Content, a.Encoding)
	if err != nil {
		return jira.File{}, refuse("%v", err)
	}
	return jira.File{Name: f.Name, Type: f.Type, Content: f.Content}, nil
}
