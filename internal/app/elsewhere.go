package app

import (
	"context"
	"strings"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/event"
	eventhttp "github.com/aofctl/aofctl/internal/event/http"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/schedule"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/webhook"
)

// dispatching is how deliveries of all platforms are dispatched.
func (a *App) dispatching() run.DispatcherConfig {
	cfg := a.dispatch
	cfg.Issues, cfg.Placer = a.sites, a.sites
	if a.sites.wiki != nil {
		cfg.Pages = a.sites.wiki
	}
	cfg.Normalizers = map[string]run.Normalizer{
		event.SourceJira: a.sites.delivered, event.SourceGitHub: a.sites.hub.normalize, event.SourceHTTP: a.live.posted,
		event.SourceConfluence: a.sites.wiki.normalize,
		event.SourceOperator:   ordered,
		event.SourceSchedule:   func(d inbox.Delivery) (*event.Event, error) { return schedule.Normalize(d.Body) },
	}
	return cfg
}

// posted implements run.Normalizer for HTTP triggers.
func (l *live) posted(d inbox.Delivery) (*event.Event, error) {
	ev, err := eventhttp.Normalize(d.Body, d.Site)
	if err != nil {
		return nil, err
	}
	for _, t := range l.catalog().Triggers {
		if t.Type == manifest.TypeHTTP && t.Name == d.Site {
			return ev, nameIssue(ev, t)
		}
	}
	return ev, nil // the trigger is gone: nothing asks for the event
}

// nameIssue puts the issue that the trigger's template finds in a request among
// the event's variables.
func nameIssue(ev *event.Event, t *manifest.Trigger) error {
	if t.Issue == "" {
		return nil
	}
	tmpl, err := prompt.Compile("issue", t.Issue)
	if err != nil {
		return err
	}
	key, err := tmpl.Render(map[string]any{"metadata": ev.Metadata(), "event": ev.Metadata()})
	if err != nil {
		return err
	}
	keys := []string{}
	if key = strings.ToUpper(strings.TrimSpace(key)); event.IsIssueKey(key) {
		keys = append(keys, key)
	}
	ev.Vars["issue_keys"] = keys
	return nil
}

// httpSources are where HTTP triggers take requests, by their paths.
func httpSources(cat *manifest.Catalog, env func(string) (string, bool)) map[string]webhook.Source {
	named := func(name string) []webhook.NamedSecret {
		if value, ok := env(name); ok && value != "" {
			return []webhook.NamedSecret{{Name: name, Value: value}}
		}
		return nil
	}
	sources := map[string]webhook.Source{}
	for _, t := range cat.Triggers {
		if t.Type != manifest.TypeHTTP {
			continue
		}
		secrets, tokens := named(t.SecretEnv), named(t.TokenEnv)
		src := webhook.Source{Name: event.SourceHTTP, Site: t.Name, SignatureHeader: "X-Hub-Signature-256", OtherSignatureHeader: "X-Hub-Signature",
			IdentityHeader: "Idempotency-Key", Repeats: true, Secrets: func() []webhook.NamedSecret { return secrets }}
		if t.TokenEnv != "" {
			src.Tokens = func() []webhook.NamedSecret { return tokens }
		}
		sources["/webhook/"+event.SourceHTTP+"/"+t.Name] = src
	}
	return sources
}

// jobs are the triggers with a schedule. What cannot be read was refused when the
// manifests were loaded.
func jobs(cat *manifest.Catalog) []schedule.Job {
	var list []schedule.Job
	for _, t := range cat.Triggers {
		if t.Type != manifest.TypeSchedule {
			continue
		}
		if spec, err := schedule.Parse(t.Schedule, t.Timezone); err == nil {
			list = append(list, schedule.Job{Trigger: t.Name, Spec: spec})
		}
	}
	return list
}

func checkSchedule(text, zone string) error {
	_, err := schedule.Parse(text, zone)
	return err
}

// scopeOf finds the projects that a target's own manifest lets it touch.
func scopeOf(cat *manifest.Catalog) func(kind, name string) []string {
	return func(kind, name string) []string {
		switch manifest.TargetKind(kind) {
		case manifest.TargetAgent:
			if a := cat.Agents[name]; a != nil {
				return a.ScopeProjects
			}
		case manifest.TargetFleet:
			var all []string
			if f := cat.Fleets[name]; f != nil {
				for _, m := range f.Members {
					if a := cat.Agents[m.Agent]; a != nil {
						all = append(all, a.ScopeProjects...)
					}
				}
			}
			return all
		case manifest.TargetFlow:
		}
		return nil
	}
}

// Issue implements run.Issues. A key that leads elsewhere, since its issue was
// moved, finds nothing: where it leads nobody admitted.
func (s *sites) Issue(ctx context.Context, site, key string) (run.Issue, bool, error) {
	one, err := s.find(site)
	if err != nil {
		return run.Issue{}, false, nil //nolint:nilerr // without a Jira there is no issue
	}
	ev := &event.Event{Source: event.SourceJira, Site: site, IssueKey: key}
	vars, err := one.enricher.Variables(ctx, ev, []string{"issue_id"})
	if err := settled(ctx, err, "could not look up the issue that an event names"); err != nil {
		return run.Issue{}, false, err
	}
	ev.Learn(vars)
	if told, _ := vars["issue_key"].(string); ev.IssueID == "" || !strings.EqualFold(told, key) {
		zerolog.Ctx(ctx).Info().Str("issue", key).Msg("the event names an issue that Jira does not have there")
		return run.Issue{}, false, nil
	}
	return run.Issue{Site: one.config.Name, ID: ev.IssueID, Key: key, Project: event.ProjectOf(key)}, true, nil
}

// reach says what the run of another platform's event may touch.
func reach(task run.Task, o *tool.Origin) {
	ev := &task.Work.Event
	if ev.Source == event.SourceJira || ev.Source == "" {
		return
	}
	o.Site, o.Projects = task.Work.Site, task.Work.Projects
	o.Repository, o.Thread = ev.String("repository"), ev.Thread
	ofPage(ev, o)
}
