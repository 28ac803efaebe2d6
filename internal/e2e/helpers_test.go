package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

// answer is what a request was answered with.
type answer struct {
	status int
	header http.Header
	body   string
}

// send sends a webhook, signed with the secret unless the headers say otherwise.
func (w *world) send(body string, headers map[string]string) answer {
	w.t.Helper()
	a, err := w.try(http.MethodPost, w.webhookURL(), body, headers)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) try(method, target, body string, headers map[string]string) (answer, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Hub-Signature", jira.Sign(w.environ["JIRA_WEBHOOK_SECRET"], []byte(body)))
	for name, value := range headers {
		req.Header.Del(name)
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{status: resp.StatusCode, header: resp.Header, body: string(text)}, err
}

// get reads a page of the daemon's port.
func (w *world) get(path string) answer {
	w.t.Helper()
	a, err := w.try(http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", w.port, path), "", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// scene runs a part of a test, which may give up without the whole.
func (w *world) scene(name string, play func(t *testing.T)) {
	w.t.Helper()
	whole := w.t
	whole.Run(name, func(t *testing.T) {
		w.t = t
		defer func() { w.t = whole }()
		play(t)
	})
}

// create lets Alice create an issue and returns its key.
func (w *world) create(issue jira.NewIssue) string {
	w.t.Helper()
	key, err := w.box.Jira.As("alice").CreateIssue(issue)
	if err != nil {
		w.t.Fatal(err)
	}
	return key
}

// story creates an issue that no default trigger cares about by itself.
func (w *world) story(project string) string {
	w.t.Helper()
	return w.create(jira.NewIssue{Project: project, Type: "Story", Summary: "Rename a button"})
}

// comment lets somebody comment and returns the comment's id.
func (w *world) comment(who, key, body string) string {
	w.t.Helper()
	id, err := w.box.Jira.As(who).Comment(key, body, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// replies are the comments of the daemon's account on an issue.
func (w *world) replies(key string) []string {
	w.t.Helper()
	bot, _ := w.box.Jira.User("bot")
	issue, ok := w.box.Jira.Issue(key)
	if !ok {
		w.t.Fatalf("no issue %s", key)
	}
	var list []string
	for _, c := range issue.Comments {
		if c.Author == bot.AccountID {
			list = append(list, c.Body)
		}
	}
	return list
}

func (w *world) runs(query url.Values) []store.Run {
	w.t.Helper()
	query.Set("limit", "1000")
	list, err := w.client().Runs(context.Background(), query)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) run(id string) admin.RunDetail {
	w.t.Helper()
	r, err := w.client().Run(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// deliveries waits until n deliveries match the query, all processed, and
// returns them.
func (w *world) deliveries(n int, query url.Values) []admin.Delivery {
	w.t.Helper()
	query.Set("limit", "1000")
	var list []admin.Delivery
	w.await(fmt.Sprintf("%d deliveries of %s to be processed", n, query.Encode()), func() bool {
		var err error
		list, err = w.client().Deliveries(context.Background(), query)
		if err != nil {
			return false
		}
		for _, d := range list {
			if d.State == inbox.StateReceived {
				return false
			}
		}
		return len(list) >= n
	})
	return list
}

// idle waits until nothing is left to do.
func (w *world) idle() {
	w.t.Helper()
	do(w.t, w.box.Jira.Wait(context.Background()))
	do(w.t, w.box.Confluence.Wait(context.Background()))
	w.await("the daemon to have nothing left to do", func() bool {
		s, err := w.client().Status(context.Background())
		return err == nil && s.Deliveries["received"] == 0 && s.Runs[store.StateQueued] == 0 && s.Runs[store.StateRunning] == 0
	})
}

// cli runs the program as an operator does and returns what it prints.
func (w *world) cli(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, append(args, "--server", w.adminURL())...)
	cmd.Env = w.env()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("aofctl %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// succeeded checks that all runs did.
func succeeded(t *testing.T, runs []store.Run) {
	t.Helper()
	for _, r := range runs {
		if r.State != store.StateSucceeded {
			t.Errorf("run %s on %s is %s: %s", r.ID, r.IssueKey, r.State, r.Error)
		}
	}
}

// commentPayload is a comment's webhook as Jira sends it, with an id of its own.
func (w *world) commentPayload(key, id, body string, more map[string]any) string {
	w.t.Helper()
	issue, _ := w.box.Jira.Issue(key)
	comment := map[string]any{"id": id, "body": body, "author": map[string]any{"accountId": "a1", "displayName": "Alice"}}
	for name, value := range more {
		comment[name] = value
	}
	text, err := json.Marshal(map[string]any{
		"timestamp": 1760000000000, "webhookEvent": "comment_created", "comment": comment,
		"issue": map[string]any{"id": issue.ID, "key": key, "fields": map[string]any{
			"summary": issue.Summary, "project": map[string]any{"key": strings.Split(key, "-")[0]}, "issuetype": map[string]any{"name": issue.Type}}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return string(bytes.TrimSpace(text))
}
