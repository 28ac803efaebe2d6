package github

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"time"
)

// doc is a JSON object as GitHub's API and webhooks have it.
type doc = map[string]any

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func node(kind string, id int64) string {
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "0%d:%s%d", len(kind), kind, id))
}

func (s *Server) apiURL() string { return s.opts.BaseURL + "/api/v3" }

func (s *Server) userDoc(login string) doc {
	u := s.user(login)
	api := s.apiURL() + "/users/" + u.Login
	d := doc{"login": u.Login, "id": u.ID, "node_id": node("User", u.ID), "gravatar_id": "", "type": u.Type, "site_admin": false, "user_view_type": "public",
		"avatar_url": fmt.Sprintf("%s/avatars/u/%d?v=4", s.opts.BaseURL, u.ID), "url": api, "html_url": s.opts.BaseURL + "/" + strings.TrimSuffix(u.Login, "[bot]")}
	for name, path := range map[string]string{
		"followers": "/followers", "following": "/following{/other_user}", "gists": "/gists{/gist_id}", "starred": "/starred{/owner}{/repo}",
		"subscriptions": "/subscriptions", "organizations": "/orgs", "repos": "/repos", "events": "/events{/privacy}", "received_events": "/received_events",
	} {
		d[name+"_url"] = api + path
	}
	return d
}

func (s *Server) repoDoc(r *repository) doc {
	owner, name, _ := strings.Cut(r.name, "/")
	api, html := s.apiURL()+"/repos/"+r.name, s.opts.BaseURL+"/"+r.name
	open := 0
	for _, t := range r.threads {
		if t.State == "open" {
			open++
		}
	}
	d := doc{"id": r.id, "node_id": node("Repository", r.id), "name": name, "full_name": r.name, "private": r.private, "owner": s.userDoc(owner),
		"html_url": html, "description": nil, "fork": false, "url": api, "created_at": stamp(r.created), "updated_at": stamp(r.created), "pushed_at": stamp(r.created),
		"git_url": strings.Replace(html, "http", "git", 1) + ".git", "ssh_url": "git@github.example.com:" + r.name + ".git", "clone_url": html + ".git", "svn_url": html,
		"homepage": nil, "size": 12, "stargazers_count": 0, "watchers_count": 0, "language": "Go", "has_issues": true, "has_projects": true, "has_downloads": true,
		"has_wiki": true, "has_pages": false, "has_discussions": false, "forks_count": 0, "mirror_url": nil, "archived": false, "disabled": false, "open_issues_count": open,
		"license": nil, "allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "topics": []string{}, "visibility": "public", "forks": 0,
		"open_issues": open, "watchers": 0, "default_branch": "main", "custom_properties": doc{}}
	for name, path := range map[string]string{
		"forks": "/forks", "keys": "/keys{/key_id}", "collaborators": "/collaborators{/collaborator}", "teams": "/teams", "hooks": "/hooks", "issue_events": "/issues/events{/number}",
		"events": "/events", "assignees": "/assignees{/user}", "branches": "/branches{/branch}", "tags": "/tags", "blobs": "/git/blobs{/sha}", "git_tags": "/git/tags{/sha}",
		"git_refs": "/git/refs{/sha}", "trees": "/git/trees{/sha}", "statuses": "/statuses/{sha}", "languages": "/languages", "stargazers": "/stargazers",
		"contributors": "/contributors", "subscribers": "/subscribers", "subscription": "/subscription", "commits": "/commits{/sha}", "git_commits": "/git/commits{/sha}",
		"comments": "/comments{/number}", "issue_comment": "/issues/comments{/number}", "contents": "/contents/{+path}", "compare": "/compare/{base}...{head}",
		"merges": "/merges", "archive": "/{archive_format}{/ref}", "downloads": "/downloads", "issues": "/issues{/number}", "pulls": "/pulls{/number}",
		"milestones": "/milestones{/number}", "notifications": "/notifications{?since,all,participating}", "labels": "/labels{/name}", "releases": "/releases{/id}",
		"deployments": "/deployments",
	} {
		d[name+"_url"] = api + path
	}
	return d
}

func labelDoc(s *Server, name string) doc {
	return doc{"id": 900 + len(name), "node_id": node("Label", int64(len(name))), "url": s.apiURL() + "/labels/" + name, "name": name, "color": "ededed", "default": false, "description": nil}
}

func (s *Server) labelDocs(names []string) []any {
	out := []any{}
	for _, name := range names {
		out = append(out, labelDoc(s, name))
	}
	return out
}

