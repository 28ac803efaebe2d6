package github

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/tool"
)

type getPullRequestArgs struct {
	Repository Repository `json:"repository"`
	Number     Number     `json:"number"`
	Files      bool       `json:"files"`
	Diff       bool       `json:"diff"`
	Page       int        `json:"page"`
}

func (t *Tools) getPullRequest() tool.Tool {
	return handler[getPullRequestArgs]{
		tools: t,
		spec: spec("github_get_pull_request", tool.Read, "Read a pull request, with its changed files if wanted.", `{"type":"object","properties":{
"repository":{"type":"string","description":"owner/name"},
"number":{"type":"integer"},
"files":{"type":"boolean","description":"list the changed files"},
"diff":{"type":"boolean","description":"show the changes of each file too"},
"page":{"type":"integer","description":"of the files"}},
"required":["repository","number"]}`, "github_get_pr"),
		repository: func(a getPullRequestArgs) Repository { return a.Repository },
		run:        runGetPullRequest,
	}
}

func runGetPullRequest(ctx context.Context, j job, a getPullRequestArgs) (tool.Result, error) {
	pr, err := j.client.PullRequest(ctx, a.Repository.String(), int(a.Number))
	if err != nil {
		return tool.Result{}, err
	}
	text := describe(pr)
	if a.Files || a.Diff {
		files, next, err := j.client.ChangedFiles(ctx, a.Repository.String(), int(a.Number), github.Page{Number: a.Page, Size: filesPerPage})
		if err != nil {
			return tool.Result{}, err
		}
		text += "\n\nFiles:\n" + changes(files, a.Diff) + more(next)
	}
	return tool.Result{Text: text, Target: fmt.Sprintf("%s#%d", a.Repository, a.Number)}, nil
}

const (
	filesPerPage = 50
	listPerPage  = 30
	// maxPatch bounds what is shown of one file's changes, in bytes.
	maxPatch = 4000
)

// describe is a pull request in a few lines.
func describe(pr github.PullRequest) string {
	var b strings.Builder
	fmt.Fprintf(&b, "#%d %s\n%s\n", pr.Number, pr.Title, pr.URL)
	fmt.Fprintf(&b, "State: %s\nAuthor: %s\nBranch: %s into %s\n", stateOf(pr), pr.User.Login, branch(pr.Head, pr.Base), pr.Base.Ref)
	fmt.Fprintf(&b, "Size: +%d -%d in %d files, %d commits\n", pr.Additions, pr.Deletions, pr.ChangedFiles, pr.Commits)
	fmt.Fprintf(&b, "Created: %s  Updated: %s\n", day(pr.Created), day(pr.Updated))
	list(&b, "Labels", labels(pr.Labels))
	list(&b, "Assignees", logins(pr.Assignees))
	list(&b, "Reviewers asked", logins(pr.Reviewers))
	if pr.State == "open" && pr.MergeableState != "" {
		fmt.Fprintf(&b, "Mergeable: %s\n", pr.MergeableState)
	}
	if n := pr.Comments + pr.ReviewComments; n > 0 {
		fmt.Fprintf(&b, "Comments: %d\n", n)
	}
	if body := strings.TrimSpace(pr.Body); body != "" {
		b.WriteString("\n" + body)
	}
	return strings.TrimRight(b.String(), "\n")
}

func stateOf(pr github.PullRequest) string {
	switch {
	case pr.Merged || pr.MergedAt != nil:
		text := "merged"
		if pr.MergedAt != nil {
			text += " at " + day(*pr.MergedAt)
		}
		if pr.MergedBy != nil {
			text += " by " + pr.MergedBy.Login
		}
		return text
	case pr.Draft:
		return pr.State + ", draft"
	}
	return pr.State
}

