package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/chaos/rig"
	"github.com/aofctl/aofctl/internal/sandbox/jira"
)

const (
	// mostRuns is the breaker's limit for an issue within an hour.
	mostRuns = 5
	// answering is an agent whose answer is posted; marking sets a label and
	// wiping removes it.
	answering = `{model: "sandbox:script", instructions: "Answer: {{ metadata.comment_body }}", tools: [jira_get_issue], max_iterations: 5}`
	marking   = `{model: "sandbox:script", instructions: "Mark {{ metadata.issue_key }}", tools: [jira], output: none, max_iterations: 5}`
	wiping    = `{model: "sandbox:script", instructions: "Wipe {{ metadata.issue_key }}", tools: [jira], output: none, max_iterations: 5}`
	// labels is a trigger that looks at labels.
	labels = "{events: [issue_updated], filters: {changed_fields: [labels]}}"
	// looping are the model's rules.
	looping = `
let:
  issue: {in: user, match: '\b([A-Z]+-[0-9]+)\b'}
rules:
  - {when: {system_contains: mark}, call: [{tool: jira_add_labels, args: {issue_key: '${issue}', labels: [seen]}}]}
  - {when: {system_contains: wipe}, call: [{tool: jira_remove_label, args: {issue_key: '${issue}', label: seen}}]}
  - {say: Thank you for your comment.}
`
)

// loop is two automations that answer each other.
type loop struct {
	name string
	// agents are those of the daemons, each of which has an account of its own.
	agents  []string
	trigger string
	// begin makes the first event; meddle is what a stranger does for each event
	// that a daemon caused.
	begin  func(s *jira.Server, key string) error
	meddle func(s *jira.Server, key string, event told) error
	// runs is how many there have to be for each daemon: one, or what the
	// breaker allows; 0 if that depends on who is first.
	runs int
}

// told is what a stranger's automation reads of a webhook.
type told struct {
	Event   string   `json:"webhookEvent"`
	User    jiraUser `json:"user"`
	Comment *struct {
		Author jiraUser `json:"author"`
	} `json:"comment"`
	Issue struct {
		Key string `json:"key"`
	} `json:"issue"`
	Changelog struct {
		Items []struct {
			Field string `json:"field"`
			To    string `json:"toString"`
		} `json:"items"`
	} `json:"changelog"`
}

type jiraUser struct {
	AccountID string `json:"accountId"`
}

// loopKinds are the loops that are known to happen.
func loopKinds() []loop {
	comment := func(s *jira.Server, key string) error {
		_, err := s.As("alice").Comment(key, "Hello, is anybody there?", nil)
		return err
	}
	label := func(s *jira.Server, key string) error { return s.As("alice").AddLabels(key, "new") }
	return []loop{
		{name: "it answers itself", agents: []string{answering}, begin: comment, runs: 1},
		// Whatever carries the mark of an aofctl is answered by none.
		{name: "two daemons comment", agents: []string{answering, answering}, begin: comment, runs: 1},
		{name: "two daemons label", agents: []string{marking, wiping}, trigger: labels, begin: label},
		{name: "a foreign auto-responder", agents: []string{answering}, begin: comment, runs: mostRuns, meddle: func(s *jira.Server, key string, t told) error {
			if t.Event != "comment_created" {
				return nil
			}
			_, err := s.As("bob").Comment(key, "I am out of office.", nil)
			return err
		}},
		{name: "label ping-pong", agents: []string{marking}, trigger: labels, begin: label, runs: mostRuns, meddle: func(s *jira.Server, key string, t told) error {
			if t.Event != "jira:issue_updated" || len(t.Changelog.Items) == 0 || !strings.Contains(t.Changelog.Items[0].To, "seen") {
				return nil
			}
			return s.As("bob").RemoveLabels(key, "seen")
		}},
	}
}

