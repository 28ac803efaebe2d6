package confluence

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian/confluence"
	"github.com/aofctl/aofctl/internal/tool"
)

type listAttachmentsArgs struct {
	Page  Ref    `json:"page_id"`
	Limit int    `json:"limit"`
	From  string `json:"page_token"`
}

func (t *Tools) listAttachments() tool.Tool {
	return handler[listAttachmentsArgs]{
		tools: t,
		spec: spec("confluence_list_attachments", tool.Read, "List the files at a page.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"limit":{"type":"integer","description":"default 50, at most 100"},
"page_token":{"type":"string"}},
"required":["page_id"]}`, "confluence_get_attachments"),
		page: func(a listAttachmentsArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a listAttachmentsArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			list, err := j.api.Attachments(ctx, page.ID, "", confluence.Part{Limit: bounded(a.Limit, 50, 100), From: a.From})
			rows := make([]string, 0, len(list.Items))
			for _, f := range list.Items {
				rows = append(rows, row(f.Filename, f.ID, f.MediaType, tool.Size(f.Size), minute(f.Version.When), f.Comment))
			}
			return tool.Result{Text: table("attachments (name | id | type | size | when | comment)", rows, list.Next), Target: target(page.ID)}, err
		},
	}
}

type getAttachmentArgs struct {
	Page Ref    `json:"page_id"`
	Name string `json:"filename"`
	From string `json:"page_token"`
}

func (t *Tools) getAttachment() tool.Tool {
	return handler[getAttachmentArgs]{
		tools: t,
		spec: spec("confluence_get_attachment", tool.Read, "Read a text file at a page.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"filename":{"type":"string"},
"page_token":{"type":"string"}},
"required":["page_id","filename"]}`, "confluence_download_attachment"),
		page: func(a getAttachmentArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a getAttachmentArgs) (tool.Result, error) {
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			name := strings.TrimSpace(a.Name)
			list, err := j.api.Attachments(ctx, page.ID, name, confluence.Part{Limit: 1})
			if err != nil {
				return tool.Result{}, err
			}
			if name == "" || len(list.Items) == 0 {
				return tool.Result{}, refuse("page %s has no file %q; confluence_list_attachments tells their names", page.ID, shorten(name))
			}
			text, err := j.file(ctx, list.Items[0], a.From)
			return tool.Result{Text: text, Target: target(page.ID)}, err
		},
	}
}

func (j job) file(ctx context.Context, f confluence.Attachment, from string) (string, error) {
	head := fmt.Sprintf("%s (%s, %s)", line(f.Filename), f.MediaType, tool.Size(f.Size))
	if f.Size > tool.MaxDownload {
		return "", refuse("%s is too large to be read; at most %s are possible", head, tool.Size(tool.MaxDownload))
	}
	content, err := j.api.Download(ctx, f)
	if err != nil {
		return "", err
	}
	if !tool.IsText(content) {
		return "", refuse("%s is not text and cannot be shown", head)
	}
	return window(head+":\n", string(content), from)
}

type addAttachmentArgs struct {
	Page     Ref    `json:"page_id"`
	Name     string `json:"filename"`
	Content  string `json:"content"`
	Encoding string `json:"encoding"`
	Comment  string `json:"comment"`
}

func (t *Tools) addAttachment() tool.Tool {
	return handler[addAttachmentArgs]{
		tools: t,
		spec: spec("confluence_add_attachment", tool.Write, "Attach a file to a page, as a new version if there is one of its name.", `{"type":"object","properties":{
"page_id":{"type":"string","description":"id or address"},
"filename":{"type":"string"},
"content":{"type":"string"},
"encoding":{"type":"string","enum":["text","base64"]},
"comment":{"type":"string","description":"why"}},
"required":["page_id","filename","content"]}`, "confluence_upload_attachment"),
		page: func(a addAttachmentArgs) Ref { return a.Page },
		run: func(ctx context.Context, j job, a addAttachmentArgs) (tool.Result, error) {
			file, err := a.file()
			if err != nil {
				return tool.Result{}, err
			}
			page, err := j.load(ctx, a.Page, confluence.PageRead{})
			if err != nil {
				return tool.Result{}, err
			}
			file.Comment = j.message(a.Comment)
			id, err := j.attach(ctx, page.ID, file)
			if err != nil {
				return tool.Result{}, err
			}
			return ack(page.ID, "Attached %s (%s) to page %s.", file.Name, id, page.ID)
		},
	}
}

// attach puts a file at a page once: its comment has the mark of the call.
func (j job) attach(ctx context.Context, page string, file confluence.File) (string, error) {
	return j.once(ctx, j.call.ID, tool.Action{
		Kind: "attachment", Target: target(page),
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			list, err := j.api.Attachments(ctx, page, file.Name, confluence.Part{Limit: 10})
			for _, f := range list.Items {
				if strings.Contains(f.Comment+f.Version.Message, mark(j.call.ID)) {
					return f.ID, true, err
				}
			}
			return "", false, err
		},
		Send: func(ctx context.Context) (string, error) {
			made, err := j.api.Attach(ctx, page, file)
			return made.ID, err
		},
	})
}

func (a addAttachmentArgs) file() (confluence.File, error) {
	f, err := tool.ReadFile(a.Name, a.Content, a.Encoding)
	if err != nil {
		return confluence.File{}, refuse("%v", err)
	}
	return confluence.File{Name: f.Name, Type: f.Type, Content: f.Content}, nil
}