// branch names the repository of a branch only where it is a fork's.
func branch(head, base github.Branch) string {
	if head.Repo != nil && base.Repo != nil && head.Repo.FullName != base.Repo.FullName {
		return head.Repo.FullName + ":" + head.Ref
	}
	return head.Ref
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

func list(b *strings.Builder, name string, values []string) {
	if len(values) > 0 {
		fmt.Fprintf(b, "%s: %s\n", name, strings.Join(values, ", "))
	}
}

func labels(list []github.Label) []string {
	var names []string
	for _, l := range list {
		names = append(names, l.Name)
	}
	return names
}

func logins(list []github.User) []string {
	var names []string
	for _, u := range list {
		names = append(names, u.Login)
	}
	return names
}

func changes(files []github.ChangedFile, diff bool) string {
	var lines []string
	for _, f := range files {
		lines = append(lines, fmt.Sprintf("%s %s +%d -%d", f.Status, f.Name, f.Additions, f.Deletions))
		if diff && f.Patch != "" {
			lines = append(lines, clip(f.Patch, maxPatch))
		}
	}
	return strings.Join(lines, "\n")
}

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "\n(cut)"
}

func more(next int) string {
	if next == 0 {
		return ""
	}
	return fmt.Sprintf("\nmore: page %d", next)
}

type listPullRequestsArgs struct {
	Repository Repository `json:"repository"`
	State      string     `json:"state"`
	Base       string     `json:"base"`
	Head       string     `json:"head"`
	Page       int        `json:"page"`
}

func (t *Tools) listPullRequests() tool.Tool {
	return handler[listPullRequestsArgs]{
		tools: t,
		spec: spec("github_list_pull_requests", tool.Read, "List a repository's pull requests, latest changed first.", `{"type":"object","properties":{
"repository":{"type":"string","description":"owner/name"},
"state":{"type":"string","enum":["open","closed","all"],"description":"default open"},
"base":{"type":"string","description":"branch that it goes into"},
"head":{"type":"string","description":"branch that it comes from"},
"page":{"type":"integer"}},
"required":["repository"]}`, "github_list_prs"),
		repository: func(a listPullRequestsArgs) Repository { return a.Repository },
		run:        runListPullRequests,
	}
}

func runListPullRequests(ctx context.Context, j job, a listPullRequestsArgs) (tool.Result, error) {
	head := a.Head
	if head != "" && !strings.Contains(head, ":") {
		head = a.Repository.owner + ":" + head
	}
	prs, next, err := j.client.PullRequests(ctx, a.Repository.String(), a.State, head, a.Base, github.Page{Number: a.Page, Size: listPerPage})
	if err != nil {
		return tool.Result{}, err
	}
	var lines []string
	for _, pr := range prs {
		line := fmt.Sprintf("#%d %s (%s, by %s, %s into %s, updated %s)", pr.Number, pr.Title, stateOf(pr), pr.User.Login,
			branch(pr.Head, pr.Base), pr.Base.Ref, day(pr.Updated))
		if names := labels(pr.Labels); len(names) > 0 {
			line += " [" + strings.Join(names, ", ") + "]"
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		return tool.Result{Text: "There are no such pull requests."}, nil
	}
	return tool.Result{Text: strings.Join(lines, "\n") + more(next)}, nil
}

type getFileArgs struct {
	Repository Repository `json:"repository"`
	Path       string     `json:"path"`
	Ref        string     `json:"ref"`
}

func (t *Tools) getFile() tool.Tool {
	return handler[getFileArgs]{
		tools: t,
		spec: spec("github_get_file", tool.Read, "Read a text file of a repository, or list a directory.", `{"type":"object","properties":{
"repository":{"type":"string","description":"owner/name"},
"path":{"type":"string","description":"empty for the top directory"},
"ref":{"type":"string","description":"branch, tag or commit; default the default branch"}},
"required":["repository","path"]}`),
		repository: func(a getFileArgs) Repository { return a.Repository },
		run:        runGetFile,
	}
}

func runGetFile(ctx context.Context, j job, a getFileArgs) (tool.Result, error) {
	path, err := filePath(a.Path)
	if err != nil {
		return tool.Result{}, err
	}
	content, err := j.client.Content(ctx, a.Repository.String(), path, a.Ref)
	switch {
	case err != nil:
		return tool.Result{}, err
	case content.Entries != nil:
		var lines []string
		for _, e := range content.Entries {
			lines = append(lines, fmt.Sprintf("%s %s", e.Type, e.Path))
		}
		return tool.Result{Text: strings.Join(lines, "\n")}, nil
	case !utf8.Valid(content.Text) || bytes.ContainsRune(content.Text, 0):
		return tool.Result{}, refuse("%s is no text: it has %d bytes of another kind", path, content.Size)
	}
	return tool.Result{Text: string(content.Text)}, nil
}
