package app

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/tool"
)

// rulesOf is the policy's configuration.
func rulesOf(d *manifest.Daemon, registry *tool.Registry, secrets *secretStore) policy.Config {
	p := d.Policy
	cfg := policy.Config{Tools: registry, Secrets: secrets.values, Mentionable: p.Mentions, Limits: policy.Limits{
		WritesPerRun: p.WritesPerRun, CommentsPerRun: p.CommentsPerRun, CommentsPerIssue: p.CommentsPerIssuePerHour}}
	cfg.Hosts = hostsOf(d)
	sites := map[string]hosts.List{}
	for i, site := range d.Jira {
		if h, ok := hostOf(site.BaseURL); ok {
			sites[site.Name] = hosts.List{h}
			if i == 0 {
				sites[""] = hosts.List{h}
			}
		}
	}
	if c := d.Confluence; c != nil { // pages and issues link to each other
		if h, ok := hostOf(c.Site.BaseURL); ok {
			cfg.Hosts = append(cfg.Hosts, h)
		}
	}
	cfg.Sites = func(name string) hosts.List { return sites[name] }
	if d.GitHub != nil {
		cfg.GitHub = pagesOf(d.GitHub.APIURL)
	}
	return cfg
}

func hostOf(address string) (hosts.Host, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return hosts.Host{}, false
	}
	h, err := hosts.Parse(u.Scheme + "://" + u.Host)
	return h, err == nil
}

// pagesOf is the host with the pages of what an API of GitHub serves.
func pagesOf(api string) string {
	u, err := url.Parse(api)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Host, "api.")
}

// commentsOf counts the comments of all runs on an issue in the last hour.
func (a *App) commentsOf(ctx context.Context, site, issue, id string) (int, error) {
	return a.store.Comments(ctx, site, issue, id, time.Hour)
}

// peopleOf are the accounts that an event names: in whatever role, they are on the
// issue.
func peopleOf(ev *event.Event) []string {
	var list []string
	for name, value := range ev.Vars {
		who, ok := value.(string)
		if ok && who != "" && slices.Contains(personVars(), name) {
			list = append(list, who)
		}
	}
	if ev.Source == event.SourceGitHub { // where it is the login
		list = append(list, ev.String("comment_author_name"))
	}
	return list
}

// personVars are the variables that hold an account: ids, names and keys of Jira,
// logins of GitHub.
func personVars() []string {
	return []string{"issue_reporter_id", "issue_assignee_id", "issue_creator_id", "comment_author_id", "worklog_author_id", "attachment_author_id",
		"user_account_id", "user_name", "user_key", "pr_author", "pr_merged_by", "release_author"}
}

// textsOf are the texts that an event carries, at any depth.
func textsOf(ev *event.Event) []string {
	list := []string{ev.CommandText}
	for _, value := range ev.Vars {
		list = texts(list, value)
	}
	return list
}

func texts(list []string, value any) []string {
	switch v := value.(type) {
	case string:
		if v != "" {
			list = append(list, v)
		}
	case []string:
		list = append(list, v...)
	case []any:
		for _, item := range v {
			list = texts(list, item)
		}
	case map[string]any:
		for _, item := range v {
			list = texts(list, item)
		}
	}
	return list
}

// hostsOf are the hosts outside that may be reached.
func hostsOf(d *manifest.Daemon) hosts.List {
	var list hosts.List
	for _, h := range d.AllowedHosts {
		list = append(list, h.Host)
	}
	return list
}
