package inbox

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// idle is how long the writer must rest before the log is copied all the same.
const idle = time.Second

// checkpointer copies the write-ahead log into the database beside the writer,
// on a connection of its own: done inside a commit, as SQLite does by default,
// it would hold acknowledgements up.
type checkpointer struct {
	db          *sql.DB
	every       int64
	maxFrames   int64
	sinceLast   int64
	dirty       atomic.Bool
	restart     atomic.Bool
	due         chan struct{}
	stop, ended chan struct{}
}

func newCheckpointer(path string, o Options) (*checkpointer, error) {
	db, err := sqlite.Open(path, sqlite.Options{MaxConns: 1, CacheBytes: 1 << 20, CheckpointPages: -1})
	if err != nil {
		return nil, err
	}
	c := &checkpointer{
		db:        db,
		every:     o.CheckpointBytes,
		maxFrames: o.MaxLogBytes / pageSize,
		due:       make(chan struct{}, 1),
		stop:      make(chan struct{}),
		ended:     make(chan struct{}),
	}
	go c.run()
	return c, nil
}

// wrote is told of each commit by the writer, and answers whether the log has
// become so long that the writer must wait for it to be copied.
func (c *checkpointer) wrote(b batch) bool {
	c.dirty.Store(true)
	c.sinceLast += pageSize
	for _, a := range b.arrivals {
		c.sinceLast += int64(len(a.block)) + pageSize
	}
	if c.sinceLast >= c.every {
		c.sinceLast = 0
		select {
		case c.due <- struct{}{}:
		default:
		}
	}
	return c.restart.CompareAndSwap(true, false)
}

func (c *checkpointer) run() {
	defer close(c.ended)
	ticker := time.NewTicker(idle)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-c.due:
		case <-ticker.C:
		}
		c.round(context.Background())
	}
}

// round copies what was written since the last one, and asks the writer for
// help if it is too much. An error is left to the writer to meet.
func (c *checkpointer) round(ctx context.Context) {
	if !c.dirty.Swap(false) {
		return
	}
	frames, err := c.copy(ctx)
	if err == nil && frames > c.maxFrames {
		c.restart.Store(true)
	}
}

// copy moves what it can without holding anybody up, and returns the length of
// the log in frames.
func (c *checkpointer) copy(ctx context.Context) (int64, error) {
	var busy, frames, copied int64
	err := c.db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`).Scan(&busy, &frames, &copied)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	return frames, nil
}

func (c *checkpointer) close() error {
	close(c.stop)
	<-c.ended
	return c.db.Close()
}
