package github

import (
	"crypto/sha1" //nolint:gosec // as git names commits
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Actor does things on the server as somebody, and webhooks tell of them.
type Actor struct {
	server *Server
	login  string
}

// As acts as the account of that name.
func (s *Server) As(login string) Actor { return Actor{s, login} }

// NewPull is a pull request to open.
type NewPull struct {
	Repository string
	Title      string
	Body       string
	// Head is the branch with the changes, Base where they go; "" for main.
	Head, Base string
	Draft      bool
	Labels     []string
	Additions  int
	Deletions  int
	Files      []string
}

// OpenPull opens a pull request and returns its number.
func (a Actor) OpenPull(p NewPull) (int, error) {
	number := 0
	err := a.change(p.Repository, func(r *repository) (*event, error) {
		if p.Base == "" {
			p.Base = "main"
		}
		t := a.thread(r, p.Title, p.Body, p.Labels)
		t.Pull = &Pull{Head: p.Head, Base: p.Base, HeadSHA: sha(p.Repository, p.Head, "1"), Draft: p.Draft, Additions: p.Additions,
			Deletions: p.Deletions, Commits: 1, Files: p.Files}
		number = t.Number
		return a.pullEvent(r, t, "opened", nil), nil
	})
	return number, err
}

// OpenIssue opens an issue and returns its number.
func (a Actor) OpenIssue(repo, title, body string, labels ...string) (int, error) {
	number := 0
	err := a.change(repo, func(r *repository) (*event, error) {
		t := a.thread(r, title, body, labels)
		number = t.Number
		return a.issueEvent(r, t, "opened"), nil
	})
	return number, err
}

func (a Actor) thread(r *repository, title, body string, labels []string) *Thread {
	now := a.server.now()
	t := &Thread{ID: a.server.id(), Number: len(r.threads) + 1, Title: title, Body: body, Author: a.server.user(a.login).Login,
		State: "open", Labels: labels, Created: now, Updated: now}
	r.threads = append(r.threads, t)
	return t
}

// EditPull changes a pull request's title or body; "" leaves one as it is.
func (a Actor) EditPull(repo string, number int, title, body string) error {
	return a.pull(repo, number, "edited", func(t *Thread) map[string]any {
		changes := map[string]any{}
		if title != "" {
			changes["title"], t.Title = map[string]any{"from": t.Title}, title
		}
		if body != "" {
			changes["body"], t.Body = map[string]any{"from": t.Body}, body
		}
		return map[string]any{"changes": changes}
	})
}

// PushTo adds a commit to a pull request.
func (a Actor) PushTo(repo string, number int) error {
	return a.pull(repo, number, "synchronize", func(t *Thread) map[string]any {
		before := t.Pull.HeadSHA
		t.Pull.Commits++
		t.Pull.HeadSHA = sha(repo, t.Pull.Head, strconv.Itoa(t.Pull.Commits))
		return map[string]any{"before": before, "after": t.Pull.HeadSHA}
	})
}

// Ready takes a pull request out of its draft.
func (a Actor) Ready(repo string, number int) error {
	return a.pull(repo, number, "ready_for_review", func(t *Thread) map[string]any { t.Pull.Draft = false; return nil })
}

// Merge merges a pull request, which closes it.
func (a Actor) Merge(repo string, number int) error {
	return a.pull(repo, number, "closed", func(t *Thread) map[string]any {
		t.State, t.Closed = "closed", a.server.now()
		t.Pull.Merged, t.Pull.MergedBy = t.Closed, a.server.user(a.login).Login
		return nil
	})
}

// Close closes a pull request without merging it.
func (a Actor) Close(repo string, number int) error {
	return a.pull(repo, number, "closed", func(t *Thread) map[string]any {
		t.State, t.Closed = "closed", a.server.now()
		return nil
	})
}

// Label puts a label on a pull request.
func (a Actor) Label(repo string, number int, label string) error {
	return a.pull(repo, number, "labeled", func(t *Thread) map[string]any {
		if !slices.Contains(t.Labels, label) {
			t.Labels = append(t.Labels, label)
		}
		return map[string]any{"label": labelDoc(a.server, label)}
	})
}

// pull changes a pull request and tells of it.
func (a Actor) pull(repo string, number int, action string, change func(t *Thread) map[string]any) error {
	return a.change(repo, func(r *repository) (*event, error) {
		_, t := a.server.find(repo, number)
		if t == nil || t.Pull == nil {
			return nil, errUnknown(repo, number)
		}
		more := change(t)
		t.Updated = a.server.now()
		return a.pullEvent(r, t, action, more), nil
	})
}

// Comment comments on a pull request or an issue and returns the comment's id.
func (a Actor) Comment(repo string, number int, body string) (int64, error) {
	var id int64
	err := a.change(repo, func(r *repository) (*event, error) {
		_, t := a.server.find(repo, number)
		if t == nil {
			return nil, errUnknown(repo, number)
		}
		if strings.TrimSpace(body) == "" {
			return nil, errors.New("Body cannot be blank") //nolint:staticcheck // GitHub's own words
		}
		now := a.server.now()
		c := Comment{ID: a.server.id(), Author: a.server.user(a.login).Login, Body: body, Created: now, Updated: now}
		t.Comments, t.Updated, id = append(t.Comments, c), now, c.ID
		return a.commentEvent(r, t, c, "created", nil), nil
	})
	return id, err
}

// EditComment changes a comment.
func (a Actor) EditComment(repo string, number int, id int64, body string) error {
	return a.change(repo, func(r *repository) (*event, error) {
		_, t := a.server.find(repo, number)
		if t == nil {
			return nil, errUnknown(repo, number)
		}
		for i := range t.Comments {
			if c := &t.Comments[i]; c.ID == id {
				from := c.Body
				c.Body, c.Updated = body, c.Updated.Add(time.Second)
				return a.commentEvent(r, t, *c, "edited", map[string]any{"body": map[string]any{"from": from}}), nil
			}
		}
		return nil, fmt.Errorf("there is no comment %d on %s#%d", id, repo, number)
	})
}

// Review reviews a pull request: approved, changes_requested or commented.
func (a Actor) Review(repo string, number int, state, body string) error {
	return a.change(repo, func(r *repository) (*event, error) {
		_, t := a.server.find(repo, number)
		if t == nil || t.Pull == nil {
			return nil, errUnknown(repo, number)
		}
		return a.reviewEvent(r, t, state, body), nil
	})
}

// Push tells of commits on a branch.
func (a Actor) Push(repo, branch string, messages ...string) error {
	return a.change(repo, func(r *repository) (*event, error) { return a.pushEvent(r, branch, messages), nil })
}

// Send sends a webhook of any event, with members of its own beside those that all
// have.
func (a Actor) Send(repo, name string, members map[string]any) error {
	return a.change(repo, func(r *repository) (*event, error) { return a.event(r, name, members), nil })
}

// change does something to a repository and hands what came of it to the webhooks.
func (a Actor) change(repo string, do func(r *repository) (*event, error)) error {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	r := a.server.repo(repo)
	if r == nil {
		return fmt.Errorf("there is no repository %s", repo)
	}
	e, err := do(r)
	if err != nil {
		return err
	}
	return a.server.post.enqueue(e)
}

func sha(parts ...string) string {
	sum := sha1.Sum([]byte(strings.Join(parts, "\x00"))) //nolint:gosec // as git names commits
	return hex.EncodeToString(sum[:])
}