// loops lets automations answer each other, and demands that it ends.
func loops(ctx context.Context, w *world) error {
	for _, l := range loopKinds() {
		if err := w.playLoop(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	return nil
}

// bots are the accounts of the daemons.
func bots() []jira.User {
	return []jira.User{
		{Handle: "bot", AccountID: "712020:b07b07b0-7b07-4b07-8b07-b07b07b07b07", DisplayName: "AOF Bot", Email: jira.BotEmail, Token: jira.BotToken},
		{Handle: "bot2", AccountID: "712020:b07b07b0-7b07-4b07-8b07-000000000002", DisplayName: "Other Bot", Email: "bot2@example.com", Token: "bot2-token"},
	}
}

func (w *world) playLoop(ctx context.Context, l loop) error {
	accounts := bots()
	o := rig.SiteOptions{Issues: 1, Rules: looping}
	o.Jira.Seed.Users = accounts
	if err := w.open(ctx, o); err != nil {
		return err
	}
	site, key := w.site, w.site.Issues[0]
	first := len(w.daemons)
	for i, agent := range l.agents {
		d, err := w.add(rig.DaemonOptions{
			Agent: agent, Trigger: l.trigger, Login: accounts[i].Email, Token: accounts[i].Token,
			Runtime: fmt.Sprintf("settle: 1500ms, max_runs_per_issue_per_hour: %d", mostRuns),
		})
		if err != nil {
			return err
		}
		site.Tell(d.URL())
	}
	daemons := w.daemons[first:]
	if l.meddle != nil {
		stranger := httptest.NewServer(meddler(site, accounts[0].AccountID, l))
		w.onClose(func() error { stranger.Close(); return nil })
		site.Tell(stranger.URL)
	}
	if err := w.start(ctx, daemons...); err != nil {
		return err
	}
	if err := l.begin(site.Jira, key); err != nil {
		return err
	}
	if err := w.awaitSilence(ctx, site, daemons); err != nil {
		return err
	}
	return w.judgeLoop(ctx, l, site, daemons)
}

// meddler is a stranger's automation: it does something for each event that the
// daemon's account caused.
func meddler(site *rig.Site, account string, l loop) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var t told
		if json.NewDecoder(r.Body).Decode(&t) != nil {
			return
		}
		who := t.User.AccountID
		if t.Comment != nil {
			who = t.Comment.Author.AccountID
		}
		if who == account {
			_ = l.meddle(site.Jira, t.Issue.Key, t)
		}
	})
}

// awaitSilence waits until nobody has anything to say for a second.
func (w *world) awaitSilence(ctx context.Context, site *rig.Site, daemons []*rig.Daemon) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for quiet := time.Now(); time.Since(quiet) < time.Second; rest(ctx, 20*time.Millisecond) {
		before := site.Gate.Count()
		if err := site.Jira.Wait(ctx); err != nil {
			return err
		}
		for _, d := range daemons {
			if idle, _ := rig.Idle(ctx, d.Client()); !idle {
				quiet = time.Now()
			}
		}
		if site.Gate.Count() != before {
			quiet = time.Now()
		}
	}
	return ctx.Err()
}

// judgeLoop counts runs and notices, and looks whether an operator sees why
// nothing more happens.
func (w *world) judgeLoop(ctx context.Context, l loop, site *rig.Site, daemons []*rig.Daemon) error {
	issue, _ := site.Jira.Issue(site.Issues[0])
	var runs, notices []int
	stopped := 0
	for i, d := range daemons {
		story, err := rig.Read(ctx, d.Client(), false)
		if err != nil {
			return err
		}
		n := 0
		for _, r := range story.Runs {
			if r.TargetKind == "agent" {
				n++
			}
		}
		runs = append(runs, n)
		notices = append(notices, noticesBy(issue, bots()[i].AccountID))
		list, err := d.Client().Deliveries(ctx, url.Values{"limit": {"1000"}})
		if err != nil {
			return err
		}
		for _, delivery := range list {
			if strings.Contains(delivery.Reason, "breaker") {
				stopped++
			}
		}
	}
	w.report.Set(l.name, "%v runs, %v notices, %d deliveries told as stopped by the breaker, %d comments in the end", runs, notices, stopped, len(issue.Comments))
	if slices.Max(runs) > mostRuns || slices.Max(notices) > 1 || l.runs > 0 && slices.Min(runs) != l.runs {
		w.report.Breach("%s: %v runs and %v notices", l.name, runs, notices)
	}
	if l.runs != 1 && (stopped == 0 || slices.Max(notices) == 0) {
		w.report.Breach("%s: nobody is told that the breaker stopped it", l.name)
	}
	return nil
}

// noticesBy counts the comments in which an account says that the breaker is open.
func noticesBy(issue jira.Issue, account string) int {
	n := 0
	for _, c := range issue.Comments {
		if c.Author == account && strings.Contains(c.Body, "two automations may be answering each other") {
			n++
		}
	}
	return n
}
