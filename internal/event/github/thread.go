package github

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/aofctl/aofctl/internal/event"
)

// pullRequest reads a pull request where the payload has it whole.
func (n *normalizer) pullRequest(pr gjson.Result) {
	if !pr.IsObject() {
		return
	}
	n.thread = pr.Get("number").Int()
	n.setInt("pr_number", pr.Get("number"))
	for name, path := range map[string]string{
		"pr_title": "title", "pr_url": "html_url", "pr_state": "state", "pr_branch": "head.ref", "pr_base": "base.ref",
		"pr_author": "user.login", "pr_head_sha": "head.sha", "pr_head_repository": "head.repo.full_name", "author_association": "author_association",
		"pr_created": "created_at", "pr_updated": "updated_at", "pr_merged_at": "merged_at", "pr_merged_by": "merged_by.login",
	} {
		n.set(name, pr.Get(path))
	}
	n.setText("pr_body", pr.Get("body"))
	n.setBool("pr_merged", pr.Get("merged"))
	n.setBool("pr_draft", pr.Get("draft"))
	for _, name := range []string{"additions", "deletions", "changed_files", "commits"} {
		n.setInt("pr_"+name, pr.Get(name))
	}
	n.told = append(n.told, short(pr.Get("title")), short(pr.Get("head.ref")), text(pr.Get("body")))
	if n.name == "pull_request" {
		n.at(pr.Get("updated_at"))
		if n.action == "opened" {
			n.ev.CommandText = text(pr.Get("body"))
		}
	}
}

// issue reads an issue of GitHub's. One that stands for a pull request, as in
// comments, is read as that.
func (n *normalizer) issue(issue gjson.Result) {
	if !issue.IsObject() {
		return
	}
	n.thread = issue.Get("number").Int()
	prefix := "github_issue_"
	if issue.Get("pull_request").IsObject() {
		prefix = "pr_"
		n.setBool("pr_draft", issue.Get("draft"))
		n.ev.Vars["pr_merged"] = str(issue.Get("pull_request.merged_at")) != ""
	}
	n.setInt(prefix+"number", issue.Get("number"))
	for _, field := range [...][2]string{
		{"title", "title"}, {"url", "html_url"}, {"state", "state"}, {"author", "user.login"}, {"created", "created_at"}, {"updated", "updated_at"},
	} {
		n.set(prefix+field[0], issue.Get(field[1]))
	}
	n.setText(prefix+"body", issue.Get("body"))
	n.set("author_association", issue.Get("author_association"))
	n.told = append(n.told, short(issue.Get("title")), text(issue.Get("body")))
	if n.name == "issues" {
		n.at(issue.Get("updated_at"))
		if n.action == "opened" {
			n.ev.CommandText = text(issue.Get("body"))
		}
	}
}

// labels are those of the pull request or the issue.
func (n *normalizer) labels() {
	list := n.in.Get("pull_request.labels")
	if !list.IsArray() {
		list = n.in.Get("issue.labels")
	}
	if list.IsArray() {
		labels := []string{}
		list.ForEach(func(_, label gjson.Result) bool {
			labels = append(labels, short(label.Get("name")))
			return len(labels) < maxItems
		})
		n.ev.Vars["labels"] = labels
	}
	n.set("label", n.in.Get("label.name"))
}

// comment reads a comment: on a pull request or an issue, on a line of a change,
// or on a commit.
func (n *normalizer) comment() {
	c := n.in.Get("comment")
	if !c.IsObject() {
		return
	}
	// Comments on threads and comments on lines are numbered apart.
	prefix := ""
	if n.name != "issue_comment" {
		prefix = n.name + ":"
	}
	n.said(c, prefix)
	n.set("comment_path", c.Get("path"))
	n.at(c.Get("updated_at"))
	if n.action == "created" || n.action == "edited" {
		n.ev.CommandText = text(c.Get("body"))
	}
}

// said reads what somebody said, and looks for our mark in it.
func (n *normalizer) said(c gjson.Result, prefix string) {
	if number := id(c.Get("id")); number != "" {
		n.ev.CommentID = prefix + number
		n.ev.Vars["comment_id"] = number
	}
	n.setText("comment_body", c.Get("body"))
	n.ev.Vars["comment_author_id"] = id(c.Get("user.id"))
	for name, path := range map[string]string{
		"comment_author_name": "user.login", "comment_created": "created_at", "comment_url": "html_url", "author_association": "author_association",
	} {
		n.set(name, c.Get(path))
	}
	if mark, ok := FindMark(str(c.Get("body"))); ok {
		n.ev.CommentMarked, n.ev.Depth = true, mark.Depth
	}
}

func (n *normalizer) review(r gjson.Result) {
	if !r.IsObject() || n.name != "pull_request_review" {
		return
	}
	n.said(r, "review:")
	n.set("review_state", r.Get("state"))
	n.at(r.Get("submitted_at"))
	if n.action == "submitted" || n.action == "edited" {
		n.ev.CommandText = text(r.Get("body"))
	}
}

// subject is whose events are worked on in order: the pull request or the issue,
// which share their numbers, else the branch, else nothing.
func (n *normalizer) subject() string {
	repo := strings.ToLower(n.ev.String("repository"))
	switch {
	case repo == "":
		return ""
	case n.thread > 0:
		return repo + "#" + number(n.thread)
	case n.ev.String("branch") != "":
		return repo + "@" + n.ev.String("branch")
	}
	return ""
}

// contentKey identifies what happened, so that the deliveries of a repository's
// and of an organisation's webhook count once. Where it could stand for two
// happenings it is "": running twice is the smaller evil.
func (n *normalizer) contentKey() string {
	ev := n.ev
	repo := id(n.in.Get("repository.id"))
	switch {
	case repo == "" || ev.Time.IsZero():
		return ""
	case ev.CommentID != "":
		return key(ev.Type, repo, ev.CommentID, ev.Time.Format("20060102T150405"))
	case n.name == "pull_request" && settled(n.action):
		return key(ev.Type, repo, number(n.thread), ev.String("pr_head_sha"), ev.Time.Format("20060102T150405"))
	case n.name == "issues" && settled(n.action):
		return key(ev.Type, repo, number(n.thread), ev.Time.Format("20060102T150405"))
	}
	return ""
}

// settled are the actions that cannot happen twice within a second.
func settled(action string) bool {
	switch action {
	case "opened", "closed", "reopened", "synchronize", "ready_for_review", "converted_to_draft":
		return true
	}
	return false
}

func key(parts ...string) string {
	for i, part := range parts {
		parts[i] = event.Clip(part, 200)
	}
	return "github:" + strings.Join(parts, ":")
}
