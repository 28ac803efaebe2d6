package github

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

func number(n int64) string { return strconv.FormatInt(n, 10) }

// push reads the commits that came to a branch or the tag that was set.
func (n *normalizer) push() {
	if n.name != "push" {
		return
	}
	ref := short(n.in.Get("ref"))
	n.ev.Vars["ref"] = ref
	if branch, ok := strings.CutPrefix(ref, "refs/heads/"); ok {
		n.ev.Vars["branch"] = branch
	}
	if tag, ok := strings.CutPrefix(ref, "refs/tags/"); ok {
		n.ev.Vars["tag"] = tag
	}
	n.set("before", n.in.Get("before"))
	n.set("after", n.in.Get("after"))
	n.set("compare_url", n.in.Get("compare"))
	n.set("pusher_name", n.in.Get("pusher.name"))
	n.setBool("forced", n.in.Get("forced"))
	n.at(n.in.Get("head_commit.timestamp"))
	n.told = append(n.told, n.ev.String("branch"))
	n.commits(n.in.Get("commits"))
}

// commits keeps what people read of each commit.
func (n *normalizer) commits(list gjson.Result) {
	if !list.IsArray() {
		return
	}
	commits := []any{}
	total := int64(0)
	list.ForEach(func(_, c gjson.Result) bool {
		if total++; total <= maxItems {
			commits = append(commits, map[string]any{"id": short(c.Get("id")), "message": short(c.Get("message")),
				"author": short(c.Get("author.name")), "url": short(c.Get("url"))})
			n.told = append(n.told, short(c.Get("message")))
		}
		return true
	})
	n.ev.Vars["commits"], n.ev.Vars["commit_count"] = commits, total
}

func (n *normalizer) release(r gjson.Result) {
	if !r.IsObject() {
		return
	}
	for name, path := range map[string]string{
		"release_name": "name", "release_tag": "tag_name", "release_url": "html_url", "release_author": "author.login", "release_published": "published_at",
	} {
		n.set(name, r.Get(path))
	}
	n.setText("release_body", r.Get("body"))
	n.setBool("release_draft", r.Get("draft"))
	n.setBool("release_prerelease", r.Get("prerelease"))
	n.told = append(n.told, short(r.Get("name")), text(r.Get("body")))
}

// check reads the results of checks and workflows, which have the same members.
func (n *normalizer) check() {
	var c gjson.Result
	for _, name := range []string{"check_suite", "check_run", "workflow_run", "workflow_job"} {
		if c = n.in.Get(name); c.IsObject() {
			break
		}
	}
	if !c.IsObject() {
		return
	}
	for name, path := range map[string]string{
		"check_name": "name", "check_status": "status", "check_conclusion": "conclusion", "check_url": "html_url", "check_sha": "head_sha", "branch": "head_branch",
	} {
		n.set(name, c.Get(path))
	}
	if app := c.Get("app.name"); app.Exists() {
		n.set("check_app", app)
	}
	branch := c.Get("head_branch")
	if !branch.Exists() {
		branch = c.Get("check_suite.head_branch")
		n.set("branch", branch)
	}
	n.told = append(n.told, short(branch))
	if prs := c.Get("pull_requests"); prs.IsArray() && len(prs.Array()) == 1 {
		n.setInt("pr_number", prs.Get("0.number"))
		n.thread = prs.Get("0.number").Int()
	}
}
