package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/admin"
	"github.com/aofctl/aofctl/internal/run"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/postgres"
	"github.com/aofctl/aofctl/internal/store/sqlite"
	"github.com/aofctl/aofctl/internal/webhook"
)

const (
	// tendInterval is how often what is old is deleted.
	tendInterval = 10 * time.Minute
	pruneBatch   = 1000
	// forgetEase is how much longer than looking for payloads the pause before the
	// next look is.
	forgetEase = 20
	// spendKept is how long it is remembered what was spent: longer than any budget
	// counts, and than any run goes on.
	spendKept = 40 * 24 * time.Hour
)

// deliveries is the store of deliveries, whatever database it is on.
type deliveries interface {
	webhook.Appender
	run.Deliveries
	admin.Deliveries
	Healthy() error
	Told(ctx context.Context, source, site string, contentKeys []string) (map[string]bool, error)
	Prune(ctx context.Context, before time.Time, batch int) (inbox.Pruned, error)
	Close() error
}

var (
	_ deliveries = (*inbox.Inbox)(nil)
	_ deliveries = (*postgres.Inbox)(nil)
)

func (a *App) openStorage(ctx context.Context) error {
	open := a.openSQLite
	if a.postgres != nil {
		open = a.openPostgres
	}
	if err := open(ctx); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	if err := a.openTokens(ctx); err != nil {
		return fmt.Errorf("storage: %w", err)
	}
	a.onClose(a.sites.close)
	return nil
}

func (a *App) openSQLite(ctx context.Context) error {
	dir := a.opts.Daemon.Storage.Directory
	lock, err := sqlite.Lock(dir)
	if err != nil {
		return err
	}
	a.onClose(lock.Unlock)
	in, err := inbox.Open(ctx, dir, inbox.Options{Erase: a.opts.Daemon.Storage.RetentionDeliveries == 0})
	if err != nil {
		return err
	}
	a.inbox = in
	a.onClose(in.Close)
	if a.store, err = store.Open(ctx, dir, a.opts.Now, a.keeping()...); err != nil {
		return err
	}
	a.onClose(a.store.Close)
	return nil
}

func (a *App) openPostgres(ctx context.Context) error {
	dsn := a.postgres.String()
	in, err := postgres.Open(ctx, dsn, postgres.Options{Erase: a.opts.Daemon.Storage.RetentionDeliveries == 0})
	if err != nil {
		return err
	}
	a.inbox = in
	a.onClose(in.Close)
	if a.store, err = store.OpenPostgres(ctx, dsn, a.opts.Now, a.keeping()...); err != nil {
		return err
	}
	a.onClose(a.store.Close)
	return nil
}

// keeping is how the store keeps what is said in runs.
func (a *App) keeping() []store.Option {
	if a.forgets() {
		return []store.Option{store.Erasing()}
	}
	return nil
}

// forgets reports whether runs leave nothing behind of what was said in them.
func (a *App) forgets() bool { return a.opts.Daemon.Storage.RetentionTranscripts == 0 }

// resolveDSN finds out the URL of the database, of which the password is kept
// from leaving.
func (a *App) resolveDSN() error {
	if a.opts.Daemon.Storage.Directory != "" {
		return nil
	}
	dsn := strings.TrimSpace(a.secrets.value(a.opts.Daemon.Storage.Postgres))
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return errors.New("storage: the dsn is not a URL such as postgres://user@host:5432/database")
	}
	if password, ok := u.User.Password(); ok {
		a.secrets.values = append(a.secrets.values, password)
	}
	a.postgres = u
	return nil
}

// storagePlace says where the state is, without secrets.
func (a *App) storagePlace() string {
	if u := a.postgres; u != nil {
		return (&url.URL{Scheme: u.Scheme, User: url.User(u.User.Username()), Host: u.Host, Path: u.Path}).String()
	}
	return "sqlite:" + a.opts.Daemon.Storage.Directory
}

// tend deletes what is older than it is to be kept, every now and then.
func (a *App) tend(ctx context.Context) {
	a.forget(ctx)
	if time.Since(a.tended) < tendInterval {
		return
	}
	a.tended = time.Now()
	keep := a.opts.Daemon.Storage
	if keep.RetentionDeliveries > 0 {
		_, err := a.inbox.Prune(ctx, a.tended.Add(-keep.RetentionDeliveries), pruneBatch)
		a.tell(ctx, err, "delete old deliveries")
	}
	if !a.forgets() {
		_, err := a.store.Wipe(ctx, a.tended.Add(-keep.RetentionTranscripts))
		a.tell(ctx, err, "delete old transcripts")
	}
	_, err := a.store.PruneAudit(ctx, a.tended.Add(-keep.RetentionAudit))
	a.tell(ctx, err, "delete old rows of the audit log")
	a.tell(ctx, a.store.PruneSpend(ctx, a.tended.Add(-spendKept)), "forget what was spent")
	_, err = a.store.Prune(ctx, a.tended.Add(-keep.RetentionAudit))
	a.tell(ctx, err, "delete old runs")
	_, err = a.store.ForgetExpired(ctx)
	a.tell(ctx, err, "forget what agents were to remember until now")
}

// forget deletes what is not to be kept at all, as soon as it is not needed any more.
// A long backlog is not read through all the time.
func (a *App) forget(ctx context.Context) {
	if a.forgets() {
		_, err := a.store.Erase(ctx)
		a.tell(ctx, err, "delete what was said in runs that ended")
	}
	begun := time.Now()
	if a.opts.Daemon.Storage.RetentionDeliveries > 0 || begun.Before(a.forgotten) {
		return
	}
	_, err := a.inbox.Prune(ctx, begun.Add(time.Hour), pruneBatch)
	a.tell(ctx, err, "delete the payloads of deliveries")
	a.forgotten = time.Now().Add(forgetEase * time.Since(begun))
}

func (a *App) tell(ctx context.Context, err error, what string) {
	if err != nil && ctx.Err() == nil {
		a.log.Error().Err(err).Msg("could not " + what)
	}
}
