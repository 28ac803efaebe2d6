package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/schedule"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/web"
	"github.com/aofctl/aofctl/internal/webhook"
)

// known tells the loader what manifests may refer to.
func known(d *manifest.Daemon, registry *tool.Registry, providers *llm.Providers, env func(string) (string, bool)) manifest.Known {
	k := manifest.Known{Providers: providers.Names(), SecretEnvs: d.SecretEnvs(), Cloud: d.Cloud(), DefaultAgent: d.Runtime.DefaultAgent, Env: env,
		CheckTemplate: checkTemplate, CheckExpression: checkExpression, Reads: reads, Variables: variables(), CheckSchema: checkSchema, Faults: faults, FlowText: flow.Inspect,
		CheckSchedule: checkSchedule, NoGitHub: d.Text != "" && (d.GitHub == nil || d.GitHub.Token.IsZero()),
		NoConfluence:   d.Text != "" && d.Confluence == nil,
		DeafConfluence: d.Confluence != nil && d.Confluence.Deaf()}
	for _, site := range d.Jira {
		k.Sites = append(k.Sites, site.Name)
	}
	k.Tools = knownTools(registry, len(d.AllowedHosts) > 0)
	if len(d.AllowedHosts) > 0 {
		k.CheckAddress = func(address string) error {
			_, _, err := hostsOf(d).Check(address)
			return err
		}
	}
	return k
}

// knownTools are the tools that agents may list. One that reaches hosts outside is
// among them only where there are such hosts.
func knownTools(registry *tool.Registry, outside bool) []manifest.KnownTool {
	var list []manifest.KnownTool
	for _, name := range registry.Names() {
		t, _ := registry.Lookup(name)
		spec := t.Spec()
		if spec.Name == web.Name && !outside {
			continue
		}
		list = append(list, manifest.KnownTool{Name: spec.Name, Aliases: spec.Aliases, Toolset: spec.Toolset, Reads: spec.Access == tool.Read,
			Parameters: spec.Parameters})
	}
	for _, own := range agent.OwnTools() {
		list = append(list, manifest.KnownTool{Name: own.Name, Reads: true, Parameters: own.Parameters, Named: true})
	}
	return list
}

func checkTemplate(text string) error {
	_, err := prompt.Compile("text", text)
	var wrong *prompt.Error // the place is told with it
	if errors.As(err, &wrong) && wrong.Line > 0 {
		return fmt.Errorf("line %d: %s", wrong.Line, wrong.Message)
	}
	return err
}

// reads tells which variables a text reads; of one that cannot be compiled, none.
func reads(text string, form manifest.TextForm) []manifest.Read {
	var paths []prompt.Path
	if form == manifest.FormExpression {
		if e, err := prompt.CompileExpression(text); err == nil {
			paths = e.Reads()
		}
	} else if t, err := prompt.Compile("text", text); err == nil {
		paths = t.Reads()
	}
	out := make([]manifest.Read, 0, len(paths))
	for _, p := range paths {
		out = append(out, manifest.Read{Path: p})
	}
	return out
}

// variables are the context variables with AOF's short names for some of them.
func variables() []string {
	return append(event.Names(), event.ShortNames()...)
}

func checkSchema(raw []byte) error {
	_, err := tool.CompileSchema(raw)
	return err
}

func faults(schema, text []byte) []string {
	s, err := tool.CompileSchema(schema)
	if err != nil {
		return nil
	}
	return s.Faults(text)
}

func checkExpression(text string) error {
	_, err := prompt.CompileExpression(text)
	return err
}

// live is the catalogue in force with what is derived from it, swapped whole.
type live struct {
	env    func(string) (string, bool)
	source *manifest.Live
	state  atomic.Pointer[liveState]
}

type liveState struct {
	catalog *manifest.Catalog
	routes  run.Routes
	// secrets are those of the triggers of each type.
	secrets map[string][]webhook.NamedSecret
	// posts are where HTTP triggers take requests, by path, and jobs the schedules.
	posts map[string]webhook.Source
	jobs  []schedule.Job
}

// newLive loads the first catalogue, which must be good.
func newLive(ctx context.Context, load func(context.Context) (*manifest.Catalog, error), env func(string) (string, bool)) (*live, error) {
	source, err := manifest.NewLive(ctx, load)
	if err != nil {
		return nil, err
	}
	l := &live{env: env, source: source}
	l.swap(source.Current())
	return l, nil
}

// swap puts a catalogue in force.
func (l *live) swap(cat *manifest.Catalog) {
	s := &liveState{catalog: cat, secrets: map[string][]webhook.NamedSecret{}, posts: httpSources(cat, l.env), jobs: jobs(cat)}
	s.routes = run.Routes{Table: route.New(cat), Revision: cat.Revision, Manifest: lookup(cat), Scope: scopeOf(cat)}
	for _, platform := range []string{manifest.TypeJira, manifest.TypeConfluence, manifest.TypeGitHub} {
		for _, name := range cat.SecretEnvs(platform) {
			if value, ok := l.env(name); ok && value != "" {
				s.secrets[platform] = append(s.secrets[platform], webhook.NamedSecret{Name: name, Value: value})
			}
		}
	}
	l.state.Store(s)
}

// Current implements run.Router.
func (l *live) Current() run.Routes { return l.state.Load().routes }

func (l *live) catalog() *manifest.Catalog { return l.state.Load().catalog }

// secrets are those of the triggers of a platform, for the webhook handler: what
// one platform's sender knows must not verify another's deliveries.
func (l *live) secrets(platform string) []webhook.NamedSecret {
	return append([]webhook.NamedSecret(nil), l.state.Load().secrets[platform]...)
}

// post finds where an HTTP trigger takes requests.
func (l *live) post(path string) (webhook.Source, bool) {
	src, ok := l.state.Load().posts[path]
	return src, ok
}

// jobs are the schedules.
func (l *live) jobs() []schedule.Job { return l.state.Load().jobs }

// lookup finds the manifest of a target as it is to be kept with its runs: that of
// a fleet or a flow with all that it refers to.
func lookup(cat *manifest.Catalog) func(kind, name string) (store.Revision, bool) {
	return func(kind, name string) (store.Revision, bool) {
		switch target := manifest.TargetKind(kind); target {
		case route.TargetReply:
			return replyRevision(name), true
		case manifest.TargetAgent:
			if a := cat.Agents[name]; a != nil {
				return store.Revision{Revision: a.Revision, Kind: kind, Name: name, Source: a.Source, Text: a.Text}, true
			}
		case manifest.TargetFleet, manifest.TargetFlow:
			text, revision, found := cat.Bundle(manifest.Target{Kind: target, Name: name})
			return store.Revision{Revision: revision, Kind: kind, Name: name, Source: bundleSource(cat, target, name), Text: text}, found
		}
		return store.Revision{}, false
	}
}

// bundleSource is where the manifest of a fleet or a flow stands.
func bundleSource(cat *manifest.Catalog, kind manifest.TargetKind, name string) string {
	if f := cat.Fleets[name]; f != nil && kind == manifest.TargetFleet {
		return f.Source
	}
	if f := cat.Flows[name]; f != nil && kind == manifest.TargetFlow {
		return f.Source
	}
	return ""
}
