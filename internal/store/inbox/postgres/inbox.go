package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Schema is where the tables are.
const Schema = "aof_inbox"

// readers is the number of connections for everything but storing deliveries.
const readers = 3

// Options tune an inbox. The zero value is right for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Entropy feeds the ULIDs; nil means crypto/rand.
	Entropy io.Reader
	// MaxWaiting and MaxBytes bound what waits to be stored; 0 means 8192
	// deliveries and 64 MiB, compressed.
	MaxWaiting int
	MaxBytes   int64
	// Writers is how many connections store deliveries at once; 0 means 10. Five
	// more do the rest.
	Writers int
	// Patience is how long storing one delivery may take; 0 means 5 s.
	Patience time.Duration
	// Probe is the pause between trial writes while the server takes none, and
	// between looks at whether it is there while nothing else is asked of it; 0
	// means 1 s.
	Probe time.Duration
	// KeepIdentities is how long a delivery's identity is remembered at least; 0
	// means 32 days.
	KeepIdentities time.Duration
	// Erase has Prune delete the payload of the newest delivery, too.
	Erase bool
	// AllowNoFsync accepts a server that may lose what it committed, for tests.
	AllowNoFsync bool
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Entropy == nil {
		o.Entropy = rand.Reader
	}
	setDefault(&o.MaxWaiting, 8192)
	setDefault(&o.MaxBytes, 64<<20)
	setDefault(&o.Writers, 10)
	setDefault(&o.Patience, 5*time.Second)
	setDefault(&o.Probe, time.Second)
	setDefault(&o.KeepIdentities, 32*24*time.Hour)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Inbox is the store of deliveries. Its methods may be used by any number of
// goroutines at once.
type Inbox struct {
	opts Options
	ids  *ulid.LockedMonotonicReader
	// write stores deliveries, db does the rest: neither waits for the other's
	// connections.
	write, db *sql.DB
	queue     *queue
	gate      *gate
	horizon   horizon
	wake      *waker
	counts    inbox.CountCache
	// stop ends the goroutines in work, but for the writers, which end with the
	// queue.
	stop          context.CancelFunc
	work, writers sync.WaitGroup
	once          sync.Once
	ended         error
}

// Open connects to the database that the URL dsn names, and makes or updates
// the tables. The log of the context is told when other replicas cannot be heard.
func Open(ctx context.Context, dsn string, o Options) (*Inbox, error) {
	o = o.withDefaults()
	in := &Inbox{
		opts:  o,
		ids:   &ulid.LockedMonotonicReader{MonotonicReader: ulid.Monotonic(o.Entropy, 0)},
		queue: newQueue(o),
		gate:  newGate(),
		wake:  newWaker(),
	}
	if err := in.connect(ctx, dsn); err != nil {
		return nil, errors.Join(fmt.Errorf("open inbox: %w", err), in.disconnect())
	}
	in.start(ctx, dsn)
	return in, nil
}

func (in *Inbox) connect(ctx context.Context, dsn string) error {
	o := postgres.Options{Schema: Schema, MaxConns: readers, AllowNoFsync: in.opts.AllowNoFsync}
	var err error
	if in.db, err = postgres.Open(ctx, dsn, o); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, in.db, files); err != nil {
		return err
	}
	o.MaxConns = in.opts.Writers
	if in.write, err = postgres.Open(ctx, dsn, o); err != nil {
		return err
	}
	// What is there already is mostly final; it need not be gone through.
	_, err = in.bridge(ctx)
	return err
}

// start begins the work that goes on until Close.
func (in *Inbox) start(ctx context.Context, dsn string) {
	ctx, in.stop = context.WithCancel(context.WithoutCancel(ctx))
	for range in.opts.Writers {
		in.writers.Go(in.store)
	}
	in.work.Go(func() { in.probe(ctx) })
	self := rand.Text()
	in.work.Go(func() { in.announce(ctx, self) })
	in.work.Go(func() { in.listen(ctx, dsn, self) })
}

// Wake returns a channel that gets a value after deliveries were stored, by
// this replica or another. Values are coalesced, and there is one channel for all
// readers: one goroutine should read it. It should look for Pending work also
// when it starts and now and then: what another replica has to say may be lost.
func (in *Inbox) Wake() <-chan struct{} { return in.wake.channel }

// Healthy returns nil if the inbox takes deliveries, and otherwise an error
// that says why it does not.
func (in *Inbox) Healthy() error { return in.gate.state() }

// Close refuses new work, stores what was accepted for storing, and closes the
// connections.
func (in *Inbox) Close() error {
	in.once.Do(func() {
		in.gate.close()
		in.queue.close()
		in.writers.Wait()
		in.stop()
		in.work.Wait()
		in.wake.stop()
		in.ended = in.disconnect()
	})
	return in.ended
}

func (in *Inbox) disconnect() error {
	var errs []error
	for _, db := range []*sql.DB{in.write, in.db} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// spoilt is the error of a write that failed for the given reason.
func spoilt(err error) error { return fmt.Errorf("%w: %w", inbox.ErrUnavailable, err) }
