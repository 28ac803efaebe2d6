package rig

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/jira"
	"github.com/aofctl/aofctl/internal/sandbox/model"
)

// rules make the model do what an event asks for, one thing after the other. A
// rule whose values are missing, or whose call was made, does not apply.
const rules = `
let:
  token: {in: user, match: '\b(E[0-9]{6})\b'}
  issue: {in: user, match: '\bat=([A-Z]+-[0-9]+)'}
  project: {in: user, match: '\bproject=([A-Z]+)'}
  partner: {in: user, match: '\bwith=([A-Z]+-[0-9]+)'}
  status: {in: user, match: '\bto=(\w+)'}
rules:
  - {when: {user_contains: plan-comment}, call: [{tool: jira_post_comment, args: {issue_key: '${issue}', body: 'did ${token}'}}]}
  - {when: {user_contains: plan-worklog}, call: [{tool: jira_log_work, args: {issue_key: '${issue}', time_spent: 1m, comment: 'did ${token}'}}]}
  - {when: {user_contains: plan-created}, call: [{tool: jira_create_issue, args: {project_key: '${project}', issue_type: Task, summary: 'made by ${token}'}}]}
  - {when: {user_contains: plan-label}, call: [{tool: jira_add_labels, args: {issue_key: '${issue}', labels: ['${token}']}}]}
  - {call: [{tool: jira_transition_issue, args: {issue_key: '${issue}', transition: '${status}'}}]}
  - {call: [{tool: jira_link_issues, args: {type: Blocks, inward_issue: '${issue}', outward_issue: '${partner}'}}]}
  - {when: {user_contains: plan-remote}, call: [{tool: jira_add_remote_link, args: {issue_key: '${issue}', url: 'https://example.com/${token}', title: '${token}'}}]}
  - {say: 'done ${token}'}
`

// SiteOptions say what the other side is made of.
type SiteOptions struct {
	// Projects are the keys of the projects, CHA if there are none. Issues is how
	// many issues each has that events are about, Partners how many more there
	// are in the first to be linked.
	Projects []string
	Issues   int
	Partners int
	// Jira is where the simulated Jira begins.
	Jira jira.Options
	// Rules are the model's; "" for those that do what an event asks for.
	Rules string
}

// Site is the other side: Jira and the model, behind one listener and a gate.
type Site struct {
	Jira  *jira.Server
	Model *model.Server
	Gate  *Gate
	// Issues are the keys of the issues that events are about.
	Issues []string

	// planned counts the events, moved the changes of status that they ask for;
	// partners are the issues that no event was given yet.
	planned  int
	moved    map[string]int
	partners []string
	seeded   map[string]bool
	ids      map[string]string
	root     string
	server   *http.Server
	done     chan error
}

// NewSite starts the other side.
func NewSite(ctx context.Context, o SiteOptions) (*Site, error) {
	if len(o.Projects) == 0 {
		o.Projects = []string{"CHA"}
	}
	if o.Rules == "" {
		o.Rules = rules
	}
	script, err := model.Parse([]byte(o.Rules))
	if err != nil {
		return nil, fmt.Errorf("read the model's rules: %w", err)
	}
	s := &Site{done: make(chan error, 1), moved: map[string]int{}, seeded: map[string]bool{}, ids: map[string]string{}}
	if s.Model, err = model.New(model.Options{Rules: script, LogSize: -1}); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.root = "http://" + listener.Addr().String()
	if err := s.openJira(o); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s.Gate = &Gate{next: http.HandlerFunc(s.route)}
	s.server = &http.Server{Handler: s.Gate, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { s.done <- s.server.Serve(listener) }()
	return s, nil
}

// openJira makes the simulated Jira with its issues.
func (s *Site) openJira(o SiteOptions) error {
	seed := &o.Jira.Seed
	for n, key := range o.Projects {
		seed.Projects = append(seed.Projects, jira.Project{ID: strconv.Itoa(20_000 + n), Key: key, Name: key, Lead: "bob", TypeKey: "software"})
		count := o.Issues
		if n == 0 {
			count += o.Partners
		}
		for i := range count {
			seed.Issues = append(seed.Issues, jira.NewIssue{Project: key, Type: "Task", Reporter: "alice", Summary: fmt.Sprint("Chaos ", i+1)})
		}
	}
	o.Jira.BaseURL = s.root
	var err error
	if s.Jira, err = jira.New(o.Jira); err != nil {
		return fmt.Errorf("make simulated Jira: %w", err)
	}
	for n, key := range s.Jira.Keys() {
		issue, _ := s.Jira.Issue(key)
		s.ids[key], s.seeded[key] = issue.ID, true
		if partner := n >= o.Issues && n < o.Issues+o.Partners; partner {
			s.partners = append(s.partners, key)
		} else {
			s.Issues = append(s.Issues, key)
		}
	}
	return nil
}

// route hands a request to Jira or to the model. Each daemon has a path of its
// own to the model, so that it is known who asks.
func (s *Site) route(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/llm/") {
		s.Model.ServeHTTP(w, r)
		return
	}
	s.Jira.ServeHTTP(w, r)
}

// JiraURL is the base URL for a client of Jira.
func (s *Site) JiraURL() string { return s.root }

// ModelURL is the base URL for the named daemon's requests to the model.
func (s *Site) ModelURL(daemon string) string { return s.root + "/" + daemon + "/llm/v1" }

// Tell lets Jira tell a URL of everything that happens, signed as daemons want it.
func (s *Site) Tell(url string) {
	s.Jira.Register(jira.Webhook{Name: "chaos", URL: url, Secret: secret})
}

// Close stops everything.
func (s *Site) Close() error {
	s.Jira.Close()
	err := s.server.Close()
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
