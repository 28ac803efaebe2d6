package github

import (
	"fmt"
	"maps"
	"strconv"
)

// event is something that webhooks tell of.
type event struct {
	name string
	body doc
}

// event makes an event with the members that all have.
func (a Actor) event(r *repository, name string, members doc) *event {
	body := doc{"repository": a.server.repoDoc(r), "sender": a.server.userDoc(a.login)}
	maps.Copy(body, members)
	return &event{name: name, body: body}
}

func (a Actor) pullEvent(r *repository, t *Thread, action string, more doc) *event {
	e := a.event(r, "pull_request", doc{"action": action, "number": t.Number, "pull_request": a.server.pullDoc(r, t, true)})
	maps.Copy(e.body, more)
	return e
}

func (a Actor) issueEvent(r *repository, t *Thread, action string) *event {
	return a.event(r, "issues", doc{"action": action, "issue": a.server.issueDoc(r, t)})
}

func (a Actor) commentEvent(r *repository, t *Thread, c Comment, action string, changes doc) *event {
	e := a.event(r, "issue_comment", doc{"action": action, "issue": a.server.issueDoc(r, t), "comment": a.server.commentDoc(r, t, c)})
	if changes != nil {
		e.body["changes"] = changes
	}
	return e
}

func (a Actor) reviewEvent(r *repository, t *Thread, state, body string) *event {
	s := a.server
	id := s.id()
	html := fmt.Sprintf("%s/%s/pull/%d#pullrequestreview-%d", s.opts.BaseURL, r.name, t.Number, id)
	pull := fmt.Sprintf("%s/repos/%s/pulls/%d", s.apiURL(), r.name, t.Number)
	review := doc{"id": id, "node_id": node("PullRequestReview", id), "user": s.userDoc(a.login), "body": text(body), "commit_id": t.Pull.HeadSHA,
		"submitted_at": stamp(s.now()), "state": state, "html_url": html, "pull_request_url": pull, "author_association": "MEMBER",
		"_links": doc{"html": doc{"href": html}, "pull_request": doc{"href": pull}}}
	return a.event(r, "pull_request_review", doc{"action": "submitted", "review": review, "pull_request": s.pullDoc(r, t, false)})
}

func (a Actor) pushEvent(r *repository, branch string, messages []string) *event {
	s := a.server
	before := sha(r.name, branch)
	commits := []any{}
	var last any
	head := before
	for i, message := range messages {
		head = sha(r.name, branch, message, strconv.Itoa(i))
		who := doc{"name": a.login, "email": a.login + "@example.com", "username": a.login}
		last = doc{"id": head, "tree_id": sha(head), "distinct": true, "message": message, "timestamp": stamp(s.now()),
			"url": s.opts.BaseURL + "/" + r.name + "/commit/" + head, "author": who, "committer": who, "added": []any{}, "removed": []any{}, "modified": []string{"main.go"}}
		commits = append(commits, last)
	}
	return a.event(r, "push", doc{"ref": "refs/heads/" + branch, "before": before, "after": head, "pusher": doc{"name": a.login, "email": a.login + "@example.com"},
		"created": false, "deleted": false, "forced": false, "base_ref": nil, "compare": s.opts.BaseURL + "/" + r.name + "/compare/" + before[:12] + "..." + head[:12],
		"commits": commits, "head_commit": last})
}
