package endpoint

import (
	"context"
	"net/http"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
	"github.com/aofctl/aofctl/internal/a2a/card"
)

// Authenticator says who sent a request, from its headers alone. The context that
// comes back goes to a2a.Tasks, with what the authenticator put there, such as
// tokens of the user. Its errors are *a2a.Refusal; any other ends the request with
// the status 500.
type Authenticator interface {
	Authenticate(r *http.Request) (context.Context, a2a.Caller, error)
}

// Cards describe the agents.
type Cards interface {
	// Card is what anybody may know of an agent, "" being the default one; false if
	// there is no such agent.
	Card(agent string) (card.Card, bool)
	// Extended is what the caller may know of it, if the card says that there is
	// more to know; false if there is not.
	Extended(ctx context.Context, call a2a.Call) (card.Card, bool)
}

// Observer is told of each request that was answered; streams when they end.
type Observer interface {
	// Answered gets the dialect and the operation by their names, the code of the
	// error or 0, and how long the answer took.
	Answered(dialect, operation string, code int, took time.Duration)
}

// Options tune the endpoint. The zero value is right for production.
type Options struct {
	// MaxBody is the largest request in bytes; 0 means 1 MiB.
	MaxBody int64
	// BodyTimeout is how long a caller may take to send it; 0 means 30 s.
	BodyTimeout time.Duration
	// MaxWait is how long a caller of A2A 1.0 waits for its task to settle, before
	// it gets the task as it is; 0 means 55 s, less than proxies commonly allow.
	MaxWait time.Duration
	// KeepAlive is how long a stream is silent at most; 0 means 15 s.
	KeepAlive time.Duration
	// MaxStream is how long a stream lasts at most, after which its caller
	// subscribes anew; 0 means 14 minutes: Jira cuts streams after 15.
	MaxStream time.Duration
	// WriteTimeout is how long one event may take to be sent before the caller
	// counts as gone; 0 means 30 s.
	WriteTimeout time.Duration
	// Observer is told of requests; nil for nobody.
	Observer Observer
}

func (o Options) withDefaults() Options {
	setDefault(&o.MaxBody, 1<<20)
	setDefault(&o.BodyTimeout, 30*time.Second)
	setDefault(&o.MaxWait, 55*time.Second)
	setDefault(&o.KeepAlive, 15*time.Second)
	setDefault(&o.MaxStream, 14*time.Minute)
	setDefault(&o.WriteTimeout, 30*time.Second)
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Endpoint serves requests of A2A.
type Endpoint struct {
	who    Authenticator
	tasks  a2a.Tasks
	pushes a2a.PushConfigs
	cards  Cards
	opts   Options
	// crowd are those who follow tasks now.
	crowd crowd

	// closing ends streams when the endpoint closes.
	closing context.Context //nolint:containedctx // it outlives requests
	end     context.CancelFunc
}

// New makes an Endpoint. With pushes nil it offers no push notifications; the
// cards have to say the same.
func New(who Authenticator, tasks a2a.Tasks, pushes a2a.PushConfigs, cards Cards, opts Options) *Endpoint {
	closing, end := context.WithCancel(context.Background())
	return &Endpoint{
		who: who, tasks: tasks, pushes: pushes, cards: cards, opts: opts.withDefaults(), closing: closing, end: end,
	}
}

// Close ends all streams, so that their callers subscribe elsewhere. Tasks go on.
func (e *Endpoint) Close() { e.end() }

// Agent serves the address of an agent, "" being the default one: requests by
// POST, its card by GET.
func (e *Endpoint) Agent(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := e.cards.Card(name)
		switch {
		case !known && r.Method == http.MethodPost:
			// Tasks that it began with go on.
			e.take(w, r, name, card.Card{Name: name, Streaming: true, Push: e.pushes != nil}, false)
		case !known:
			refuse(w, noAgent(name))
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			card.Serve(w, r, c, card.FormOf(r))
		case r.Method != http.MethodPost:
			w.Header().Set("Allow", "GET, HEAD, POST")
			refuse(w, &a2a.Refusal{Status: http.StatusMethodNotAllowed, Message: "Requests are sent with POST"})
		default:
			e.take(w, r, name, c, true)
		}
	})
}

// CardOf serves the card of an agent in the form that the request asks for, or in
// the given one.
func (e *Endpoint) CardOf(name string, form card.Form) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := e.cards.Card(name)
		if !known {
			refuse(w, noAgent(name))
			return
		}
		if form == card.Union {
			form = card.FormOf(r)
		}
		card.Serve(w, r, c, form)
	})
}

// Routes are the paths of the default agent and of the others by their names, as
// patterns of net/http.ServeMux and chi.
func (e *Endpoint) Routes() map[string]http.Handler {
	return map[string]http.Handler{
		"/a2a/json-rpc":                e.Agent(""),
		"/a2a/{agent}/json-rpc":        http.HandlerFunc(e.named),
		"/.well-known/agent-card.json": e.CardOf("", card.Union),
		// Clients that are given the address of an agent look below it.
		"/a2a/{agent}/.well-known/agent-card.json": http.HandlerFunc(e.namedCard),
		"/.well-known/agent.json":                  e.CardOf("", card.Union),
		"/v1/.well-known/agent-card.json":          e.CardOf("", card.V10),
		"/v0.3/.well-known/agent-card.json":        e.CardOf("", card.V03),
	}
}

func (e *Endpoint) named(w http.ResponseWriter, r *http.Request) {
	e.Agent(r.PathValue("agent")).ServeHTTP(w, r)
}

func (e *Endpoint) namedCard(w http.ResponseWriter, r *http.Request) {
	e.CardOf(r.PathValue("agent"), card.Union).ServeHTTP(w, r)
}
