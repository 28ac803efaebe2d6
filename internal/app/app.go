// Package app puts the daemon together: it builds everything from the
// configuration, starts it in order and stops it in reverse. Nothing else wires.
package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/agent"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/budget"
	"github.com/aofctl/aofctl/internal/durable"
	"github.com/aofctl/aofctl/internal/fleet"
	"github.com/aofctl/aofctl/internal/flow"
	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/llm"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/outbound"
	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/route"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/telemetry"
	"github.com/aofctl/aofctl/internal/tool"
	"github.com/aofctl/aofctl/internal/tool/mcp"
	"github.com/aofctl/aofctl/internal/webhook"
)

// Options are what an App needs from outside.
type Options struct {
	Daemon *manifest.Daemon
	Env    func(string) (string, bool)
	// Version is the program's.
	Version string
	// LogOut takes the log; LogLevel and LogFormat override the configuration's.
	LogOut    io.Writer
	LogLevel  string
	LogFormat string
	// Retry says how transient failures of steps are tried again; zero for the
	// default.
	Retry durable.Retry
	// Models stands in for the providers of models, for tests; see llm.Options.
	Models llm.Instead
	// MCP are answers of tools in place of MCP servers, by server and tool, for tests;
	// nil has servers started.
	MCP map[string]map[string]string
	// Now tells the time to the runs, their waits and limits; nil for the system's
	// clock. It does not reach what PostgreSQL itself tells the time for.
	Now func() time.Time
	// Look is how often it is looked whose waiting is over and which schedule is due;
	// 0 for each second. Looked is called after each look at the schedules.
	Look   time.Duration
	Looked func()
	// Files is where memories in files are that are named by relative paths; "" for
	// the directory of the configuration.
	Files string
	// Carrier takes the place of connections to hosts that tools and flows reach
	// (policy.allowed_hosts); nil for these.
	Carrier http.RoundTripper
}

// settlePatience is how long a run keeps its place while it waits for a write to
// show up.
const settlePatience = 3 * time.Second

// App is the daemon.
type App struct {
	opts    Options
	log     zerolog.Logger
	metrics *telemetry.Metrics

	secrets   *secretStore
	sites     *sites
	tokens    tokens
	providers *llm.Providers
	outbound  *outbound.Client
	// shelf has the memories of agents.
	shelf    *memory.Shelf
	registry *tool.Registry
	lender   *lender
	known    manifest.Known
	live     *live

	// postgres is the URL of the database; nil on SQLite.
	postgres *url.URL
	inbox    deliveries
	store    *store.Store
	engine   *durable.Engine
	// desk asks people and takes their decisions.
	desk       *approval.Desk
	supervisor *run.Supervisor
	scheduler  *run.Scheduler
	dispatch   run.DispatcherConfig
	// reconcilers ask for missed changes, hearing knows when webhooks came.
	reconcilers []reconciler
	hearing     *hearing
	handler     *webhook.Handler
	// agents is the endpoint of A2A; nil if no agent is offered.
	agents *agents

	server, admin                 *http.Server
	serverListener, adminListener net.Listener
	// stopping is true once no more webhooks are taken, closing is closed when
	// streams have to end.
	stopping atomic.Bool
	closing  chan struct{}
	// supervision goes on until the engine has stopped: until then this replica
	// is alive. release ends it.
	supervision sync.WaitGroup
	release     context.CancelFunc
	// tended is when what is old was deleted last, forgotten when payloads that are not
	// kept are looked for again.
	tended, forgotten time.Time

	// cleanup undoes what New did, in reverse.
	cleanup []func() error
	once    sync.Once
}

// New builds the daemon and opens its storage, but serves and starts nothing
// yet. Everything that is wrong with the configuration is in the error at once.
func New(ctx context.Context, opts Options) (*App, error) {
	if opts.Retry.Tries == 0 {
		opts.Retry = durable.DefaultRetry()
	}
	a := &App{opts: opts, secrets: &secretStore{env: opts.Env}, metrics: telemetry.NewMetrics(opts.Version),
		closing: make(chan struct{}), release: func() {}}
	for _, build := range []func(context.Context) error{a.configure, a.openStorage, a.buildRuns, a.buildReconcile, a.buildA2A, a.buildServers} {
		if err := build(ctx); err != nil {
			return nil, errors.Join(err, a.close())
		}
	}
	return a, nil
}

// configure checks everything that can be checked without touching the disk, and
// tells all of it at once.
func (a *App) configure(ctx context.Context) error {
	d := a.opts.Daemon
	// A group commit needs a thread that runs while another waits for the disk,
	// also on one core.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 2))
	problems := []error{d.MissingSecrets(a.opts.Env).Errors().Err()}
	var err error
	if a.providers, err = newProviders(d, a.secrets, a.opts); err != nil {
		return errors.Join(append(problems, err)...) // without them no agent can be checked
	}
	problems = append(problems, a.loadCatalog(ctx))
	if err := errors.Join(problems...); err != nil {
		return err
	}
	if a.sites, err = newSites(d, siteParts{secrets: a.secrets, version: a.opts.Version, permit: a.permit, metrics: a.metrics, tokens: &a.tokens}, &expressions{}); err != nil {
		return err
	}
	a.outbound = newOutbound(d, a.secrets, a.opts, a.permit)
	a.collectSecrets()
	if err := a.resolveDSN(); err != nil {
		return err
	}
	if err := a.secrets.err(); err != nil {
		return err
	}
	a.log, err = a.newLogger()
	return err
}

