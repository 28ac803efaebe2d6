package keeper

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/store"
)

// Work is what a new task consists of.
type Work struct {
	// Run does the work, with the manifests that it needs.
	Run       store.Run
	Revisions []store.Revision
	// Status is the first of the task; the zero Status is that it was submitted.
	Status a2a.Status
	// Deadline is when the task fails if it has not ended; zero leaves it to the
	// Keeper.
	Deadline time.Time
}

// Config is what a Keeper is made of.
type Config struct {
	Store *store.Store
	// Prepare makes the work of a new task out of the message that begins it, which
	// names its task and context. It is called before the task is stored, must not
	// wait for anything outside, and may be called for a task that is never made.
	// Its errors go to the caller as those of a2a.Tasks do.
	Prepare func(ctx context.Context, call a2a.Call, msg a2a.Message, taskID, contextID string) (Work, error)
	// Gate says whether work for the caller may begin. What it returns instead of
	// nil is the status of the task until then, which is that of a sign-in or a
	// setting that is required, or of a refusal for good. nil lets everybody in.
	Gate func(ctx context.Context, call a2a.Call) (hold *a2a.Status, err error)
	// Wake tells the scheduler that there is a run to start; nil for nobody.
	Wake func()
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
	// NewID makes ids; nil for UUIDs that grow with time.
	NewID func() string
	// Limits bound the active tasks. Zero values are 200 for each user, 2,000 for
	// each installation, and 10 s; negative ones no bound.
	Limits store.TaskLimits
	// Chat, WorkItem and Plain are how long tasks may last: those of a chat in
	// Jira, of anything else there, and of other callers. 0 is 30 minutes, 60
	// minutes and 24 hours: Jira gives up after the first two.
	Chat, WorkItem, Plain time.Duration
	Log                   zerolog.Logger
}

// Keeper implements a2a.Tasks and a2a.PushConfigs.
type Keeper struct {
	cfg   Config
	store *store.Store
	hub   *hub
}

// Keeper does what an endpoint needs.
var (
	_ a2a.Tasks       = (*Keeper)(nil)
	_ a2a.PushConfigs = (*Keeper)(nil)
)

// New makes a Keeper.
func New(cfg Config) *Keeper {
	setDefault(&cfg.Limits.PerOwner, 200)
	setDefault(&cfg.Limits.PerInstallation, 2000)
	setDefault(&cfg.Limits.RetryAfter, 10*time.Second)
	setDefault(&cfg.Chat, 30*time.Minute)
	setDefault(&cfg.WorkItem, time.Hour)
	setDefault(&cfg.Plain, 24*time.Hour)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = newID
	}
	if cfg.Wake == nil {
		cfg.Wake = func() {}
	}
	if cfg.Gate == nil {
		cfg.Gate = func(context.Context, a2a.Call) (*a2a.Status, error) { return nil, nil }
	}
	return &Keeper{cfg: cfg, store: cfg.Store, hub: newHub(cfg.Store, cfg.Log)}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// newID makes a UUID of version 7, RFC 9562, section 5.7: ids that were made one
// after another stand together in an index. Who may see a task is not decided by
// whether its id is known.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it does not fail
	ms := uint64(time.Now().UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (8 * (5 - i)))
	}
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

func owner(call a2a.Call) store.TaskOwner {
	return store.TaskOwner{Installation: call.Caller.Installation, Account: call.Caller.Account}
}
