package inbox

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

//go:embed migrations/*.sql
var migrations embed.FS

// FileName is the name of the inbox's database in its directory.
const FileName = "inbox.db"

// Options tune an inbox. The zero value is right for production.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Entropy feeds the ULIDs; nil means crypto/rand.
	Entropy io.Reader
	// MaxWaiting and MaxBytes bound what waits to be written; 0 means 8192
	// deliveries and 64 MiB, compressed.
	MaxWaiting int
	MaxBytes   int64
	// MaxBatch bounds the deliveries of one commit; 0 means 512.
	MaxBatch int
	// Probe is the pause between trial writes while the disk takes none; 0
	// means 500 ms.
	Probe time.Duration
	// KeepIdentities is how long a delivery's identity is remembered at least;
	// 0 means 32 days. Jira repeats a delivery for about an hour; a captured one
	// may be sent again at any time.
	KeepIdentities time.Duration
	// CheckpointBytes is how much is written before it is copied from the log
	// into the database in the background; 0 means 8 MiB.
	CheckpointBytes int64
	// MaxLogBytes is the size of the log at which commits wait for that copy; 0
	// means 96 MiB.
	MaxLogBytes int64
	// Erase has Prune delete the payload of the newest delivery, too, and leaves
	// nothing in the file of what is deleted.
	Erase bool
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
	setDefault(&o.MaxBatch, 512)
	setDefault(&o.Probe, 500*time.Millisecond)
	setDefault(&o.KeepIdentities, 32*24*time.Hour)
	setDefault(&o.CheckpointBytes, 8<<20)
	setDefault(&o.MaxLogBytes, 96<<20)
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
	opts  Options
	read  *sql.DB
	queue *queue
	check *checkpointer
	write *writer
	wake  chan struct{}
	// traces tells that the log may hold what was deleted.
	traces atomic.Bool
	// counts spares the disk.
	counts CountCache
	once   sync.Once
	ended  error
}

// Open opens the inbox in dir, which must exist and be locked by the caller,
// and makes it if there is none.
func Open(ctx context.Context, dir string, o Options) (*Inbox, error) {
	o = o.withDefaults()
	path := filepath.Join(dir, FileName)
	if err := migrate(ctx, path, o.Erase); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	in := &Inbox{opts: o, queue: newQueue(o), wake: make(chan struct{}, 1)}
	var err error
	if in.read, err = sqlite.Open(path, sqlite.Options{CacheBytes: 2 << 20, ReadOnly: true}); err != nil {
		return nil, fmt.Errorf("open inbox: %w", err)
	}
	if in.check, err = newCheckpointer(path, o); err != nil {
		return nil, errors.Join(fmt.Errorf("open inbox: %w", err), in.read.Close())
	}
	if in.write, err = newWriter(ctx, path, in); err != nil {
		return nil, errors.Join(fmt.Errorf("open inbox: %w", err), in.check.close(), in.read.Close())
	}
	go in.write.run()
	return in, nil
}

func migrate(ctx context.Context, path string, erase bool) error {
	db, err := sqlite.Open(path, sqlite.Options{PageSize: pageSize, MaxConns: 1})
	if err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err == nil {
		err = sqlite.Migrate(ctx, db, files)
	}
	if err == nil && erase {
		err = sqlite.Compact(ctx, db)
	}
	return errors.Join(err, db.Close())
}

// Append stores a delivery and returns once it is on the disk. Of several
// deliveries with the same source, site and key exactly one is stored; the
// others get its receipt, marked as duplicates. A delivery whose State is
// StateFailed is stored as finished, with its Reason; any other State becomes
// StateReceived. A zero ReceivedAt becomes now. The error is, or wraps, ErrFull,
// ErrClosed, ErrUnavailable or the context's; after the context's error the
// delivery may have been stored all the same.
func (in *Inbox) Append(ctx context.Context, d Delivery) (Receipt, error) {
	a, err := in.newArrival(d)
	if err != nil {
		return Receipt{}, fmt.Errorf("append delivery: %w", err)
	}
	if err := in.queue.add(a); err != nil {
		return Receipt{}, fmt.Errorf("append delivery: %w", err)
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		return Receipt{}, fmt.Errorf("append delivery: %w", ctx.Err())
	}
	if a.err != nil {
		return Receipt{}, fmt.Errorf("append delivery: %w", a.err)
	}
	return a.receipt, nil
}

// Wake returns a channel that gets a value after commits that stored
// deliveries. Values are coalesced, and there is one channel for all readers:
// one goroutine should read it, and look for Pending work also when it starts.
func (in *Inbox) Wake() <-chan struct{} { return in.wake }

// Healthy returns nil if the inbox takes deliveries, and otherwise an error
// that says why it does not.
func (in *Inbox) Healthy() error { return in.queue.state() }

// Close refuses new work, writes what was accepted for writing, and closes the
// files.
func (in *Inbox) Close() error {
	in.once.Do(func() {
		in.queue.close()
		<-in.write.ended
		// The writer's connection goes last: the last one to close copies the
		// log into the database, which a reader's could not.
		in.ended = errors.Join(in.read.Close(), in.check.close(), in.write.close())
	})
	return in.ended
}
