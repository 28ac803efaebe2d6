package app

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/duty"
	"github.com/aofctl/aofctl/internal/a2a/endpoint"
	"github.com/aofctl/aofctl/internal/a2a/keeper"
	"github.com/aofctl/aofctl/internal/a2a/push"
	"github.com/aofctl/aofctl/internal/a2a/signin"
	"github.com/aofctl/aofctl/internal/forge"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// agents is the endpoint of A2A with what stands behind it.
type agents struct {
	app    *App
	offers *offers
	keeper *keeper.Keeper
	door   *endpoint.Endpoint
	// sender tells callers of their tasks; nil if nobody is told.
	sender *push.Sender
	// tenants are the sites of the Forge app; nil if there is none.
	tenants *tenants
}

// buildA2A makes the endpoint, if agents are offered.
func (a *App) buildA2A(ctx context.Context) error {
	d := a.opts.Daemon
	if d.A2A == nil {
		return nil
	}
	g := &agents{app: a, offers: &offers{config: *d.A2A, daemon: d, runtimeDefault: d.Runtime.DefaultAgent, base: a.publicURL, catalog: a.live.catalog, pushes: d.A2A.Push, now: time.Now}}
	sign := signin.Config{Elsewhere: forge.AppModules().Keys(), Public: d.A2A.Public}
	tokens := a.secrets.value(d.A2A.Tokens)
	var err error
	if sign.Tokens, err = signin.ParseTokens(tokens); err != nil {
		return errors.Join(errors.New("platforms.a2a: "+secretName(d.A2A.Tokens)), err)
	}
	for _, t := range sign.Tokens {
		a.secrets.values = append(a.secrets.values, t.Secret)
	}
	if d.Forge != nil {
		if g.tenants, err = a.buildForge(ctx, g.offers); err != nil {
			return err
		}
		sign.Forge, sign.Keeper = g.tenants.verifier, g.tenants.installations
	}
	who, err := signin.New(sign)
	if err != nil {
		return err
	}
	g.keeper = keeper.New(keeper.Config{Store: a.store, Prepare: g.prepare, Gate: g.gate, Wake: a.scheduler.Wake, Now: a.opts.Now, Log: a.log})
	if d.A2A.Push {
		g.sender = push.New(push.Config{Tasks: a.store, Hosts: d.A2A.PushHosts, UserAgent: "aofctl/" + a.opts.Version, Now: a.opts.Now})
	}
	var tasks a2a.Tasks = guarded{g.keeper, g.sender}
	var pushes a2a.PushConfigs
	if g.sender != nil {
		pushes = guarded{g.keeper, g.sender}
	}
	if g.tenants != nil {
		tasks = g.tenants.installations.Tasks(tasks)
	}
	g.door = endpoint.New(who, tasks, pushes, g.offers, endpoint.Options{Observer: observer{a.metrics}})
	a.agents = g
	return nil
}

// publicURL is where callers reach the daemon: the address that it listens on,
// unless the operator named another.
func (a *App) publicURL() string {
	if u := a.opts.Daemon.A2A.PublicURL; u != "" {
		return u
	}
	scheme := "http"
	if a.opts.Daemon.Server.CertFile != "" {
		scheme = "https"
	}
	if a.serverListener == nil {
		return scheme + "://" + a.server.Addr
	}
	return scheme + "://" + a.Addr()
}

// routes are the paths of the endpoint and of what Forge calls.
func (g *agents) routes() map[string]http.Handler {
	if g == nil {
		return nil
	}
	routes := g.door.Routes()
	if g.tenants != nil {
		maps.Copy(routes, g.tenants.handler.Routes())
	}
	return routes
}

// urls are where agents take requests; none without the endpoint.
func (g *agents) urls() []string {
	if g == nil {
		return nil
	}
	var list []string
	if _, found := g.offers.find(""); found {
		list = append(list, g.offers.url(""))
	}
	for _, name := range g.offers.names() {
		list = append(list, g.offers.url(name))
	}
	return list
}

// start does the endpoint's work in the background until ctx ends.
func (g *agents) start(ctx context.Context, background *sync.WaitGroup) {
	if g == nil {
		return
	}
	background.Go(func() { g.keeper.Run(ctx, g.app.supervisor.Leads) })
	if g.sender != nil {
		background.Go(func() { g.sender.Run(ctx, g.app.supervisor.Leads) })
	}
	if g.tenants != nil {
		background.Go(func() { g.tenants.verifier.Run(ctx) })
		background.Go(func() { g.tenants.installations.Run(ctx) })
		background.Go(func() { g.tenants.reconsider(ctx, g.keeper) })
	}
}

