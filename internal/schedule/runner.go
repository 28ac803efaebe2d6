package schedule

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/store/inbox"
)

const (
	// look is how often it is looked whether something is due.
	look = time.Second
	// markPrefix is that of the marks of how far each schedule has come.
	markPrefix = "schedule:"
	// SignedBy stands where the name of the secret stands that signed a webhook.
	SignedBy = "schedule"
)

// Job is a trigger with a schedule.
type Job struct {
	Trigger string
	Spec    *Spec
}

// key is by what a job's progress is known. A trigger whose schedule changes
// begins anew: what the new one would have fired before is not missed.
func (j Job) key() string {
	sum := sha256.Sum256([]byte(j.Spec.Text + "\x00" + j.Spec.Zone))
	return j.Trigger + "#" + hex.EncodeToString(sum[:6])
}

// Inbox takes the firings; see inbox.Inbox.
type Inbox interface {
	Append(ctx context.Context, d inbox.Delivery) (inbox.Receipt, error)
}

// Marks remember how far each schedule has come; see store.Store.
type Marks interface {
	Mark(ctx context.Context, name string, at time.Time) error
	Marks(ctx context.Context, prefix string) (map[string]time.Time, error)
}

// Config is what a Runner is made of.
type Config struct {
	// Jobs are those of the catalogue in force.
	Jobs  func() []Job
	Inbox Inbox
	Marks Marks
	// Leads reports whether this replica is the one that fires.
	Leads func() bool
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
	// Every is how often it is looked whether something is due; 0 for each second.
	Every time.Duration
	// Looked is called after each look; nil for nobody.
	Looked func()
}

// Runner fires what is due.
type Runner struct {
	cfg Config
	// last and next are how far each job has come, and when it fires next; nil
	// while another replica fires.
	last, next map[string]time.Time
}

// New makes a Runner.
func New(cfg Config) *Runner {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Looked == nil {
		cfg.Looked = func() {}
	}
	cfg.Every = cmp.Or(cfg.Every, look)
	return &Runner{cfg: cfg}
}

// Run fires until ctx ends. It is called once.
func (r *Runner) Run(ctx context.Context) {
	for {
		if err := r.round(ctx, r.cfg.Now()); err != nil && ctx.Err() == nil {
			zerolog.Ctx(ctx).Error().Err(err).Msg("schedules wait")
		}
		r.cfg.Looked()
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.cfg.Every):
		}
	}
}

// round fires what is due now. What could not be stored is tried again in the
// next one.
func (r *Runner) round(ctx context.Context, now time.Time) error {
	if !r.cfg.Leads() {
		r.last, r.next = nil, nil
		return nil
	}
	if r.last == nil {
		marks, err := r.cfg.Marks.Marks(ctx, markPrefix)
		if err != nil {
			return fmt.Errorf("read how far schedules have come: %w", err)
		}
		r.last, r.next = marks, map[string]time.Time{}
	}
	for _, job := range r.cfg.Jobs() {
		if err := r.job(ctx, job, now); err != nil {
			return fmt.Errorf("fire trigger %s: %w", job.Trigger, err)
		}
	}
	return nil
}

// job fires a job if it is due: however much was missed, once.
func (r *Runner) job(ctx context.Context, job Job, now time.Time) error {
	key := job.key()
	last, known := r.last[key]
	if !known {
		return r.advance(ctx, job, now)
	}
	if _, planned := r.next[key]; !planned {
		r.next[key] = job.Spec.Next(last)
	}
	if next := r.next[key]; next.IsZero() || next.After(now) {
		return nil
	}
	due := job.Spec.Last(last, now)
	if due.IsZero() {
		due = r.next[key]
	}
	if err := r.fire(ctx, job, due, now); err != nil {
		return err
	}
	return r.advance(ctx, job, due)
}

// advance notes that a job has come as far as a moment.
func (r *Runner) advance(ctx context.Context, job Job, at time.Time) error {
	if err := r.cfg.Marks.Mark(ctx, markPrefix+job.key(), at); err != nil {
		return err
	}
	r.last[job.key()], r.next[job.key()] = at, job.Spec.Next(at)
	return nil
}

// firing is the body of a delivery.
type firing struct {
	Trigger     string    `json:"trigger"`
	Schedule    string    `json:"schedule"`
	Timezone    string    `json:"timezone"`
	ScheduledAt time.Time `json:"scheduled_at"`
	// Late is true if nobody was there to fire it when it was due.
	Late bool `json:"late,omitempty"`
}

// lateness is from when on a firing counts as late.
const lateness = time.Minute

func (r *Runner) fire(ctx context.Context, job Job, due, now time.Time) error {
	body, err := json.Marshal(firing{Trigger: job.Trigger, Schedule: job.Spec.Text, Timezone: job.Spec.Zone,
		ScheduledAt: job.Spec.In(due), Late: now.Sub(due) > lateness})
	if err != nil {
		return fmt.Errorf("write delivery: %w", err)
	}
	d := inbox.Delivery{Headers: map[string]string{"Content-Type": "application/json"}, Body: body}
	d.Source, d.SignedBy = event.SourceSchedule, []string{SignedBy}
	d.Key = "schedule:" + job.Trigger + "@" + job.Spec.Moment(due)
	receipt, err := r.cfg.Inbox.Append(ctx, d)
	if err != nil {
		return fmt.Errorf("store firing: %w", err)
	}
	if !receipt.Duplicate {
		zerolog.Ctx(ctx).Info().Str("trigger", job.Trigger).Str("delivery", receipt.ID).Time("scheduled_at", due).Msg("schedule fired")
	}
	return nil
}