// collectSecrets makes the values known that the logger and the policy keep from
// leaving and that nothing else has asked for yet.
func (a *App) collectSecrets() {
	if a.opts.Daemon.Admin.Enabled {
		a.secrets.optional(a.opts.Daemon.Admin.Token)
	}
	for _, name := range a.live.catalog().SecretEnvs() {
		a.secrets.optional(manifest.Secret{Env: name})
	}
	a.secrets.values = append(a.secrets.values, mcpSecrets(a.live.catalog(), a.opts.Env)...)
}

func (a *App) newLogger() (zerolog.Logger, error) {
	level, format := a.opts.LogLevel, a.opts.LogFormat
	if level == "" {
		level = a.opts.Daemon.Log.Level
	}
	if format == "" {
		format = a.opts.Daemon.Log.Format
	}
	return telemetry.NewLogger(a.opts.LogOut, level, format, a.secrets.values)
}

// loadCatalog loads the manifests. They are checked against tools that are not
// connected to anything yet: only the names matter.
func (a *App) loadCatalog(ctx context.Context) error {
	registry, err := newRegistry(&sites{}, tool.Writer{}, helpers{})
	if err != nil {
		return err
	}
	a.known = known(a.opts.Daemon, registry, a.providers, a.opts.Env)
	loader := manifest.NewLoader(a.opts.Daemon.Directories(), a.known)
	a.live, err = newLive(ctx, func(ctx context.Context) (*manifest.Catalog, error) {
		cat, err := loader.Load(ctx)
		if err != nil {
			return nil, err
		}
		return cat, a.checkModels(cat)
	}, a.opts.Env)
	return err
}

// watch reloads the manifests when they change.
func (a *App) watch(ctx context.Context) {
	a.live.source.Watch(ctx, a.opts.Daemon.Directories(), func(cat *manifest.Catalog) {
		a.live.swap(cat)
		a.lender.keep(cat)
		a.metrics.Reload(true)
		a.tell(ctx, a.store.Audit(ctx, "config", "", map[string]string{"what": "manifests reloaded", "revision": cat.Revision}), "add the reload to the audit log")
		a.log.Info().Str("revision", cat.Revision).Int("triggers", len(cat.Triggers)).Int("agents", len(cat.Agents)).
			Int("fleets", len(cat.Fleets)).Int("flows", len(cat.Flows)).Msg("manifests reloaded")
	}, func(err error) {
		a.metrics.Reload(false)
		a.log.Error().Err(err).Msg("manifests not reloaded: the last good ones stay in force")
	})
}

// checkModels makes a missing key a matter of start-up and not of the first run.
func (a *App) checkModels(cat *manifest.Catalog) error {
	var problems manifest.Problems
	for _, ag := range cat.Agents {
		for _, err := range a.checkAgent(ag) {
			problems = append(problems, manifest.Problem{Path: ag.Source, Severity: manifest.Error, Message: "agent " + ag.Name + ": " + err.Error()})
		}
	}
	for _, f := range cat.Fleets {
		for _, ag := range f.Inline() {
			for _, err := range a.checkAgent(ag) {
				problems = append(problems, manifest.Problem{Path: f.Source, Severity: manifest.Error,
					Message: "member " + ag.Name + " of fleet " + f.Name + ": " + err.Error()})
			}
		}
	}
	slices.SortFunc(problems, func(x, y manifest.Problem) int { return cmp.Compare(x.String(), y.String()) })
	return problems.Err()
}