// issueDoc is a thread as issues are told, also where it is a pull request.
func (s *Server) issueDoc(r *repository, t *Thread) doc {
	api, html := fmt.Sprintf("%s/repos/%s/issues/%d", s.apiURL(), r.name, t.Number), fmt.Sprintf("%s/%s/issues/%d", s.opts.BaseURL, r.name, t.Number)
	d := doc{"url": api, "repository_url": s.apiURL() + "/repos/" + r.name, "labels_url": api + "/labels{/name}", "comments_url": api + "/comments", "events_url": api + "/events",
		"html_url": html, "id": t.ID, "node_id": node("Issue", t.ID), "number": t.Number, "title": t.Title, "user": s.userDoc(t.Author), "labels": s.labelDocs(t.Labels),
		"state": t.State, "locked": false, "assignee": nil, "assignees": []any{}, "milestone": nil, "comments": len(t.Comments), "created_at": stamp(t.Created),
		"updated_at": stamp(t.Updated), "closed_at": stamp(t.Closed), "author_association": "MEMBER", "active_lock_reason": nil, "body": text(t.Body),
		"reactions": s.reactions(api), "timeline_url": api + "/timeline", "performed_via_github_app": nil, "state_reason": nil}
	if t.Pull != nil {
		html = strings.Replace(html, "/issues/", "/pull/", 1)
		d["html_url"], d["draft"] = html, t.Pull.Draft
		d["pull_request"] = doc{"url": strings.Replace(api, "/issues/", "/pulls/", 1), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "merged_at": stamp(t.Pull.Merged)}
	}
	return d
}

func (s *Server) reactions(api string) doc {
	return doc{"url": api + "/reactions", "total_count": 0, "+1": 0, "-1": 0, "laugh": 0, "hooray": 0, "confused": 0, "heart": 0, "rocket": 0, "eyes": 0}
}

// text is a body: null where there is none.
func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Server) branchDoc(r *repository, ref, sha string) doc {
	owner, _, _ := strings.Cut(r.name, "/")
	return doc{"label": owner + ":" + ref, "ref": ref, "sha": sha, "user": s.userDoc(owner), "repo": s.repoDoc(r)}
}

// pullDoc is a pull request as it is told alone; lists leave the last part out.
func (s *Server) pullDoc(r *repository, t *Thread, whole bool) doc {
	p := t.Pull
	api, html := fmt.Sprintf("%s/repos/%s/pulls/%d", s.apiURL(), r.name, t.Number), fmt.Sprintf("%s/%s/pull/%d", s.opts.BaseURL, r.name, t.Number)
	issue := strings.Replace(api, "/pulls/", "/issues/", 1)
	repo := s.apiURL() + "/repos/" + r.name
	links := doc{}
	urls := map[string]string{"self": api, "html": html, "issue": issue, "comments": issue + "/comments", "review_comments": api + "/comments",
		"review_comment": repo + "/pulls/comments{/number}", "commits": api + "/commits", "statuses": repo + "/statuses/" + p.HeadSHA}
	for name, url := range urls {
		links[name] = doc{"href": url}
	}
	d := doc{"url": api, "id": t.ID, "node_id": node("PullRequest", t.ID), "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "issue_url": issue,
		"number": t.Number, "state": t.State, "locked": false, "title": t.Title, "user": s.userDoc(t.Author), "body": text(t.Body), "created_at": stamp(t.Created),
		"updated_at": stamp(t.Updated), "closed_at": stamp(t.Closed), "merged_at": stamp(p.Merged), "merge_commit_sha": sha(p.HeadSHA, "merge"), "assignee": nil,
		"assignees": []any{}, "requested_reviewers": []any{}, "requested_teams": []any{}, "labels": s.labelDocs(t.Labels), "milestone": nil, "draft": p.Draft,
		"commits_url": urls["commits"], "review_comments_url": urls["review_comments"], "review_comment_url": urls["review_comment"], "comments_url": urls["comments"],
		"statuses_url": urls["statuses"], "head": s.branchDoc(r, p.Head, p.HeadSHA), "base": s.branchDoc(r, p.Base, sha(r.name, p.Base)), "_links": links,
		"author_association": "MEMBER", "auto_merge": nil, "active_lock_reason": nil}
	if !whole {
		return d
	}
	maps.Copy(d, doc{"merged": !p.Merged.IsZero(), "mergeable": p.Merged.IsZero(), "rebaseable": p.Merged.IsZero(), "mergeable_state": "clean",
		"merged_by": nil, "comments": len(t.Comments), "review_comments": 0, "maintainer_can_modify": false, "commits": p.Commits, "additions": p.Additions,
		"deletions": p.Deletions, "changed_files": len(p.Files)})
	if p.MergedBy != "" {
		d["merged_by"] = s.userDoc(p.MergedBy)
	}
	return d
}

func (s *Server) commentDoc(r *repository, t *Thread, c Comment) doc {
	api := fmt.Sprintf("%s/repos/%s/issues/comments/%d", s.apiURL(), r.name, c.ID)
	kind := "issues"
	if t.Pull != nil {
		kind = "pull"
	}
	return doc{"url": api, "html_url": fmt.Sprintf("%s/%s/%s/%d#issuecomment-%d", s.opts.BaseURL, r.name, kind, t.Number, c.ID),
		"issue_url": fmt.Sprintf("%s/repos/%s/issues/%d", s.apiURL(), r.name, t.Number), "id": c.ID, "node_id": node("IssueComment", c.ID), "user": s.userDoc(c.Author),
		"created_at": stamp(c.Created), "updated_at": stamp(c.Updated), "author_association": "MEMBER", "body": c.Body, "reactions": s.reactions(api), "performed_via_github_app": nil}
}
