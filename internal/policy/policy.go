// Package policy decides whether a model's wish to call a tool may come true.
// Its authority is in code, not in a prompt: a call passes the agent's tool
// list, the tool's schema, the scope of projects, the limits of the run, the
// filter of what leaves and the mode of writing, in this order, and the rule
// that decided is recorded.
//
// A decision depends on nothing but the request: asked again after a crash, with
// the same steps behind it, the policy decides the same.
package policy

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/aofctl/aofctl/internal/hosts"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// Defaults of Limits.
const (
	DefaultWritesPerRun   = 20
	DefaultCommentsPerRun = 5
	// DefaultCommentsPerIssue is for each issue and hour.
	DefaultCommentsPerIssue = 60
	// DefaultMaxBytes bounds the arguments of one call. It leaves room for a text
	// of several of Jira's comments, which have 32,767 characters at most.
	DefaultMaxBytes = 128 << 10
)

// Limits bound what one run may do. A zero field means its default.
type Limits struct {
	// WritesPerRun counts the calls of writing tools.
	WritesPerRun int
	// CommentsPerRun counts the calls that post a comment, which are writes too.
	CommentsPerRun int
	// CommentsPerIssue counts the comments that all runs post on one issue, or pull
	// request, within an hour.
	CommentsPerIssue int
	// MaxBytes bounds the arguments of one call.
	MaxBytes int
}

func (l Limits) withDefaults() Limits {
	if l.WritesPerRun <= 0 {
		l.WritesPerRun = DefaultWritesPerRun
	}
	if l.CommentsPerRun <= 0 {
		l.CommentsPerRun = DefaultCommentsPerRun
	}
	if l.CommentsPerIssue <= 0 {
		l.CommentsPerIssue = DefaultCommentsPerIssue
	}
	if l.MaxBytes <= 0 {
		l.MaxBytes = DefaultMaxBytes
	}
	return l
}

// Config is what a Policy is made of.
type Config struct {
	// Tools are all tools of the program.
	Tools *tool.Registry
	// Limits bound each run.
	Limits Limits
	// Secrets are the values that the daemon knows and that no call may carry,
	// such as tokens. Those shorter than eight bytes are not looked for: they
	// occur by chance.
	Secrets []string
	// Hosts are those that texts may link to, and Sites returns those of a Jira site
	// by its name; nil for none.
	Hosts hosts.List
	Sites func(name string) hosts.List
	// GitHub is the host at which repositories have their pages; those of a run's
	// own repositories may be linked to. "" for none.
	GitHub string
	// Mentionable are accounts whom every text may mention, as account ids, user
	// names or logins.
	Mentionable []string
}

// Policy decides about calls. It is safe for concurrent use.
type Policy struct {
	tools  *tool.Registry
	limits Limits

	hosts       hosts.List
	sites       func(name string) hosts.List
	github      string
	mentionable []string
	// off are rules that are switched off, which only tests do.
	off map[string]bool

	// known are the values behind secrets, which changes whole.
	learning sync.Mutex
	known    []string
	secrets  atomic.Pointer[secrets]
}

// New makes a Policy.
func New(cfg Config) *Policy {
	p := &Policy{tools: cfg.Tools, limits: cfg.Limits.withDefaults(), hosts: cfg.Hosts, sites: cfg.Sites, github: strings.ToLower(cfg.GitHub),
		mentionable: cfg.Mentionable}
	p.Learn(cfg.Secrets...)
	return p
}

// Learn adds values that no call may carry, such as a token that a manifest names
// since it was reloaded.
func (p *Policy) Learn(values ...string) {
	p.learning.Lock()
	defer p.learning.Unlock()
	before := len(p.known)
	for _, value := range values {
		if !slices.Contains(p.known, value) {
			p.known = append(p.known, value)
		}
	}
	if len(p.known) > before || p.secrets.Load() == nil {
		s := newSecrets(p.known)
		p.secrets.Store(&s)
	}
}

// Request is a model's wish to call a tool.
type Request struct {
	// Tool is the name that the model called; Call holds its arguments and the
	// run that asks. Call.Projects is set by the policy.
	Tool string
	Call tool.Call
	// Allowed are the canonical names of the agent's tools.
	Allowed []string
	// Own are tools that the agent has besides those of the program, such as those
	// of MCP servers; all of them may be called. nil for none.
	Own *tool.Registry
	// Scope are the projects that the agent may touch, as keys or globs, and the
	// repositories on GitHub, as owner/name or globs; without any of a kind it is
	// the event's own.
	Scope []string
	// Mode says how writes are carried out.
	Mode Mode
	// Approval are names or globs of tools that may be called only when somebody
	// has approved the call.
	Approval []string
	// Approved is the Digest of the call that somebody approved; "" for none.
	Approved string
	// Prior are the run's finished steps, oldest first. The limits count them, and
	// what they read counts as data of the run.
	Prior []step.Entry
	// OwnIssue keeps writes to the issue, or pull request, of the event.
	OwnIssue bool
	// Trusted are texts of the operator's, such as an agent's instructions: their
	// links and mentions may be repeated.
	Trusted []string
	// Recent counts the comments of all runs that were posted on an issue within
	// the last hour, without those of this call. nil for none.
	Recent func(ctx context.Context, issue string) (int, error)
}

