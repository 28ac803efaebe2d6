package github

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	eventgithub "github.com/aofctl/aofctl/internal/event/github"
	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/tool"
)

const (
	// maxComment is GitHub's limit, in characters, less room for the mark.
	maxComment = 65536 - 512
	// commentKind is how comments are called in the ledger; routing looks our own
	// ones up by it.
	commentKind = "github comment"
	// slack is how far the server's clock may be behind ours.
	slack = 5 * time.Minute
	// maxPages bounds how many pages of comments are searched for ours.
	maxPages = 20
)

type commentArgs struct {
	Repository Repository `json:"repository"`
	Number     Number     `json:"number"`
	Body       string     `json:"body"`
}

func (t *Tools) comment() tool.Tool {
	s := spec("github_comment", tool.Write, "Post a comment on a pull request or an issue on GitHub.", `{"type":"object","properties":{
"repository":{"type":"string","description":"owner/name"},
"number":{"type":"integer","description":"of the pull request or issue"},
"body":{"type":"string","description":"Markdown"}},
"required":["repository","number","body"]}`, "github_post_comment", "github_add_comment")
	s.Comments = true
	return handler[commentArgs]{
		tools: t, spec: s,
		repository: func(a commentArgs) Repository { return a.Repository },
		run:        runComment,
	}
}

func runComment(ctx context.Context, j job, a commentArgs) (tool.Result, error) {
	body := strings.TrimSpace(a.Body)
	if body == "" {
		return tool.Result{}, refuse("the body is empty; a comment needs text")
	}
	target := fmt.Sprintf("%s#%d", a.Repository, a.Number)
	var refs []string
	for i, part := range split(body, maxComment) {
		id := j.call.ID
		if i > 0 {
			id = fmt.Sprintf("%s#%d", id, i+1)
		}
		ref, err := j.post(ctx, target, a, id, part)
		if err != nil {
			return tool.Result{}, err
		}
		refs = append(refs, ref)
	}
	return tool.Result{Text: fmt.Sprintf("Posted comment %s on %s.", strings.Join(refs, ", "), target), Target: target}, nil
}

// post posts one comment under an id, which it carries invisibly: so it is found
// again if nobody learned whether it went through.
func (j job) post(ctx context.Context, target string, a commentArgs, id, body string) (string, error) {
	mark := eventgithub.Mark{ID: id, Depth: j.call.Origin.Depth}
	return j.writer.Once(ctx, id, tool.Action{
		Kind: commentKind, Target: target, NotSent: notSent,
		Find: func(ctx context.Context, since time.Time) (string, bool, error) {
			return j.find(ctx, a, id, since)
		},
		Send: func(ctx context.Context) (string, error) {
			c, err := j.client.AddComment(ctx, a.Repository.String(), int(a.Number), body+"\n\n"+mark.String())
			return strconv.FormatInt(c.ID, 10), err
		},
	})
}

// find looks for the comment that carries an id.
func (j job) find(ctx context.Context, a commentArgs, id string, since time.Time) (string, bool, error) {
	page := 1
	for range maxPages {
		comments, next, err := j.client.Comments(ctx, a.Repository.String(), int(a.Number), since.Add(-slack), github.Page{Number: page, Size: 100})
		if err != nil {
			return "", false, err
		}
		for _, c := range comments {
			if mark, ok := eventgithub.FindMark(c.Body); ok && mark.ID == id {
				return strconv.FormatInt(c.ID, 10), true, nil
			}
		}
		if next == 0 {
			return "", false, nil
		}
		page = next
	}
	return "", false, fmt.Errorf("look for comment on %s#%d: there are too many: %w", a.Repository, a.Number, tool.ErrInDoubt)
}

// split cuts a text that is too long for one comment, at the ends of lines where
// that is possible.
func split(text string, most int) []string {
	var parts []string
	for len(text) > most {
		cut := strings.LastIndexByte(text[:most], '\n')
		if cut < most/2 {
			cut = len(strings.ToValidUTF8(text[:most], ""))
		}
		parts = append(parts, strings.TrimSpace(text[:cut]))
		text = strings.TrimSpace(text[cut:])
	}
	return append(parts, text)
}
