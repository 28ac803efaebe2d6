package github

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// User is an account.
type User struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

// Label is a label of an issue or a pull request.
type Label struct {
	Name string `json:"name"`
}

// Branch is an end of a pull request.
type Branch struct {
	Ref  string `json:"ref"`
	SHA  string `json:"sha"`
	Repo *struct {
		FullName string `json:"full_name"`
	} `json:"repo"`
}

// PullRequest is a pull request. Lists leave out what only the single one tells:
// Merged, Mergeable and the counts.
type PullRequest struct {
	Number         int        `json:"number"`
	Title          string     `json:"title"`
	Body           string     `json:"body"`
	State          string     `json:"state"`
	Draft          bool       `json:"draft"`
	URL            string     `json:"html_url"`
	User           User       `json:"user"`
	Head           Branch     `json:"head"`
	Base           Branch     `json:"base"`
	Labels         []Label    `json:"labels"`
	Assignees      []User     `json:"assignees"`
	Reviewers      []User     `json:"requested_reviewers"`
	Created        time.Time  `json:"created_at"`
	Updated        time.Time  `json:"updated_at"`
	MergedAt       *time.Time `json:"merged_at"`
	Merged         bool       `json:"merged"`
	Mergeable      *bool      `json:"mergeable"`
	MergeableState string     `json:"mergeable_state"`
	MergedBy       *User      `json:"merged_by"`
	Comments       int        `json:"comments"`
	ReviewComments int        `json:"review_comments"`
	Commits        int        `json:"commits"`
	Additions      int        `json:"additions"`
	Deletions      int        `json:"deletions"`
	ChangedFiles   int        `json:"changed_files"`
}

// ChangedFile is a file of a pull request.
type ChangedFile struct {
	Name      string `json:"filename"`
	Status    string `json:"status"`
	Additions int    `json:"additions"`
	Deletions int    `json:"deletions"`
	Patch     string `json:"patch"`
}

// Comment is a comment on an issue or a pull request.
type Comment struct {
	ID      int64     `json:"id"`
	Body    string    `json:"body"`
	User    User      `json:"user"`
	URL     string    `json:"html_url"`
	Created time.Time `json:"created_at"`
}

// Issue is an issue, or a pull request as searches find it.
type Issue struct {
	Number        int       `json:"number"`
	Title         string    `json:"title"`
	State         string    `json:"state"`
	URL           string    `json:"html_url"`
	User          User      `json:"user"`
	Labels        []Label   `json:"labels"`
	Comments      int       `json:"comments"`
	Updated       time.Time `json:"updated_at"`
	RepositoryURL string    `json:"repository_url"`
	PullRequest   *struct {
		MergedAt *time.Time `json:"merged_at"`
	} `json:"pull_request"`
}

// Repository is the name of the issue's repository, as owner/name.
func (i Issue) Repository() string {
	_, name, _ := strings.Cut(i.RepositoryURL, "/repos/")
	return name
}

// Page asks for a part of a list; the zero value for the first thirty.
type Page struct{ Number, Size int }

func (p Page) query() url.Values {
	q := url.Values{}
	if p.Number > 1 {
		q.Set("page", strconv.Itoa(p.Number))
	}
	if p.Size > 0 {
		q.Set("per_page", strconv.Itoa(p.Size))
	}
	return q
}

var nextPage = regexp.MustCompile(`[?&]page=(\d+)[^>]*>;\s*rel="next"`)

