package jira

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/markup"
	"github.com/aofctl/aofctl/internal/tool"
)

// maxText is Jira's limit for a comment or description, in characters.
const maxText = markup.CommentLimit

type postCommentArgs struct {
	Issue  Key    `json:"issue_key"`
	Body   string `json:"body"`
	Format string `json:"format"`
}

func (t *Tools) postComment() tool.Tool {
	s := spec("jira_post_comment", tool.Write, "Post a comment on an issue.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"body":{"type":"string","description":"Markdown"},
"format":{"type":"string","enum":["markdown","wiki"],"description":"wiki: body is Jira markup"}},
"required":["issue_key","body"]}`, "jira_add_comment", "jira_comment")
	s.Comments = true
	return handler[postCommentArgs]{
		tools: t, spec: s,
		keys: func(a postCommentArgs) []Key { return []Key{a.Issue} },
		run:  runPostComment,
	}
}

func runPostComment(ctx context.Context, j job, a postCommentArgs) (tool.Result, error) {
	body := a.Body
	if a.Format != "wiki" {
		body = j.conv.ToWiki(body)
	}
	if strings.TrimSpace(body) == "" {
		return tool.Result{}, refuse("the body is empty; a comment needs text")
	}
	var refs []string
	for i, part := range markup.SplitComment(body, maxText) {
		id := j.call.ID
		if i > 0 {
			id = fmt.Sprintf("%s#%d", j.call.ID, i+1)
		}
		ref, err := j.postPart(ctx, a.Issue.String(), id, part)
		if err != nil {
			return tool.Result{}, err
		}
		refs = append(refs, ref)
	}
	return ack("Posted comment %s on %s.", strings.Join(refs, ", "), a.Issue)
}

func (j job) postPart(ctx context.Context, key, id, wiki string) (string, error) {
	return j.once(ctx, id, tool.Action{
		Kind: "comment", Target: key,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			ref, err := j.client.FindComment(ctx, key, id, since)
			return ref, ref != "", err
		},
		Send: func(ctx context.Context) (string, error) {
			comment, err := j.client.AddComment(ctx, key, wiki, j.marker(id))
			return comment.ID, err
		},
	})
}

type updateCommentArgs struct {
	Issue   Key    `json:"issue_key"`
	Comment string `json:"comment_id"`
	Body    string `json:"body"`
	Format  string `json:"format"`
}

func (t *Tools) updateComment() tool.Tool {
	s := spec("jira_update_comment", tool.Write, "Replace the text of a comment of your own.", `{"type":"object","properties":{
"issue_key":{"type":"string"},
"comment_id":{"type":"string"},
"body":{"type":"string","description":"Markdown"},
"format":{"type":"string","enum":["markdown","wiki"]}},
"required":["issue_key","comment_id","body"]}`, "jira_edit_comment")
	s.Comments = true
	return handler[updateCommentArgs]{
		tools: t, spec: s,
		keys: func(a updateCommentArgs) []Key { return []Key{a.Issue} },
		run:  runUpdateComment,
	}
}

// runUpdateComment puts what does not fit into further comments.
func runUpdateComment(ctx context.Context, j job, a updateCommentArgs) (tool.Result, error) {
	body := a.Body
	if a.Format != "wiki" {
		body = j.conv.ToWiki(body)
	}
	if strings.TrimSpace(body) == "" {
		return tool.Result{}, refuse("the body is empty; a comment needs text")
	}
	parts := markup.SplitComment(body, maxText)
	key, id := a.Issue.String(), strings.TrimSpace(a.Comment)
	if id == "" {
		return tool.Result{}, refuse("comment_id is empty; jira_get_comments tells the ids in brackets")
	}
	_, err := j.once(ctx, j.call.ID, tool.Action{
		Kind: "update comment", Target: key, Repeatable: true,
		Find: func(ctx context.Context, _ time.Time) (string, bool, error) {
			now, err := j.client.Comment(ctx, key, id)
			return id, err == nil && tidy(now.Body) == tidy(parts[0]), err
		},
		Send: func(ctx context.Context) (string, error) {
			if err := j.ownComment(ctx, key, id); err != nil {
				return "", err
			}
			return id, j.client.UpdateComment(ctx, key, id, parts[0])
		},
	})
	if err != nil {
		return tool.Result{}, err
	}
	refs := []string{id}
	for i, part := range parts[1:] {
		ref, err := j.postPart(ctx, key, fmt.Sprintf("%s#%d", j.call.ID, i+2), part)
		if err != nil {
			return tool.Result{}, err
		}
		refs = append(refs, ref)
	}
	return ack("Updated comment %s on %s.", strings.Join(refs, ", "), key)
}

// ownComment refuses to change what others said, even where this account might.
func (j job) ownComment(ctx context.Context, key, id string) error {
	comment, err := j.client.Comment(ctx, key, id)
	if err != nil {
		return err
	}
	me, err := j.client.Me(ctx)
	if err != nil {
		return err
	}
	if !comment.Author.Same(me) {
		return refuse("comment %s is by %s; only comments of this account are changed: post one of your own", id, person(comment.Author))
	}
	return nil
}

// length counts characters as Jira does, in UTF-16 code units.
func length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
