package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/gate"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/prompt"
	"github.com/aofctl/aofctl/internal/step"
)

// do does what a node is for.
func (c *course) do(ctx context.Context, n *manifest.FlowNode, journal step.Journal, s *scope) (outcome, error) {
	switch cfg := n.Config.(type) {
	case *manifest.AgentNode:
		return c.agent(ctx, n, cfg, journal, s)
	case *manifest.FleetNode:
		return c.fleet(ctx, n, cfg, journal, s)
	case *manifest.SubflowNode:
		return c.subflow(ctx, n, cfg, journal, s)
	case *manifest.ToolNode:
		return c.tool(ctx, cfg, journal, s)
	case *manifest.HTTPNode:
		return c.http(ctx, cfg, journal, s)
	case *manifest.ResponseNode:
		return c.respond(ctx, cfg, journal, s)
	case *manifest.ApprovalNode:
		return c.approval(ctx, cfg, journal, s)
	case *manifest.WaitNode:
		return c.wait(ctx, n, cfg, journal, s)
	case *manifest.ForEachNode:
		return c.forEach(ctx, n, cfg, journal, s)
	case *manifest.JoinNode:
		return c.join(ctx, c.nodes[n.ID], journal, s)
	case *manifest.EndNode:
		return c.ends(ctx, n, cfg, journal, s)
	case *manifest.ConditionalNode:
		return c.note(ctx, "condition", journal, func() (outcome, error) {
			is, err := s.holds(cfg.Condition, c.plan.ids)
			return outcome{output: is}, err
		})
	case *manifest.TransformNode:
		return c.note(ctx, "transform", journal, func() (outcome, error) { return c.transform(cfg, s) })
	case nil:
		return outcome{}, nil // a Parallel only leads on
	}
	return outcome{}, fmt.Errorf("there is no node of type %s", n.Type)
}

// note records the value that a node makes of others, so that a later version of
// the program takes the same way.
func (c *course) note(ctx context.Context, name string, journal step.Journal, work func() (outcome, error)) (outcome, error) {
	entry, err := journal.Do(ctx, step.KindNode, name, func(context.Context, string) (step.Entry, error) {
		out, err := work()
		return step.Entry{Output: encode(out.output)}, err
	})
	if err != nil {
		return outcome{}, err
	}
	v, ok := decode(entry.Output)
	if !ok {
		return outcome{}, fmt.Errorf("decode %s", name)
	}
	return outcome{output: v}, nil
}

func (c *course) transform(cfg *manifest.TransformNode, s *scope) (outcome, error) {
	if cfg.Value != nil {
		v, err := s.tree(cfg.Value, c.plan.ids)
		return outcome{output: v}, err
	}
	text, err := s.text(cfg.Template, c.plan.ids)
	if err != nil || !cfg.JSON {
		return outcome{output: text}, err
	}
	v, ok := decode([]byte(text))
	if !ok {
		return outcome{}, fmt.Errorf("its text is no JSON: %s", clip(text))
	}
	return outcome{output: v}, nil
}

// maxWait bounds a wait whose length is computed.
const maxWait = 366 * 24 * time.Hour

// wait lets time pass. A point in time that has passed already is waited for all
// the same, as briefly as can be: a replay comes later than the first turn. A dry
// run shows what comes behind the wait now.
func (c *course) wait(ctx context.Context, n *manifest.FlowNode, cfg *manifest.WaitNode, journal step.Journal, s *scope) (outcome, error) {
	d, err := c.span(cfg, s)
	if err != nil {
		return outcome{}, err
	}
	if d > maxWait {
		return outcome{}, fmt.Errorf("a node waits for at most %s, not for %s", maxWait, d)
	}
	if c.job.Start.Session.DryRun {
		d = 0
	}
	_, err = journal.Wait(ctx, "wait", step.Pause{For: "node " + n.ID + " of flow " + c.plan.flow.Name, Within: max(d, time.Millisecond), Yield: true})
	return outcome{output: true}, err
}

func (c *course) span(cfg *manifest.WaitNode, s *scope) (time.Duration, error) {
	if cfg.Duration != "" {
		text, err := s.text(cfg.Duration, c.plan.ids)
		if err != nil {
			return 0, err
		}
		return manifest.ParseWait(text)
	}
	text, err := s.text(cfg.Until, c.plan.ids)
	if err != nil {
		return 0, err
	}
	until, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, fmt.Errorf("until is no point in time such as 2026-01-31T09:00:00Z: %q", clip(text))
	}
	return until.Sub(c.runner.now()), nil
}

// approval asks a person whether the flow may go on.
func (c *course) approval(ctx context.Context, cfg *manifest.ApprovalNode, journal step.Journal, s *scope) (outcome, error) {
	text, err := s.text(cfg.Message, c.plan.ids)
	if err != nil {
		return outcome{}, err
	}
	rules := &manifest.Approval{AllowSelf: cfg.AllowSelf, Timeout: cfg.Timeout}
	for _, a := range cfg.Approvers {
		name, err := s.text(a, c.plan.ids)
		if err != nil {
			return outcome{}, err
		}
		if name != "" {
			rules.Approvers = append(rules.Approvers, name)
		}
	}
	if len(cfg.Approvers) > 0 && len(rules.Approvers) == 0 {
		return outcome{}, errors.New("none of its approvers has a name: nobody could answer")
	}
	req := c.request("", nil)
	req.Approval = rules
	if err := c.askedOn(&req, cfg, s); err != nil {
		return outcome{}, err
	}
	d, err := c.runner.gate.Consent(ctx, journal, c.job.Start.Session, req, text)
	if err != nil {
		return outcome{}, err
	}
	more := map[string]any{"approved": d.Approved, "by": d.By, "reason": d.Reason, "result": d.Approved}
	return outcome{output: map[string]any{"approved": d.Approved, "by": d.By, "reason": d.Reason}, more: more}, nil
}

