package scenario

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	eventgithub "github.com/aofctl/aofctl/internal/event/github"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/wire"
)

// step lets one thing happen, waits until what it caused is over, and checks what
// is expected of it.
func (w *world) step(ctx context.Context, s *manifest.Step) error {
	before := w.history.now()
	before.pages = w.pageVersions()
	hold, err := w.arm(s)
	if err != nil {
		return err
	}
	if err := w.happen(ctx, s); err != nil {
		return fmt.Errorf("%s: %w", s.Verb, err)
	}
	if s.Crash != nil {
		if err := w.crash(ctx, hold); err != nil {
			return fmt.Errorf("crash: %w", err)
		}
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	if s.Then != nil {
		w.check(s.Then, w.history.since(before))
	}
	return nil
}

// happen lets the step's verb happen.
func (w *world) happen(ctx context.Context, s *manifest.Step) error {
	switch s.Verb {
	case manifest.VerbWait:
		w.clock.advance(s.Wait)
		return w.looked(ctx)
	case manifest.VerbRestart:
		if err := w.halt(); err != nil {
			return err
		}
		return w.start(ctx)
	case manifest.VerbDeliver:
		return w.deliver(ctx, s.Delivery)
	case manifest.VerbFault:
		return w.fault(s.Fields)
	case manifest.VerbWikiFault:
		return w.wikiFault(s.Fields)
	case manifest.VerbRelease, manifest.VerbVersion:
		return w.changeVersion(s.As, s.Version)
	case manifest.VerbConfluence:
		w.inWiki = true
		defer func() { w.inWiki = false }()
		return w.wiki(s)
	case manifest.VerbModelFault:
		return w.control(ctx, w.modelControl("/faults"), s.Fields, nil)
	case manifest.VerbAct:
		return w.act(ctx, s)
	case manifest.VerbGitHub:
		fields := maps.Clone(s.Fields)
		fields["as"] = s.As
		return w.control(ctx, w.box.GitHubURL()+"/__sandbox/act", fields, nil)
	}
	if s.Talk != nil {
		return w.converse(ctx, s)
	}
	return w.change(s)
}

// change lets a person do something in Jira, which sends its webhooks.
func (w *world) change(s *manifest.Step) error {
	if s.Verb == manifest.VerbCreate {
		return w.create(s)
	}
	if s.Verb == manifest.VerbStartSprint {
		return w.box.Jira.As(s.As).StartSprint(s.Sprint)
	}
	if s.Verb == manifest.VerbCloseSprint {
		return w.box.Jira.As(s.As).CloseSprint(s.Sprint)
	}
	if s.On != "" {
		w.issue = s.On
	}
	if w.issue == "" {
		return errors.New("there is no issue yet: name one with on, or make one first")
	}
	text, err := w.filled(s.Text)
	if err != nil {
		return err
	}
	who := w.box.Jira.As(s.As)
	switch s.Verb {
	case manifest.VerbComment:
		id, err := who.Comment(w.issue, text, nil)
		w.comments[s.As] = placed{w.issue, id}
		return err
	case manifest.VerbEditComment:
		last, ok := w.comments[s.As]
		if !ok {
			return fmt.Errorf("%s has posted no comment", s.As)
		}
		return who.EditComment(last.issue, last.id, text)
	case manifest.VerbTransition:
		return who.Transition(w.issue, text)
	case manifest.VerbUpdate:
		return who.Update(w.issue, s.Fields)
	case manifest.VerbAssign:
		return who.Assign(w.issue, text)
	case manifest.VerbAddLabels:
		return who.AddLabels(w.issue, s.Labels...)
	case manifest.VerbRemoveLabels:
		return who.RemoveLabels(w.issue, s.Labels...)
	}
	return fmt.Errorf("%s is not known here", s.Verb)
}

func (w *world) create(s *manifest.Step) error {
	in, err := newIssue(w.box.Jira, s.Issue)
	if err != nil {
		return err
	}
	key, err := w.box.Jira.As(s.As).CreateIssue(in)
	if err == nil {
		w.issue = key
	}
	return err
}

// codePattern finds the code of an approval in a comment that asks for it.
var codePattern = regexp.MustCompile("(?i)/approve[ `*]+([A-Za-z0-9][A-Za-z0-9_-]*)")

var slot = regexp.MustCompile(`\{\{\s*([A-Za-z_]+)\s*\}\}`)

// filled puts values into {{code}}, {{issue}} and {{comment}}.
func (w *world) filled(text string) (string, error) {
	var problem error
	out := slot.ReplaceAllStringFunc(text, func(found string) string {
		switch name := slot.FindStringSubmatch(found)[1]; name {
		case "issue":
			return w.issue
		case "code":
			code, err := w.code()
			problem = errors.Join(problem, err)
			return code
		case "comment":
			return w.lastComment()
		case "page":
			return w.page
		case "jira":
			return w.box.JiraURL()
		}
		return found
	})
	return out, problem
}

// code is the code in the last comment of the bot that has one, on the issue or else
// on the page; where somebody works on a page, on the page first.
func (w *world) code() (string, error) {
	issue, page := w.saidOnIssue(), w.saidOnPage()
	where, first, second := w.issue, issue, page
	if w.inWiki {
		where, first, second = "page "+w.page, page, issue
	}
	for _, said := range [][]string{first, second} {
		for _, text := range slices.Backward(said) {
			if m := codePattern.FindStringSubmatch(text); m != nil {
				return m[1], nil
			}
		}
	}
	if len(first) == 0 {
		return "", fmt.Errorf("{{code}}: the bot has not commented on %s", where)
	}
	return "", fmt.Errorf("{{code}}: no comment of the bot on %s has a code behind /approve; the last is %s", where, show(first[len(first)-1]))
}

// saidOnIssue are the bot's comments on the issue, the oldest first.
func (w *world) saidOnIssue() []string {
	issue, _ := w.box.Jira.Issue(w.issue)
	bot, _ := w.box.Jira.User("bot")
	var out []string
	for _, c := range issue.Comments {
		if c.Author == bot.AccountID {
			out = append(out, c.Body)
		}
	}
	return out
}

// saidOnPage are the bot's comments on the page, the oldest first.
func (w *world) saidOnPage() []string {
	page, _ := w.box.Confluence.Page(w.page)
	var out []string
	for _, c := range page.Remarks {
		if c.By == "bot" {
			out = append(out, markdown(c.Body))
		}
	}
	return out
}

// lastComment is the text of the last comment on the issue.
func (w *world) lastComment() string {
	issue, _ := w.box.Jira.Issue(w.issue)
	if len(issue.Comments) == 0 {
		return ""
	}
	return issue.Comments[len(issue.Comments)-1].Body
}

// deliver sends a webhook as Jira does, and looks at the answer.
func (w *world) deliver(ctx context.Context, d *manifest.Delivery) error {
	body, err := payload(w.scenario.Path, d)
	if err != nil {
		return err
	}
	path := w.pathOf(d, body)
	for range d.Times {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.front.url+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		w.seal(req.Header, d, path, body)
		for name, value := range d.Headers {
			req.Header.Set(name, value)
		}
		status, answer, err := w.send(req)
		if err != nil {
			return err
		}
		if status != d.Status {
			return fmt.Errorf("the daemon answered %d %s, want %d", status, strings.TrimSpace(answer), d.Status)
		}
	}
	return nil
}

// pathOf is where a payload goes: to GitHub's path if GitHub sends it.
func (w *world) pathOf(d *manifest.Delivery, body []byte) string {
	switch {
	case d.Path != "":
		return d.Path
	case d.Event != "", eventgithub.Guess(body) != "":
		return "/webhook/github"
	}
	return w.hookPath()
}

// seal sets the headers by which the daemon knows who sends what.
func (w *world) seal(h http.Header, d *manifest.Delivery, path string, body []byte) {
	signature, identifier, secretEnv := "X-Hub-Signature", "X-Atlassian-Webhook-Identifier", d.SecretEnv
	switch hub := w.settings.daemon.GitHub; {
	case strings.HasPrefix(path, "/webhook/github"):
		signature, identifier = "X-Hub-Signature-256", "X-GitHub-Delivery"
		h.Set("X-GitHub-Event", or(d.Event, eventgithub.Guess(body)))
		if hub != nil && len(hub.WebhookSecrets) > 0 {
			secretEnv = or(secretEnv, hub.WebhookSecrets[0].Env)
		}
	case path == wikiPath || strings.HasPrefix(path, wikiPath+"/"):
		header, secretOf, tokenOf := w.sealOfWiki(d, path)
		secretEnv = secretOf
		if tokenOf != "" && !d.Unsigned {
			h.Set("Content-Type", "application/json")
			h.Set(header, w.secret(tokenOf))
			return
		}
	case strings.HasPrefix(path, "/webhook/http/"):
		signature, identifier = "X-Hub-Signature-256", "Idempotency-Key"
	}
	h.Set("Content-Type", "application/json")
	switch {
	case d.TokenEnv != "":
		h.Set("Authorization", "Bearer "+w.secret(d.TokenEnv))
	case !d.Unsigned:
		h.Set(signature, jira.Sign(w.secret(secretEnv), body))
	}
	if d.Identifier != "" {
		h.Set(identifier, d.Identifier)
	}
}

func payload(path string, d *manifest.Delivery) ([]byte, error) {
	if d.File != "" {
		return os.ReadFile(beside(path, d.File))
	}
	return json.Marshal(d.Body)
}

func (w *world) send(req *http.Request) (int, string, error) {
	resp, err := (&http.Client{Transport: w.http}).Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(answer), err
}

// act lets somebody do anything that the sandbox's control API knows.
func (w *world) act(ctx context.Context, s *manifest.Step) error {
	fields := maps.Clone(s.Fields)
	fields["as"] = s.As
	if s.On != "" {
		fields["issue"] = s.On
	}
	var made struct{ Key string }
	if err := w.control(ctx, w.box.ControlURL()+"/act", fields, &made); err != nil {
		return err
	}
	if made.Key != "" {
		w.issue = made.Key
	}
	return nil
}

// fault makes requests to Jira fail from now on; a status alone is enough to say how.
func (w *world) fault(fields map[string]any) error {
	var f jira.Fault
	if err := readFault(fields, string(jira.Answer), &f); err != nil {
		return err
	}
	_, err := w.box.Jira.AddFault(f)
	return err
}

func (w *world) modelControl(path string) string {
	return strings.TrimSuffix(w.box.ModelURL(), "/v1") + "/__sandbox" + path
}

// control posts to a control API of the sandbox.
func (w *world) control(ctx context.Context, target string, fields map[string]any, into any) error {
	body, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	status, answer, err := w.send(req)
	switch {
	case err != nil:
		return err
	case status >= http.StatusMultipleChoices:
		return fmt.Errorf("the sandbox refuses: %s", strings.TrimSpace(answer))
	case into != nil:
		return json.Unmarshal([]byte(answer), into)
	}
	return nil
}

// arm lets the request at which the daemon is to die be held.
func (w *world) arm(s *manifest.Step) (held, error) {
	if s.Crash == nil {
		return held{}, nil
	}
	h := wire.Hold{Method: s.Crash.Method, Path: s.Crash.Path, When: "after", Count: 1}
	if s.Crash.Before {
		h.When = "before"
	}
	at := w.box.Jira.Wire
	if s.Crash.Confluence {
		at = w.box.Confluence.Wire
	}
	added, err := at.AddHold(h)
	return held{at, added.ID}, err
}

// held is a request that is held, and where.
type held struct {
	at *wire.Wire
	id string
}

// crash waits until the request is held, and lets the daemon die and live again:
// what it was at is neither finished nor recorded.
func (w *world) crash(ctx context.Context, hold held) error {
	if err := w.caught(ctx, hold); err != nil {
		return err
	}
	w.daemon.config.Runtime.ShutdownGrace = 1 // nanosecond: nothing at work is waited for
	if err := w.halt(); err != nil {
		return err
	}
	for {
		state, err := hold.at.Caught(ctx, hold.id, 1)
		if err != nil {
			return err
		}
		if state.When == "after" || state.Waiting == 0 {
			break // it was carried out, or the site knows that nobody waits for it
		}
		if err := rest(ctx); err != nil {
			return err
		}
	}
	hold.at.Release(hold.id)
	return w.start(ctx)
}

// caught waits until the request is held, or the daemon has nothing to do any more.
func (w *world) caught(ctx context.Context, hold held) error {
	idle := 0
	for last := ""; ; {
		soon, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		state, err := hold.at.Caught(soon, hold.id, 1)
		cancel()
		switch {
		case state.Caught > 0:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case soon.Err() == nil:
			return err
		}
		now, open, err := w.look(ctx)
		if err != nil {
			return err
		}
		if idle++; open != "" || now != last {
			idle = 0
		}
		if last = now; idle > 10 {
			return errors.New("the daemon never sent this request")
		}
	}
}

func rest(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(time.Millisecond):
		return nil
	}
}