// Verdict is the policy's decision.
type Verdict struct {
	// Allowed is true if the call is to be made.
	Allowed bool
	// Rule is the rule that decided, one of the Rule constants. It belongs into
	// the step's Decision: the limits count steps by it.
	Rule string
	// Reason is for the model and the operator. It never holds a secret.
	Reason string
	// Tool is what to call and Call how, with Projects set. Tool is nil if the
	// call is refused.
	Tool tool.Tool
	Call tool.Call
	// Err says why it cannot be decided now; the other fields are empty then.
	Err error
}

// DryRun reports whether the call was allowed but is only to be recorded.
func (v Verdict) DryRun() bool { return v.Rule == RuleDryRun }

// Result is what the model is told of a call that is not made: the reason of a
// denial, or that a dry run took it for done.
func (v Verdict) Result() tool.Result {
	if v.DryRun() || v.Rule == RulePropose || v.Rule == RuleApproval {
		return tool.Result{Text: v.Reason}
	}
	return tool.Result{Text: "Denied by policy (" + v.Rule + "): " + v.Reason, Failed: true}
}

// Rules, as recorded on a step.
const (
	RuleAllowed  = "allowed"
	RuleToolList = "tools"
	RuleSchema   = "schema"
	RuleScope    = "scope"
	// RuleOwnIssue is scope.writes: issue.
	RuleOwnIssue = "scope.writes"
	RuleWrites   = "limit.writes"
	RuleComments = "limit.comments"
	// RuleRate counts the comments of all runs on one issue.
	RuleRate    = "limit.comments_per_issue"
	RuleSecret  = "content.secret"
	RuleSize    = "content.size"
	RuleMacro   = "content.macro"
	RuleMention = "content.mention"
	RuleLink    = "content.link"
	RuleDryRun  = "writes.dry_run"
	// RuleApproval says that somebody has to approve the call first, RulePropose
	// that it is proposed for later. Neither is a denial.
	RuleApproval = "approval"
	RulePropose  = "writes.propose"
)

// RulesOfContent begins the names of the rules about what leaves.
const RulesOfContent = "content."

// Check decides about one call.
func (p *Policy) Check(ctx context.Context, req Request) Verdict {
	v := p.decide(ctx, req)
	zerolog.Ctx(ctx).Debug().Str("tool", req.Tool).Str("call", req.Call.ID).
		Bool("allowed", v.Allowed).Str("rule", v.Rule).Msg("policy decided")
	return v
}

func (p *Policy) decide(ctx context.Context, req Request) Verdict {
	called, from, reason := p.listed(req)
	if called == nil {
		return deny(RuleToolList, reason)
	}
	spec := called.Spec()
	if err := from.Validate(spec.Name, req.Call.Args); err != nil && p.on(RuleSchema) {
		return deny(RuleSchema, err.Error())
	}
	writes := tool.AccessOf(called, req.Call.Args) == tool.Write
	call, targets, rule, reason := p.scope(called, req)
	if rule == "" && req.OwnIssue && writes && !spec.Internal && p.on(RuleOwnIssue) {
		rule, reason = ownIssue(targets, req.Call.Origin)
	}
	if rule != "" {
		return deny(rule, reason)
	}
	rule, reason, err := p.limit(ctx, spec, writes, targets, req)
	if err != nil {
		return Verdict{Err: err}
	}
	if rule != "" {
		return deny(rule, reason)
	}
	if rule, reason := p.content(req, spec.Toolset, writes && !spec.Internal); rule != "" {
		return deny(rule, reason)
	}
	if v, decided := p.decideWrite(called, call, writes, req); decided {
		return v
	}
	return Verdict{Allowed: true, Rule: RuleAllowed, Reason: "no rule objects", Tool: called, Call: call}
}

// on reports whether a rule is in force, as all are outside tests.
func (p *Policy) on(rule string) bool { return !p.off[rule] }

func deny(rule, reason string) Verdict { return Verdict{Rule: rule, Reason: reason} }

// listed finds the tool among those of the agent. A tool that exists but is not
// the agent's is answered like one that does not exist, so that a model learns
// of no more than it was given.
func (p *Policy) listed(req Request) (t tool.Tool, from *tool.Registry, reason string) {
	t, ok := p.tools.Lookup(req.Tool)
	switch {
	case ok && (slices.Contains(req.Allowed, t.Spec().Name) || !p.on(RuleToolList)):
		return t, p.tools, ""
	case !ok && req.Own != nil:
		if t, ok = req.Own.Lookup(req.Tool); ok {
			return t, req.Own, ""
		}
	}
	return nil, nil, unlistedReason(req)
}

// Knows reports whether a tool is one of the program's.
func (p *Policy) Knows(name string) bool {
	_, ok := p.tools.Lookup(name)
	return ok
}
