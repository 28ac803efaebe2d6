package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/aofctl/aofctl/internal/llm"
)

// recorder asks the models themselves and keeps what they answer.
type recorder struct {
	cleaner *cleaner

	mu    sync.Mutex
	takes tape
}

func (r *recorder) open(ref string, own func() (llm.Model, error)) (llm.Model, error) {
	m, err := own()
	if err != nil {
		return nil, err
	}
	return &recorded{r, ref, m}, nil
}

type recorded struct {
	recorder *recorder
	ref      string
	model    llm.Model
}

// Complete implements llm.Model.
func (m *recorded) Complete(ctx context.Context, req llm.Request) (llm.Response, error) {
	resp, err := m.model.Complete(ctx, req)
	if err != nil {
		return resp, err
	}
	r := m.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	r.takes = append(r.takes, take{Model: m.ref, Asked: r.cleaner.of(req), Answer: r.keep(resp)})
	return resp, nil
}

func (r *recorder) keep(resp llm.Response) answer {
	a := answer{Text: r.cleaner.kept(resp.Message.Text), Usage: usage{resp.Usage.In, resp.Usage.Out, resp.Usage.CachedIn, resp.Usage.CacheWriteIn}, Cost: resp.CostMicroUSD, Name: resp.Model,
		Truncated: resp.Truncated, Stop: resp.Stop, State: r.cleaner.secrets.Replace(string(resp.Message.ProviderState))}
	for _, c := range resp.Message.ToolCalls {
		raw := r.cleaner.kept(string(c.Args))
		call := answerCall{ID: c.ID, Tool: c.Name}
		if json.Unmarshal([]byte(raw), &call.Args) != nil {
			call.Raw = raw
		}
		a.Calls = append(a.Calls, call)
	}
	return a
}

// player answers from a recording.
type player struct {
	cleaner *cleaner

	mu    sync.Mutex
	takes tape
	wrong []string
}

func newPlayer(t tape, c *cleaner) *player { return &player{takes: slices.Clone(t), cleaner: c} }

func (p *player) open(ref string, _ func() (llm.Model, error)) (llm.Model, error) {
	return &played{p, ref}, nil
}

// problems are the requests that the recording does not have.
func (p *player) problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.wrong)
}

type played struct {
	player *player
	ref    string
}

// Complete implements llm.Model. Of several answers to one request each is given
// once, and the last again and again.
func (m *played) Complete(_ context.Context, req llm.Request) (llm.Response, error) {
	p := m.player
	want := p.cleaner.of(req)
	p.mu.Lock()
	defer p.mu.Unlock()
	best := -1
	for i, t := range p.takes {
		if t.Model == m.ref && t.Asked.same(want) && (best < 0 || t.played < p.takes[best].played || t.played == p.takes[best].played && t.played > 0) {
			best = i
		}
	}
	if best < 0 {
		why := "the recording no longer fits: " + p.differs(m.ref, want)
		p.wrong = append(p.wrong, why)
		return llm.Response{}, &llm.Error{Ref: m.ref, Kind: llm.KindInvalid, Message: why}
	}
	p.takes[best].played++
	return p.takes[best].response(m.ref, p.cleaner.found)
}

func (t take) response(ref string, found *strings.Replacer) (llm.Response, error) {
	a := t.Answer
	resp := llm.Response{Message: llm.Message{Role: llm.Assistant, Text: found.Replace(a.Text)}, Ref: ref,
		Usage: llm.Usage{In: a.Usage.In, Out: a.Usage.Out, CachedIn: a.Usage.Cached, CacheWriteIn: a.Usage.CacheWrite}, Model: a.Name, CostMicroUSD: a.Cost,
		Truncated: a.Truncated, Stop: a.Stop}
	if a.State != "" {
		resp.Message.ProviderState = json.RawMessage(a.State)
	}
	for _, c := range a.Calls {
		args := json.RawMessage(c.Raw)
		if c.Raw == "" {
			raw, err := json.Marshal(c.Args)
			if err != nil {
				return resp, fmt.Errorf("read recording: %w", err)
			}
			args = raw
			if c.Args == nil {
				args = json.RawMessage("{}")
			}
		}
		resp.Message.ToolCalls = append(resp.Message.ToolCalls, llm.ToolCall{ID: c.ID, Name: c.Tool, Args: json.RawMessage(found.Replace(string(args)))})
	}
	return resp, nil
}

// differs says what is new in a request, compared with the recorded one that is
// most like it.
func (p *player) differs(ref string, want asked) string {
	best, most := -1, -1
	for i, t := range p.takes {
		if t.Model != ref {
			continue
		}
		same := 0
		for n := 0; n < min(len(t.Asked.Messages), len(want.Messages)) && t.Asked.Messages[n] == want.Messages[n]; n++ {
			same++
		}
		if len(t.Asked.Messages) == len(want.Messages) {
			same++
		}
		if same > most {
			best, most = i, same
		}
	}
	if best < 0 {
		return ref + " was not asked when it was made"
	}
	have := p.takes[best].Asked
	var parts []string
	if have.Instructions != want.Instructions {
		parts = append(parts, "the instructions have changed")
	}
	if have.Tools != want.Tools {
		parts = append(parts, "the agent has other tools")
	}
	for n, m := range want.Messages {
		if n >= len(have.Messages) || have.Messages[n] != m {
			name, _, _ := strings.Cut(m, " ")
			parts = append(parts, fmt.Sprintf("message %d (%s) is new or has changed", n+1, name))
			break
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "the conversation went on further then")
	}
	return fmt.Sprintf("%s: %s", ref, strings.Join(parts, ", and "))
}