// drain ends the streams, so that their callers go on elsewhere.
func (g *agents) drain() {
	if g != nil {
		g.door.Close()
	}
}

// guarded refuses messages of Jira's that speak for another user than their token.
type guarded struct {
	*keeper.Keeper
	// sender checks where callers want to be told; nil where nobody is told.
	sender *push.Sender
}

// Send implements a2a.Tasks.
func (g guarded) Send(ctx context.Context, call a2a.Call, req a2a.SendRequest) (a2a.Reply, error) {
	if err := signin.SameUser(call.Caller, req.Message); err != nil {
		return a2a.Reply{}, err
	}
	if req.Push != nil && g.sender != nil {
		if err := g.sender.Check(*req.Push); err != nil {
			return a2a.Reply{}, err
		}
	}
	return g.Keeper.Send(ctx, call, req)
}

// SetPush implements a2a.PushConfigs.
func (g guarded) SetPush(ctx context.Context, call a2a.Call, config a2a.PushConfig) (a2a.PushConfig, error) {
	if err := g.sender.Check(config); err != nil {
		return a2a.PushConfig{}, err
	}
	return g.Keeper.SetPush(ctx, call, config)
}

// gate says what keeps a caller's work from beginning.
func (g *agents) gate(ctx context.Context, call a2a.Call) (*a2a.Status, error) {
	if !call.Caller.Jira {
		return nil, nil
	}
	return g.tenants.hold(ctx, call)
}

// prepare makes the run of a new task.
func (g *agents) prepare(ctx context.Context, call a2a.Call, msg a2a.Message, taskID, contextID string) (keeper.Work, error) {
	routes, cat := g.app.live.Current(), g.app.live.catalog()
	who, err := g.workFor(ctx, call)
	if err != nil {
		return keeper.Work{}, err
	}
	offer, found := g.offers.find(who.agent)
	if !found {
		return keeper.Work{}, a2a.Unsupported("there is no such agent any more")
	}
	rev, found := routes.Manifest(string(offer.Target.Kind), offer.Target.Name)
	if !found {
		return keeper.Work{}, a2a.Unsupported("there is no such agent any more")
	}
	inv, _ := msg.Invocation()
	r, err := run.ForTask(run.TaskOrder{
		ID:    ulid.Make().String(),
		Task:  run.TaskRef{ID: taskID, Context: contextID, OnBehalf: who.user, Within: who.within, Chat: inv.Cause == a2a.Chatted},
		Event: duty.Event(call, msg, duty.Place{Site: who.site, Time: g.app.now()}), Target: offer.Target,
		Revision: rev.Revision, Catalog: cat.Revision, Site: who.site, Projects: who.projects, Seed: rand.Text(),
	})
	return keeper.Work{Run: r, Revisions: []store.Revision{rev}, Status: *agentSays(a2a.Submitted, offer.Target.Name+" has this and begins as soon as it can.")}, err
}

// assignment is for whom, where and by whom a task is worked on.
type assignment struct {
	agent string
	user  tool.OnBehalf
	site  string
	// within bounds the projects whatever the agent's scope says; nil for no bound.
	within []string
	// projects are those that the run may touch without a scope of its agent's; nil
	// for that of its issue.
	projects []string
}

// workFor finds out for whom a caller's work is done. Programs that call have no
// account in Jira: for them the daemon acts with its own, in the projects of the
// agent's scope.
func (g *agents) workFor(ctx context.Context, call a2a.Call) (assignment, error) {
	if call.Caller.Jira {
		return g.tenants.assignment(ctx, call)
	}
	return assignment{agent: call.Agent, projects: []string{}}, nil
}

func (a *App) now() time.Time {
	if a.opts.Now != nil {
		return a.opts.Now()
	}
	return time.Now()
}

// refusalOf is the answer to what an installation may not have.
func refusalOf(err error) error {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrGone) || errors.Is(err, forge.ErrOtherSite) {
		return &a2a.Refusal{Status: http.StatusForbidden, Message: "The app is not installed in this site", Cause: err}
	}
	return err
}
