// Package memory holds the tools with which a model remembers things from one
// run to the next. Which memory a call is for, and whose entries it sees, comes
// from the run and never from the arguments.
package memory

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/memory"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/tool"
)

// Toolset is the umbrella name of the tools.
const Toolset = "memory"

// Open gives the memory that a text such as "File:./cache.json:1000" means.
type Open func(text string) (memory.Memory, memory.Config, error)

// New makes the tools. now tells the time, for ages.
func New(open Open, now func() time.Time) []tool.Tool {
	t := tools{open: open, now: now}
	return []tool.Tool{
		handler[keyArgs]{tools: t, run: get, spec: spec("memory_get", tool.Read, "Read what you stored under a key in an earlier run.", keyed)},
		handler[setArgs]{tools: t, run: set, spec: spec("memory_set", tool.Write, "Store a text under a key for your later runs.", settable)},
		handler[searchArgs]{tools: t, run: search, spec: spec("memory_search", tool.Read, "Find stored entries by words in their keys and values.", searchable)},
		handler[keyArgs]{tools: t, run: remove, spec: spec("memory_delete", tool.Write, "Delete what is stored under a key.", keyed)},
	}
}

const (
	keyed    = `{"type":"object","properties":{"key":{"type":"string"}},"required":["key"]}`
	settable = `{"type":"object","properties":{
"key":{"type":"string"},
"value":{"type":"string"},
"ttl":{"type":"string","description":"forget after, e.g. 12h or 7d; default never"}},
"required":["key","value"]}`
	searchable = `{"type":"object","properties":{
"query":{"type":"string","description":"default everything, newest first"},
"page_token":{"type":"string"}}}`
)

func spec(name string, access tool.Access, description, parameters string) tool.Spec {
	return tool.Spec{Name: name, Toolset: Toolset, Description: description, Access: access, Internal: true,
		Parameters: json.RawMessage(strings.ReplaceAll(parameters, "\n", ""))}
}

type tools struct {
	open Open
	now  func() time.Time
}

// job is one call at work.
type job struct {
	tools
	memory memory.Memory
	config memory.Config
	scope  memory.Scope
	id     string
}

// handler is a tool whose arguments are an A.
type handler[A any] struct {
	tools
	spec tool.Spec
	run  func(ctx context.Context, j job, args A) (tool.Result, error)
}

// Spec implements tool.Tool.
func (h handler[A]) Spec() tool.Spec { return h.spec }

// Targets implements tool.Tool. A memory is kept for the run's own project, which
// no argument changes.
func (h handler[A]) Targets(raw json.RawMessage) (tool.Targets, error) {
	_, err := decode[A](raw)
	return tool.Targets{}, err
}

// Call implements tool.Tool.
func (h handler[A]) Call(ctx context.Context, call tool.Call) (tool.Result, error) {
	args, err := decode[A](call.Args)
	if err != nil {
		return refusal(err), nil
	}
	j, err := h.job(call)
	if err != nil {
		return refusal(err), nil
	}
	result, err := h.run(ctx, j, args)
	if err == nil {
		return result, nil
	}
	if ctx.Err() != nil || temporary(err) {
		return tool.Result{}, fmt.Errorf("%s: %w", h.spec.Name, err)
	}
	// A run can do without its memory.
	return refusal(err), nil
}

func (h handler[A]) job(call tool.Call) (job, error) {
	o := call.Origin
	if o.Memory == "" {
		return job{}, errors.New("this agent has no memory")
	}
	m, config, err := h.open(o.Memory)
	if err != nil {
		return job{}, err
	}
	scope, err := scopeOf(o)
	return job{tools: h.tools, memory: m, config: config, scope: scope, id: call.ID}, err
}

// scopeOf says whose memory a run has. What an agent learned with the rights of a
// user is that user's: another one may not be allowed to know it.
func scopeOf(o tool.Origin) (memory.Scope, error) {
	scope, err := memory.NewScope(o.Site, o.Project, o.Agent)
	if err != nil || o.OnBehalf.IsZero() {
		return scope, err
	}
	return scope.Of(o.OnBehalf.Installation, o.OnBehalf.Account)
}

func decode[A any](raw json.RawMessage) (A, error) {
	var args A
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&args); err != nil {
		return args, fmt.Errorf("read arguments: %w", err)
	}
	return args, nil
}

func refusal(err error) tool.Result { return tool.Result{Text: err.Error() + ".", Failed: true} }

func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// key is a name as it is stored: what cannot be seen would make two names look
// the same.
func key(s string) string { return strings.TrimSpace(prompt.Clean(s)) }
