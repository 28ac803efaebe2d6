package github

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/aofctl/aofctl/internal/github"
	"github.com/aofctl/aofctl/internal/tool"
)

type searchArgs struct {
	Query string `json:"query"`
	Kind  string `json:"kind"`
	State string `json:"state"`
	Page  int    `json:"page"`
}

func (t *Tools) searchIssues() tool.Tool {
	return handler[searchArgs]{
		tools: t,
		spec: spec("github_search_issues", tool.Read, "Find issues and pull requests by words and qualifiers of GitHub's search.", `{"type":"object","properties":{
"query":{"type":"string","description":"such as: login label:bug author:octocat"},
"kind":{"type":"string","enum":["issue","pull_request"]},
"state":{"type":"string","enum":["open","closed"]},
"page":{"type":"integer"}},
"required":["query"]}`),
		run: runSearch,
	}
}

// reaching are the qualifiers by which a search says where to look. They are the
// run's to say.
var reaching = regexp.MustCompile(`(?i)(^|[\s(-])(repo|org|user|enterprise|project|is|type|state|sort|in):`)

func runSearch(ctx context.Context, j job, a searchArgs) (tool.Result, error) {
	where, err := j.where()
	if err != nil {
		return tool.Result{}, err
	}
	for _, m := range reaching.FindAllStringSubmatch(a.Query, -1) {
		switch name := strings.ToLower(m[2]); name {
		case "repo", "org", "user", "enterprise", "project":
			return tool.Result{}, refuse("leave out %s: of the query; this run looks in %s", name, strings.Join(j.call.Repositories, ", "))
		}
	}
	parts := append([]string{strings.TrimSpace(a.Query)}, where...)
	if a.Kind != "" {
		parts = append(parts, "is:"+strings.ReplaceAll(a.Kind, "_", "-"))
	}
	if a.State != "" {
		parts = append(parts, "state:"+a.State)
	}
	issues, total, next, err := j.client.SearchIssues(ctx, strings.Join(parts, " "), github.Page{Number: a.Page, Size: listPerPage})
	if err != nil {
		return tool.Result{}, err
	}
	var lines []string
	for _, issue := range issues {
		// Whatever the query was made to mean: nothing from elsewhere is shown.
		if tool.InRepositories(j.call.Repositories, issue.Repository()) {
			lines = append(lines, found(issue))
		}
	}
	if len(lines) == 0 {
		return tool.Result{Text: "Nothing was found."}, nil
	}
	return tool.Result{Text: fmt.Sprintf("%d found:\n%s%s", total, strings.Join(lines, "\n"), more(next))}, nil
}

// where are the qualifiers for the run's repositories. GitHub's search knows
// repositories and their owners, and no other patterns.
func (j job) where() ([]string, error) {
	var out []string
	for _, r := range j.call.Repositories {
		owner, name, _ := strings.Cut(r, "/")
		switch {
		case strings.ContainsAny(owner, `*?[\"`), owner == "":
			return nil, refuse("the scope %s cannot be searched: GitHub's search takes repositories and their owners only", r)
		case strings.ContainsAny(name, `*?[\`):
			out = append(out, "user:"+owner)
		default:
			out = append(out, "repo:"+r)
		}
	}
	return out, nil
}

func found(issue github.Issue) string {
	kind, state := "issue", issue.State
	if issue.PullRequest != nil {
		kind = "pull request"
		if issue.PullRequest.MergedAt != nil {
			state = "merged"
		}
	}
	line := fmt.Sprintf("%s#%d %s (%s, %s, by %s, updated %s)", issue.Repository(), issue.Number, issue.Title, kind, state, issue.User.Login, day(issue.Updated))
	if names := labels(issue.Labels); len(names) > 0 {
		line += " [" + strings.Join(names, ", ") + "]"
	}
	return line
}
