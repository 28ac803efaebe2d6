package app

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/cors"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/schedule"
	"github.com/aofctl/aofctl/internal/webhook"
)

const (
	// maxBodyTime is how long a sender may take at most, whatever is configured.
	maxBodyTime = 30 * time.Second
	// lingering is how long connections may take to finish once the daemon stops.
	lingering = 5 * time.Second
)

func (a *App) buildServers(context.Context) error {
	d := a.opts.Daemon
	var err error
	a.hearing = newHearing(a)
	a.handler, err = webhook.New(listener{a.inbox, a.hearing}, a.sites.sources(a.live.secrets), webhook.Options{
		MaxBodyBytes: d.Server.MaxBodyBytes, BodyTimeout: min(d.Server.Timeout, maxBodyTime), Metrics: observer{a.metrics}, Acknowledged: a.metrics.Acknowledged,
		Find: a.find})
	if err != nil {
		return err
	}
	a.server = webhook.Server(address(d.Server.Host, d.Server.Port), a.routes())
	a.server.WriteTimeout = d.Server.Timeout
	a.prepare(a.server)
	if !d.Admin.Enabled {
		return nil
	}
	token := a.secrets.optional(d.Admin.Token)
	if token == "" && !loopback(d.Admin.Host) {
		return fmt.Errorf("admin: a token is required to listen on %s: set %s, or use host 127.0.0.1", d.Admin.Host, secretName(d.Admin.Token))
	}
	a.admin = webhook.Server(address(d.Admin.Host, d.Admin.Port), admin.New(admin.Config{
		Token: token, Version: a.opts.Version, Inbox: a.inbox, Store: a.store, Catalog: a.live.catalog,
		Ready: a.ready, Order: a.order, Installations: a.agents.installations, Desk: a.desk, Wake: a.scheduler.Wake, Metrics: a.metrics.Handler(), Webhooks: a.hearing.all, Closing: a.closing, Log: a.log}))
	a.prepare(a.admin)
	return nil
}

// find finds the source of a path that is not known beforehand.
func (a *App) find(path string) (webhook.Source, bool) {
	if src, found := a.live.post(path); found {
		return src, true
	}
	return a.sites.named(path, a.live.secrets)
}

// prepare makes a server log as the rest of the daemon does.
func (a *App) prepare(s *http.Server) {
	s.BaseContext = func(net.Listener) context.Context { return a.log.WithContext(context.Background()) }
	s.ErrorLog = log.New(a.log.With().Str("part", "http").Logger(), "", 0)
}

func (a *App) routes() http.Handler {
	r := chi.NewRouter()
	if a.opts.Daemon.Server.CORS {
		r.Use(cors.AllowAll().Handler)
	}
	admin.MountHealth(r, a.ready)
	r.Handle("/webhook/*", a.handler)
	for path, h := range a.agents.routes() {
		r.Handle(path, h)
		if strings.HasSuffix(path, "/json-rpc") { // clients that take the address for a base add a slash
			r.Handle(path+"/", h)
		}
	}
	r.NotFound(a.handler.ServeHTTP)
	return r
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Listen binds the ports. It comes last: what is bound can accept.
func (a *App) Listen(ctx context.Context) error {
	var lc net.ListenConfig
	var err error
	if a.admin != nil {
		if a.adminListener, err = lc.Listen(ctx, "tcp", a.admin.Addr); err != nil {
			return fmt.Errorf("listen for the admin API (spec.admin.host and port): %w", err)
		}
	}
	if a.serverListener, err = lc.Listen(ctx, "tcp", a.server.Addr); err != nil {
		return fmt.Errorf("listen for webhooks (spec.server.host and port): %w", errors.Join(err, a.closeListeners()))
	}
	return nil
}

// closeListeners closes what Listen bound and no server closes.
func (a *App) closeListeners() error {
	var errs []error
	for _, l := range []net.Listener{a.serverListener, a.adminListener} {
		if l == nil {
			continue
		}
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Addr is where webhooks are taken, once Listen has returned.
func (a *App) Addr() string { return a.serverListener.Addr().String() }

// AdminAddr is where the admin API is, "" if there is none.
func (a *App) AdminAddr() string {
	if a.adminListener == nil {
		return ""
	}
	return a.adminListener.Addr().String()
}

// Run does the daemon's work until ctx ends, then drains and closes everything.
// Listen must have been called.
func (a *App) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	failed := make(chan error, 2)
	var background sync.WaitGroup
	if err := a.supervisor.Begin(ctx); err != nil {
		return errors.Join(err, a.closeListeners(), a.drain(stop, &background))
	}
	background.Go(func() { a.sites.acquaint(a.log.WithContext(work)) })
	background.Go(func() { run.Dispatch(work, a.supervisor, a.dispatching()) })
	clock := schedule.New(schedule.Config{Jobs: a.live.jobs, Inbox: a.inbox, Marks: a.store, Leads: a.supervisor.Leads,
		Now: a.opts.Now, Every: a.opts.Look, Looked: a.opts.Looked})
	background.Go(func() { clock.Run(a.log.WithContext(work)) })
	background.Go(func() { a.scheduler.Run(work) })
	a.lender.keep(a.live.catalog())
	background.Go(func() { a.watch(work) })
	background.Go(func() { a.hearing.run(a.log.WithContext(work)) })
	a.agents.start(a.log.WithContext(work), &background)
	for _, r := range a.reconcilers {
		background.Go(func() { r.Run(a.log.WithContext(work), a.supervisor.Leads) })
	}
	supervise, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	a.supervision.Go(func() { a.supervisor.Run(a.log.WithContext(supervise)) })
	a.release = release
	go func() { failed <- a.serve() }()
	if a.admin != nil {
		go func() { failed <- a.admin.Serve(a.adminListener) }()
	}
	var err error
	select {
	case <-ctx.Done():
		a.log.Info().Stringer("at_most", a.opts.Daemon.Runtime.ShutdownGrace).
			Msg("stopping: no new webhooks, steps at work finish; a second signal ends at once")
	case err = <-failed:
	}
	return errors.Join(err, a.drain(stop, &background))
}

func (a *App) serve() error {
	s := a.opts.Daemon.Server
	if s.CertFile != "" {
		return a.server.ServeTLS(a.serverListener, s.CertFile, s.KeyFile)
	}
	return a.server.Serve(a.serverListener)
}

// drain stops intake first, then the work, then the servers, and closes the
// storage last. Until the steps at work are finished the ports stay open:
// webhooks are told to come again, and the operator can look on.
func (a *App) drain(stop context.CancelFunc, background *sync.WaitGroup) error {
	a.handler.Drain()
	a.agents.drain()
	a.stopping.Store(true)
	stop()
	background.Wait()
	a.supervisor.Retire()
	grace, cancel := context.WithTimeout(context.Background(), a.opts.Daemon.Runtime.ShutdownGrace)
	defer cancel()
	errs := []error{a.engine.Shutdown(grace)}
	a.release()
	a.supervision.Wait()
	errs = append(errs, a.giveBack())
	close(a.closing)
	for _, s := range []*http.Server{a.server, a.admin} {
		if s != nil {
			errs = append(errs, shutdown(s))
		}
	}
	errs = append(errs, a.close())
	a.log.Info().Msg("stopped")
	return errors.Join(errs...)
}

// giveBack lets other replicas take the runs that are not finished at once.
func (a *App) giveBack() error {
	ctx, cancel := context.WithTimeout(context.Background(), lingering)
	defer cancel()
	return a.supervisor.End(ctx)
}

func shutdown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), lingering)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return s.Close() // streams have no end of their own
	}
	return nil
}
