package push

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/wire"
	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/store"
)

const (
	// look is how often it is looked whom to tell.
	look = time.Second
	// batch is how many receivers are looked for at a time, and events how much each
	// is told at most before others have their turn, or as much as goes in the time
	// of a turn.
	batch, events, turn = 512, 100, 20 * time.Second
	// firstPause grows twofold with each failure, up to longestPause. After
	// mostAttempts, about a day, the receiver is told again with the next event.
	firstPause, longestPause = 2 * time.Second, 10 * time.Minute
	mostAttempts             = 150
)

// Tasks keeps tasks and who is to be told of them; its methods are described at
// store.Store.
type Tasks interface {
	DuePushes(ctx context.Context, limit int) ([]store.DuePush, error)
	PushTold(ctx context.Context, task, id string, upTo int64) error
	PushFailed(ctx context.Context, task, id string, next time.Time) error
	TaskEvents(ctx context.Context, task string, after int64, limit int) ([]a2a.Event, error)
	Task(ctx context.Context, owner store.TaskOwner, id string, v store.TaskView) (a2a.Task, error)
}

// Config is what a Sender is made of.
type Config struct {
	Tasks Tasks
	// Hosts are those that may be told besides the public ones with TLS.
	Hosts hosts.List
	// UserAgent is told to every receiver.
	UserAgent string
	// Trust is for receivers whose certificates the system does not know; nil for
	// the default.
	Trust *tls.Config
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
}

// Sender tells receivers.
type Sender struct {
	cfg    Config
	who    receivers
	client *http.Client
	lanes  lanes
}

// New makes a Sender.
func New(cfg Config) *Sender {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	// A redirect would lead past the check, and with the credentials.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Sender{cfg: cfg, who: receivers{listed: cfg.Hosts}, client: &http.Client{Transport: carrier(cfg.Trust), CheckRedirect: stay, Timeout: sendTimeout}}
}

// Check says what is wrong with a configuration's address; nil for nothing. The
// error is a *a2a.Error for whoever set it.
func (s *Sender) Check(c a2a.PushConfig) error {
	if _, _, err := s.who.check(c.URL); err != nil {
		return a2a.Invalid("url", "cannot be told: %s", err.Error())
	}
	return nil
}

// Run tells receivers, on the one replica that leads, until ctx ends.
func (s *Sender) Run(ctx context.Context, leads func() bool) {
	defer s.client.CloseIdleConnections()
	tick := time.NewTicker(look)
	defer tick.Stop()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		if leads() {
			if err := s.begin(ctx, &all); err != nil && ctx.Err() == nil {
				zerolog.Ctx(ctx).Warn().Err(err).Msg("cannot look whom to tell of tasks; it is tried again")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Round tells all who are to be told something by now, as far as nobody is at it.
func (s *Sender) Round(ctx context.Context) error {
	var all sync.WaitGroup
	defer all.Wait()
	return s.begin(ctx, &all)
}

// begin begins to tell all who are to be told something, except those of owners of
// whom somebody is being told.
func (s *Sender) begin(ctx context.Context, all *sync.WaitGroup) error {
	busy := s.lanes.taken() // before it is read how far they are
	due, err := s.cfg.Tasks.DuePushes(ctx, batch)
	if err != nil {
		return err
	}
	for owner, list := range byOwner(due) {
		if busy[owner] || !s.lanes.enter(owner) {
			continue
		}
		all.Go(func() {
			defer s.lanes.leave(owner)
			abreast(list, func(one store.DuePush) { s.serve(ctx, one) })
		})
	}
	return nil
}

// serve tells one receiver what it does not know yet, and writes down how far that
// went.
func (s *Sender) serve(ctx context.Context, d store.DuePush) {
	log := zerolog.Ctx(ctx).With().Str("task", d.Config.TaskID).Str("push", d.Config.ID).Logger()
	inTurn, cancel := context.WithTimeout(ctx, turn)
	told, err := s.tell(inTurn, d)
	if told > d.Told && inTurn.Err() != nil {
		err = nil // the rest has its turn later
	}
	cancel()
	if told > d.Told {
		if err := s.cfg.Tasks.PushTold(ctx, d.Config.TaskID, d.Config.ID, told); err != nil {
			log.Warn().Err(err).Msg("cannot write down what was told; it is told again")
			return
		}
		d.Attempts = 0
	}
	if ctx.Err() != nil || (err == nil && told > d.Told) {
		return
	}
	var next time.Time // with nothing to tell, it waits for the next event
	if err != nil && d.Attempts < mostAttempts {
		next = s.cfg.Now().Add(pause(d.Attempts))
	}
	if err != nil {
		log.Warn().Err(err).Time("again", next).Msg("could not tell a caller of its task")
	}
	if err := s.cfg.Tasks.PushFailed(ctx, d.Config.TaskID, d.Config.ID, next); err != nil {
		log.Warn().Err(err).Msg("cannot write down that a caller was not told")
	}
}

func pause(attempts int) time.Duration {
	const most = 20 // more would overflow, and are beyond the longest anyway
	return min(firstPause<<min(attempts, most), longestPause)
}

// tell sends what has happened behind what the receiver knows: each event to one of
// A2A 1.0, the task as it is now to one of 0.3, which knows nothing else. It returns
// the number of the last event that was told.
func (s *Sender) tell(ctx context.Context, d store.DuePush) (told int64, err error) {
	told = d.Told
	if d.Config.Version != wire.Plain10.Version() {
		task, err := s.cfg.Tasks.Task(ctx, d.Owner, d.Config.TaskID, store.TaskView{History: a2a.AllHistory, Artifacts: true})
		if err != nil || task.Seq <= told {
			return told, err
		}
		if err := s.send(ctx, d.Config, a2a.Event{}, task); err != nil {
			return told, err
		}
		return task.Seq, nil
	}
	list, err := s.cfg.Tasks.TaskEvents(ctx, d.Config.TaskID, told, events)
	if err != nil {
		return told, err
	}
	for _, e := range list {
		if err := s.send(ctx, d.Config, e, a2a.Task{}); err != nil {
			return told, err
		}
		told = e.Seq
	}
	return told, nil
}

// send makes one request. Only an answer of success counts as told.
func (s *Sender) send(ctx context.Context, c a2a.PushConfig, e a2a.Event, t a2a.Task) error {
	u, host, err := s.who.check(c.URL)
	if err != nil {
		return err
	}
	body, header, err := wire.Notification(c, e, t)
	if err != nil {
		return fmt.Errorf("write notification: %w", err)
	}
	req, err := http.NewRequestWithContext(reaching(ctx, host), http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header = header
	req.Header.Set("User-Agent", s.cfg.UserAgent)
	resp, err := s.client.Do(req)
	if err != nil {
		var refused *hosts.RefusedError
		if errors.As(err, &refused) {
			return refused
		}
		// The address may be a secret of the caller's, and errors are logged.
		if whole := (*url.Error)(nil); errors.As(err, &whole) {
			err = whole.Err
		}
		return fmt.Errorf("send notification to %s: %w", host.Name, err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("send notification: the receiver answered %d", resp.StatusCode)
	}
	return nil
}