// next is the number of the page after the one that was answered; 0 for none.
func next(h http.Header) int {
	m := nextPage.FindStringSubmatch(h.Get("Link"))
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// at is a path below a repository's. Each part is escaped.
func at(repository string, parts ...string) string {
	owner, name, _ := strings.Cut(repository, "/")
	path := []string{"repos", url.PathEscape(owner), url.PathEscape(name)}
	for _, part := range parts {
		path = append(path, url.PathEscape(part))
	}
	return strings.Join(path, "/")
}

// Me returns the account that the token belongs to. Tokens of apps belong to none:
// GitHub refuses them with 403.
func (c *Client) Me(ctx context.Context) (User, error) {
	var u User
	_, err := c.get(ctx, "user", nil, &u)
	return u, err
}

// PullRequest returns one pull request.
func (c *Client) PullRequest(ctx context.Context, repository string, number int) (PullRequest, error) {
	var pr PullRequest
	_, err := c.get(ctx, at(repository, "pulls", strconv.Itoa(number)), nil, &pr)
	return pr, err
}

// ChangedFiles returns the files of a pull request and the number of the next
// page, 0 for none.
func (c *Client) ChangedFiles(ctx context.Context, repository string, number int, page Page) ([]ChangedFile, int, error) {
	var list []ChangedFile
	h, err := c.get(ctx, at(repository, "pulls", strconv.Itoa(number), "files"), page.query(), &list)
	return list, next(h), err
}

// PullRequests returns pull requests, latest changed first. State is open, closed
// or all; head (owner:branch) and base may be "".
func (c *Client) PullRequests(ctx context.Context, repository, state, head, base string, page Page) ([]PullRequest, int, error) {
	q := page.query()
	q.Set("sort", "updated")
	q.Set("direction", "desc")
	for name, value := range map[string]string{"state": state, "head": head, "base": base} {
		if value != "" {
			q.Set(name, value)
		}
	}
	var list []PullRequest
	h, err := c.get(ctx, at(repository, "pulls"), q, &list)
	return list, next(h), err
}

// AddComment posts Markdown on an issue or a pull request.
func (c *Client) AddComment(ctx context.Context, repository string, number int, body string) (Comment, error) {
	var out Comment
	_, err := c.do(ctx, http.MethodPost, at(repository, "issues", strconv.Itoa(number), "comments"), nil, map[string]string{"body": body}, &out)
	return out, err
}

// Comments returns the comments on an issue or a pull request that were changed
// since a moment, oldest first.
func (c *Client) Comments(ctx context.Context, repository string, number int, since time.Time, page Page) ([]Comment, int, error) {
	q := page.query()
	if !since.IsZero() {
		q.Set("since", since.UTC().Format(time.RFC3339))
	}
	var list []Comment
	h, err := c.get(ctx, at(repository, "issues", strconv.Itoa(number), "comments"), q, &list)
	return list, next(h), err
}

// Content is what stands at a path of a repository: a file with its text, or a
// directory with its entries.
type Content struct {
	Path    string
	SHA     string
	Size    int
	Text    []byte
	Entries []Entry
}

// Entry is a member of a directory.
type Entry struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Type string `json:"type"`
	Size int    `json:"size"`
	SHA  string `json:"sha"`

	Encoding string `json:"encoding"`
	Content  string `json:"content"`
}

// Content reads a path of a repository at a branch, tag or commit; "" for the
// default branch.
func (c *Client) Content(ctx context.Context, repository, path, ref string) (Content, error) {
	q := url.Values{}
	if ref != "" {
		q.Set("ref", ref)
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return Content{}, fmt.Errorf("%q leads out of the repository", path)
		}
	}
	target := at(repository, append([]string{"contents"}, strings.Split(strings.Trim(path, "/"), "/")...)...)
	var raw listing
	if _, err := c.get(ctx, target, q, &raw); err != nil {
		return Content{}, err
	}
	if raw.directory {
		return Content{Path: path, Entries: raw.entries}, nil
	}
	one := raw.entries[0]
	out := Content{Path: one.Path, SHA: one.SHA, Size: one.Size}
	if one.Type != "file" {
		return out, fmt.Errorf("%s is a %s: %w", path, one.Type, ErrNoText)
	}
	if one.Encoding != "base64" {
		return out, fmt.Errorf("%s has %d bytes: %w", path, one.Size, ErrNoText)
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(one.Content, "\n", ""))
	if err != nil {
		return out, fmt.Errorf("decode %s: %w", path, err)
	}
	out.Text = text
	return out, nil
}

// ErrNoText says that a path has no text that the API would give: it is too large,
// or neither a file nor a directory.
var ErrNoText = errors.New("GitHub gives no text of it")

// SearchIssues finds issues and pull requests by GitHub's query language, and tells
// how many there are.
func (c *Client) SearchIssues(ctx context.Context, query string, page Page) (list []Issue, total, following int, err error) {
	q := page.query()
	q.Set("q", query)
	var out struct {
		Total int     `json:"total_count"`
		Items []Issue `json:"items"`
	}
	h, err := c.get(ctx, "search/issues", q, &out)
	return out.Items, out.Total, next(h), err
}