// checkAgent reports what keeps an agent's models from being asked as it would.
func (a *App) checkAgent(ag *manifest.Agent) []error {
	var problems []error
	for _, ref := range append([]string{ag.Model}, ag.Fallbacks...) {
		if err := a.checkModel(ref); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	if err := a.providers.CheckRequest(ag.Model, llm.Request{Temperature: ag.Temperature, MaxTokens: ag.MaxTokens}); err != nil {
		problems = append(problems, err)
	}
	return problems
}

// checkModel reports what keeps a model from being asked. The variable that the
// configuration names for the key comes before the provider's own.
func (a *App) checkModel(ref string) error {
	name, _, _ := strings.Cut(ref, ":")
	key := a.opts.Daemon.Providers[name].APIKey
	if key.Env != "" {
		if value, _ := a.opts.Env(key.Env); value == "" {
			return fmt.Errorf("model %s needs a key: environment variable %s is not set", ref, key.Env)
		}
	}
	if key.File != "" {
		if _, err := key.Resolve(a.opts.Env, os.ReadFile); err != nil {
			return fmt.Errorf("model %s needs a key: %w", ref, err)
		}
	}
	return a.providers.Check(ref)
}

func (a *App) buildRuns(ctx context.Context) error {
	d := a.opts.Daemon
	var err error
	writer := tool.Writer{Ledger: a.store, Settle: d.Runtime.Settle, Patience: settlePatience}
	if a.registry, err = newRegistry(a.sites, writer, a.helpers()); err != nil {
		return err
	}
	rules := policy.New(rulesOf(d, a.registry, a.secrets))
	a.lender = &lender{pool: mcp.NewPool(mcp.Options{Writer: writer, Version: a.opts.Version, Directory: d.Dir(), Log: a.log}), env: a.opts.Env, learn: rules.Learn, answers: a.opts.MCP}
	a.onClose(a.lender.pool.Close)
	a.desk = approval.New(approval.Config{Store: a.store, Approvers: d.Policy.Approvers})
	calls := gate.New(rules, a.desk).WithRates(a.commentsOf)
	if a.forgets() {
		calls = calls.WithoutTexts()
	}
	runner := agent.New(a.providers, calls, a.registry).WithBudget(budget.New(a.store, a.providers, d.Policy, nil)).WithToolbox(a.lender)
	fleets := fleet.New(runner)
	flows := flow.New(flow.Config{Agents: runner, Fleets: fleetParts{fleets}, Gate: calls, Tools: a.registry})
	executors := map[string]run.Executor{
		string(manifest.TargetAgent): newAgentExecutor(runner, a.known),
		string(manifest.TargetFleet): newFleetExecutor(fleets, a.known, a.store.Steps),
		string(manifest.TargetFlow):  newFlowExecutor(flows, runner, a.known, a.store.Steps),
		string(route.TargetReply):    &replyExecutor{runner},
	}
	seen := observer{a.metrics}
	worker := run.NewWorker(a.store, executors, a.sites, seen, a.log).WithAttend(attend(a.store, a.desk))
	if a.forgets() {
		worker = worker.WithoutTexts()
	}
	a.buildEngine(worker, seen)
	kinds := map[string]bool{}
	for kind := range executors {
		kinds[kind] = true
	}
	a.dispatch = run.DispatcherConfig{
		Inbox: a.inbox, Store: a.store, Lease: a.supervisor.Lease,
		Desk: a.desk, Router: a.live, Accounts: a.sites, Asker: asker{a.sites}, Admitted: a.scheduler.Wake, Signed: a.sites.signed,
		MaxPerHour: d.Runtime.MaxRunsPerIssuePerHour, Kinds: kinds, Observer: seen, Now: a.opts.Now, Seed: rand.Text, Log: a.log,
	}
	return nil
}

// buildEngine makes what works on runs: the engine, the scheduler that gives it
// runs, and the supervisor of both.
func (a *App) buildEngine(worker *run.Worker, seen observer) {
	r := a.opts.Daemon.Runtime
	replica := store.Replica{ID: ulid.Make().String(), Host: hostname(), Version: a.opts.Version, Started: time.Now()}
	log := a.log
	if a.store.Shared() {
		log = log.With().Str("replica", replica.ID).Logger()
	}
	wake := func() { a.scheduler.Wake() } // which is made last
	a.engine = durable.New(a.store, worker.Work, durable.Options{StepTimeout: r.TaskTimeout, Retry: a.opts.Retry, Now: a.opts.Now, Recorded: seen.StepEnded,
		Ended: worker.Ended, Left: func(string) { wake() }, Log: log})
	a.supervisor = run.NewSupervisor(run.SupervisorConfig{Store: a.store, Engine: a.engine, Replica: replica, Interval: a.opts.Look, Wake: wake, Tend: a.tend, Log: log})
	a.metrics.WatchBacklog(a.backlog)
	a.scheduler = run.NewScheduler(a.store, a.engine, run.SchedulerConfig{Owner: replica.ID, Limit: r.MaxConcurrentTasks,
		Limits: store.Limits{Total: r.MaxConcurrentTotal, PerProject: r.MaxRunsPerProject}, May: a.supervisor.Alive, Log: log})
}

// permit stops what this replica may not write any more. Nothing is written
// before there is a supervisor.
func (a *App) permit(ctx context.Context) error { return a.supervisor.Permit(ctx) }

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

func (a *App) onClose(undo func() error) { a.cleanup = append(a.cleanup, undo) }

// Close closes what New opened. It is for an App that is not run: Run closes by
// itself.
func (a *App) Close() error { return errors.Join(a.closeListeners(), a.close()) }

// close undoes what was built, in reverse.
func (a *App) close() error {
	var errs []error
	a.once.Do(func() {
		for _, undo := range slices.Backward(a.cleanup) {
			errs = append(errs, undo())
		}
	})
	return errors.Join(errs...)
}

func address(host string, port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
