package mcpserver

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// Config says what is served, and to what extent.
type Config struct {
	Tools  *tool.Registry
	Policy *policy.Policy
	// Allowed are the canonical names of the tools that are served.
	Allowed []string
	// Write lets calls change things; without it those that would are refused.
	Write bool
	// DryRun records what would have been changed instead.
	DryRun bool
	// Scope are the projects and repositories that may be touched.
	Scope []string
	// Approval are names or globs of tools whose calls need somebody's approval,
	// for which there is nobody to ask here: they are refused.
	Approval []string
	// Site names the Jira, Agent the agent whose manifest is in force; "" for none.
	Site, Agent string
	Version     string
	// ID makes the id of a call, which its writes carry to the outside; it must not
	// repeat.
	ID  func() string
	Log zerolog.Logger
	// Now tells the time; nil for the system's clock.
	Now func() time.Time
	// Pause is the wait before a second try of what failed for a moment; it doubles.
	// 0 for a second.
	Pause time.Duration
}

const (
	// window is how long a call counts towards the limits, which agents have per run.
	window = time.Hour
	// tries is how often a call is made that fails for a moment.
	tries = 3
	// longestPause is what a caller is kept waiting at most before another try.
	longestPause = 10 * time.Second
)

// Server serves tools.
type Server struct {
	cfg    Config
	server *mcp.Server

	// turn is held while a call is decided and counted, so that calls at the same
	// time do not pass a limit together.
	turn sync.Mutex
	done []step.Entry
}

// New makes a Server. It is an error if nothing is left to serve.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Pause = cmp.Or(cfg.Pause, time.Second)
	s := &Server{cfg: cfg, server: mcp.NewServer(&mcp.Implementation{Name: "aofctl", Title: "aofctl: Jira", Version: cfg.Version},
		&mcp.ServerOptions{Capabilities: &mcp.ServerCapabilities{Tools: &mcp.ToolCapabilities{}}})}
	for _, t := range s.Tools() {
		spec := t.Spec()
		_, varies := t.(tool.Varying)
		s.server.AddTool(&mcp.Tool{Name: spec.Name, Description: spec.Description, InputSchema: spec.Parameters,
			Annotations: &mcp.ToolAnnotations{ReadOnlyHint: spec.Access == tool.Read && !varies}}, s.handle(spec.Name))
	}
	if len(s.Tools()) == 0 {
		return nil, errors.New("no tool is left to serve: without --write only those that read are served")
	}
	return s, nil
}

// Tools are those that are served, sorted by name.
func (s *Server) Tools() []tool.Tool {
	all, _ := s.cfg.Tools.Resolve(s.cfg.Allowed)
	return slices.DeleteFunc(all, func(t tool.Tool) bool {
		_, varies := t.(tool.Varying)
		return !s.cfg.Write && t.Spec().Access == tool.Write && !varies
	})
}

func (s *Server) handle(name string) mcp.ToolHandler {
	return func(ctx context.Context, req *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		args := req.Params.Arguments
		if len(args) == 0 {
			args = json.RawMessage("{}")
		}
		r := s.call(ctx, name, args)
		return &mcp.CallToolResult{IsError: r.Failed, Content: []mcp.Content{&mcp.TextContent{Text: r.Text}}}, nil
	}
}

// call makes one call under the policy.
func (s *Server) call(ctx context.Context, name string, args json.RawMessage) tool.Result {
	id := s.cfg.ID()
	verdict := s.decide(ctx, id, name, args)
	result := verdict.Result()
	if verdict.Allowed {
		result = s.carryOut(ctx, verdict)
	}
	event := s.cfg.Log.Info()
	if verdict.Tool != nil && tool.AccessOf(verdict.Tool, args) == tool.Write && verdict.Allowed {
		event = event.RawJSON("args", args)
	}
	event.Str("call", id).Str("tool", name).Str("rule", verdict.Rule).Bool("allowed", verdict.Allowed).
		Bool("failed", result.Failed).Bool("in_doubt", result.InDoubt).Str("target", result.Target).Msg("tool called")
	return result
}

// decide asks the policy and counts the call.
func (s *Server) decide(ctx context.Context, id, name string, args json.RawMessage) policy.Verdict {
	s.turn.Lock()
	defer s.turn.Unlock()
	now := s.cfg.Now()
	s.done = slices.DeleteFunc(s.done, func(e step.Entry) bool { return now.Sub(e.Started) >= window })
	req := policy.Request{Tool: name, Allowed: s.cfg.Allowed, Scope: s.cfg.Scope, Approval: s.cfg.Approval, Prior: s.done,
		Call: tool.Call{ID: id, Args: args, Origin: tool.Origin{Site: s.cfg.Site, Run: id, Trigger: "mcp", Agent: s.cfg.Agent}}}
	if s.cfg.DryRun {
		req.Mode = policy.ModeDryRun
	}
	v := s.cfg.Policy.Check(ctx, req)
	switch {
	case v.Rule == policy.RuleApproval:
		v = policy.Verdict{Rule: v.Rule, Reason: name + " needs somebody's approval, which only an agent's run can ask for"}
		return deny(v)
	case v.Allowed && !s.cfg.Write && tool.AccessOf(v.Tool, v.Call.Args) == tool.Write:
		return deny(policy.Verdict{Rule: policy.RuleToolList, Reason: "this server only reads; it was started without --write"})
	}
	if v.Allowed || v.DryRun() {
		s.done = append(s.done, step.Entry{Kind: step.KindTool, Name: v.Tool.Spec().Name, Input: args, Decision: v.Rule, Started: now})
	}
	return v
}

// deny is a verdict whose result is a refusal.
func deny(v policy.Verdict) policy.Verdict {
	v.Allowed, v.Tool = false, nil
	if v.Rule == policy.RuleApproval {
		v.Rule = "approval.nobody"
	}
	return v
}

// carryOut makes the call, and again under the same id if it failed for a moment:
// a write looks first whether it happened.
func (s *Server) carryOut(ctx context.Context, v policy.Verdict) tool.Result {
	pause := s.cfg.Pause
	for try := 1; ; try++ {
		result, err := v.Tool.Call(ctx, v.Call)
		if err == nil {
			return result
		}
		wait := max(pause, delayOf(err))
		if try == tries || !temporary(err) || wait > longestPause || !sleep(ctx, wait) {
			return s.failed(v, err)
		}
		pause *= 2
	}
}

// failed explains a call that has no result.
func (s *Server) failed(v policy.Verdict, err error) tool.Result {
	write := tool.AccessOf(v.Tool, v.Call.Args) == tool.Write
	if errors.Is(err, tool.ErrInDoubt) || write && temporary(err) {
		return tool.Result{Failed: true, InDoubt: true, Text: fmt.Sprintf("It is not known whether this happened (%v). Look before you try again.", err)}
	}
	return tool.Result{Failed: true, Text: "The call failed: " + err.Error()}
}

func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

func delayOf(err error) time.Duration {
	var d interface{ RetryDelay() time.Duration }
	if errors.As(err, &d) {
		return d.RetryDelay()
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