// askedOn tells where people are asked, if the node says so.
func (c *course) askedOn(req *gate.Request, cfg *manifest.ApprovalNode, s *scope) error {
	issue, err := s.text(cfg.Issue, c.plan.ids)
	if err != nil {
		return err
	}
	page, err := s.text(cfg.Page, c.plan.ids)
	if err != nil {
		return err
	}
	switch issue, page = strings.TrimSpace(issue), strings.TrimSpace(page); {
	case issue != "":
		req.Origin.IssueKey = issue
	case page != "":
		req.Origin.IssueKey, req.Origin.Page = "", page
	}
	return nil
}

// request is the wish of a node to call a tool.
func (c *course) request(name string, args json.RawMessage) gate.Request {
	f := c.plan.flow
	origin := c.job.Start.Origin
	origin.Agent = f.Name
	return gate.Request{Tool: name, Args: args, Allowed: c.plan.tools, Scope: f.Scope(), OwnIssue: f.OwnIssue, Trusted: []string{f.Text}, Writes: f.Writes, Approval: f.Approval, Origin: origin}
}

// refusedStep is the name of the step that says that a call was refused.
const refusedStep = "refused"

// call calls a tool. What it refuses, or what the policy denies, fails the node.
// That is recorded as a step that failed: a run that is tried again forgets it, and
// makes the call anew.
func (c *course) call(ctx context.Context, journal step.Journal, req gate.Request) (outcome, error) {
	for {
		_, replayed := journal.Next()
		entry, err := c.runner.gate.Call(ctx, journal, c.job.Start.Session, req)
		if err != nil {
			return outcome{}, err
		}
		c.notes(entry)
		text, err := gate.Text(entry)
		if err != nil {
			return outcome{}, err
		}
		if entry.Error == "" {
			return of(text), nil
		}
		refused := errors.New(entry.Error)
		if entry.InDoubt {
			return of(text), refused
		}
		kind, recorded := journal.Next()
		if recorded && kind != step.KindNode || !recorded && replayed && c.job.Attempt > 1 {
			continue
		}
		_, err = journal.Do(ctx, step.KindNode, refusedStep, func(context.Context, string) (step.Entry, error) { return step.Entry{}, refused })
		if failure := (*step.Failure)(nil); !errors.As(err, &failure) {
			return of(text), err
		}
		return of(text), refused
	}
}

// tool calls the node's tool.
func (c *course) tool(ctx context.Context, cfg *manifest.ToolNode, journal step.Journal, s *scope) (outcome, error) {
	args := map[string]any{}
	texts := c.textual(cfg.Tool)
	for name, value := range cfg.Args {
		v, err := s.tree(value, c.plan.ids)
		if err != nil {
			return outcome{}, fmt.Errorf("its argument %s: %w", name, err)
		}
		if texts[name] && v != nil {
			v = prompt.Display(v)
		}
		args[name] = v
	}
	if cfg.Pages > 0 {
		return c.pages(ctx, cfg, args, journal)
	}
	return c.call(ctx, journal, c.request(cfg.Tool, encode(args)))
}

// nextPage is how tools that read say that there is more.
var nextPage = regexp.MustCompile(`\n(?:next: |truncated: [^\n]*use )page_token (\S+)\s*$`)

// pages calls a tool that reads as often as its result has parts, and puts them
// together without what they say of further ones.
func (c *course) pages(ctx context.Context, cfg *manifest.ToolNode, args map[string]any, journal step.Journal) (outcome, error) {
	var texts []string
	for range cfg.Pages {
		out, err := c.call(ctx, journal, c.request(cfg.Tool, encode(args)))
		if err != nil {
			return out, err
		}
		more := nextPage.FindStringSubmatchIndex(out.text)
		if more == nil {
			return of(strings.Join(append(texts, out.text), "\n")), nil
		}
		texts, args["page_token"] = append(texts, out.text[:more[0]]), out.text[more[2]:more[3]]
	}
	return outcome{}, fmt.Errorf("its result has more than %d pages", cfg.Pages)
}

// textual tells which arguments of a tool are texts, whatever a template gives.
func (c *course) textual(name string) map[string]bool {
	t, ok := c.runner.tools.Lookup(name)
	if !ok {
		return nil
	}
	var schema struct{ Properties map[string]struct{ Type any } }
	if json.Unmarshal(t.Spec().Parameters, &schema) != nil {
		return nil
	}
	out := map[string]bool{}
	for name, p := range schema.Properties {
		out[name] = p.Type == "string"
	}
	return out
}

// commentTool is the tool by which Response nodes post.
const commentTool = "jira_post_comment"

// respond posts a comment.
func (c *course) respond(ctx context.Context, cfg *manifest.ResponseNode, journal step.Journal, s *scope) (outcome, error) {
	body, err := s.text(cfg.Message, c.plan.ids)
	if err != nil {
		return outcome{}, err
	}
	key, err := s.text(cfg.Issue, c.plan.ids)
	if err != nil {
		return outcome{}, err
	}
	if key == "" {
		key = c.job.Start.Origin.IssueKey
	}
	if key == "" {
		return outcome{}, errors.New("the event has no issue to post on: give issue_key")
	}
	if body == "" {
		return outcome{}, errors.New("its message is empty")
	}
	req := c.request(commentTool, encode(map[string]string{"issue_key": key, "body": body}))
	req.Allowed = []string{commentTool}
	out, err := c.call(ctx, journal, req)
	out.output, out.text = body, body
	return out, err
}
