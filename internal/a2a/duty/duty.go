package duty

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/approval"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/store"
	"github.com/aofctl/aofctl/internal/tool"
)

// Tasks keeps tasks and what is said in them; its methods are described at
// store.Store.
type Tasks interface {
	TaskStory(ctx context.Context, task string) (earlier []a2a.Message, said []store.NumberedMessage, err error)
	TaskMessages(ctx context.Context, task string, after int) ([]store.NumberedMessage, error)
	Narrate(ctx context.Context, task, key string, status a2a.Status) error
	AddArtifact(ctx context.Context, task, key string, u a2a.ArtifactUpdate) error
	AskTask(ctx context.Context, task, key, signal string, status a2a.Status) (answered *a2a.Message, err error)
	AskTaskAnew(ctx context.Context, task, key, signal string, status a2a.Status) (answered *a2a.Message, err error)
	WithdrawAsk(ctx context.Context, task, key string) (answered *a2a.Message, err error)
	ConcludeTask(ctx context.Context, task, key string, read int, status a2a.Status) (rest []store.NumberedMessage, done bool, err error)
}

// Desk asks people for approval and takes their decisions; see approval.Desk.
type Desk interface {
	AskBy(ctx context.Context, journal step.Journal, q approval.Question, post approval.Post, await approval.Await) (approval.Decision, error)
	May(q approval.Question, who tool.Person) bool
	Decide(ctx context.Context, a approval.Answer) (store.Approval, error)
	Decided(ctx context.Context, code string) (json.RawMessage, error)
}

// Config is what a Duty is made of.
type Config struct {
	Tasks Tasks
	// Desk is nil where nobody is asked for approval.
	Desk Desk
	// Task is the task's id.
	Task string
	// Caller is whose task it is, as far as messages are read by it.
	Caller a2a.Caller
	// Agent is the name under which the work is done.
	Agent string
	// Person is the user's account, Site where they have it; zero for callers who
	// have none in Jira.
	Person tool.Person
	Site   string
	// Answering is how long a question of the run's stays open; 0 for a day.
	Answering time.Duration
}

// Duty is what a run owes to the user of its task. It is safe for concurrent use by
// the branches of the run.
type Duty struct {
	cfg Config

	mu sync.Mutex
	// read is the number of the last message that the run was given.
	read int
	// aside are messages of the user's that answered nothing, and were not heard yet.
	aside []a2a.Message
	// notes are to be told with the answer.
	notes []string
	// begun is true once a model was called in this turn.
	begun bool
	// trouble is the step that failed last.
	trouble trouble
}

// New makes a Duty, for one turn of the run.
func New(cfg Config) *Duty {
	if cfg.Answering <= 0 {
		cfg.Answering = approval.DefaultTimeout
	}
	return &Duty{cfg: cfg}
}

// status is a status with a text in Markdown.
func status(state a2a.State, markdown string) a2a.Status {
	s := a2a.Status{State: state}
	if markdown != "" {
		s.Message = &a2a.Message{Role: a2a.Agent, Parts: []a2a.Part{a2a.TextOf(markdown)}}
	}
	return s
}

// tell narrates, once for each key. That nobody could be told does not stop the
// work.
func (d *Duty) tell(ctx context.Context, key string, s a2a.Status) {
	if err := d.cfg.Tasks.Narrate(ctx, d.cfg.Task, key, s); err != nil && ctx.Err() == nil {
		zerolog.Ctx(ctx).Warn().Err(err).Str("task", d.cfg.Task).Msg("cannot tell the user of a task what is done for it")
	}
}

// setAside keeps a message that answered nothing for those who hear what the user
// says.
func (d *Duty) setAside(m a2a.Message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aside = append(d.aside, m)
}

// hasAside reports whether anything is kept so.
func (d *Duty) hasAside() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.aside) > 0
}

// takeAside returns what was kept, and forgets it.
func (d *Duty) takeAside() []a2a.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.aside
	d.aside = nil
	return list
}

// behind is the number of the last message that the run was given.
func (d *Duty) behind() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.read
}

// reached notes up to where the run was given the messages.
func (d *Duty) reached(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.read = max(d.read, n)
}
