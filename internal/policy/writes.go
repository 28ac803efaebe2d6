package policy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/aofctl/aofctl/internal/tool"
)

// Mode says how an agent's writes are carried out. The zero value is at once.
type Mode string

// The other modes.
const (
	// ModePropose makes proposals of writes, which somebody approves later.
	ModePropose Mode = "propose"
	// ModeDraft is ModePropose, but changes become drafts at once where there are such.
	ModeDraft Mode = "draft"
	// ModeDryRun records what would have happened.
	ModeDryRun Mode = "dry_run"
)

// draftLabel marks what was made by an agent that may only propose.
const draftLabel = "draft"

// Digest is the hash of exactly this call: what somebody approves is bound to it.
func Digest(name string, args json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, args); err != nil {
		b.Reset()
		b.Write(args)
	}
	sum := sha256.Sum256([]byte(name + "\x00" + b.String()))
	return hex.EncodeToString(sum[:])
}

// decideWrite decides about calls that are not simply made: a dry run first, which asks
// nobody for what will not happen, then approval, then proposals.
func (p *Policy) decideWrite(called tool.Tool, call tool.Call, writes bool, req Request) (Verdict, bool) {
	spec := called.Spec()
	verdict := func(rule, reason string) (Verdict, bool) {
		return Verdict{Rule: rule, Reason: reason, Tool: called, Call: call}, true
	}
	if writes && req.Mode == ModeDryRun && p.on(RuleDryRun) {
		return verdict(RuleDryRun, dryRunReason(spec, call))
	}
	if req.Approved != "" {
		if req.Approved != Digest(spec.Name, call.Args) {
			return deny(RuleApproval, "what was approved is another call"), true
		}
		return Verdict{}, false
	}
	if asked(req.Approval, spec, writes) && p.on(RuleApproval) {
		return verdict(RuleApproval, spec.Name+" waits until somebody approves this call.")
	}
	if proposes := req.Mode == ModePropose || req.Mode == ModeDraft; !writes || !proposes || spec.Comments || spec.Internal || spec.Unseen || !p.on(RulePropose) {
		return Verdict{}, false
	}
	if spec.DraftStatus == "" && req.Mode == ModeDraft {
		spec.DraftStatus = spec.DraftEdits
	}
	if spec.DraftLabels == "" && spec.DraftStatus == "" {
		return verdict(RulePropose, proposedReason(spec))
	}
	args, err := asDraft(call.Args, spec)
	if err != nil {
		return deny(RuleSchema, err.Error()), true
	}
	call.Args = args
	return Verdict{Allowed: true, Rule: RuleAllowed, Reason: "made as a draft", Tool: called, Call: call}, true
}

// asked reports whether a call is among names and globs of tools, or among the
// writes of a toolset ("mcp:write").
func asked(patterns []string, spec tool.Spec, writes bool) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		if writes && spec.Toolset != "" && pattern == spec.Toolset+":write" {
			return true
		}
		return slices.ContainsFunc(append([]string{spec.Name}, spec.Aliases...), func(name string) bool {
			// A star stands for a slash, too: an MCP server chooses its names.
			flat := strings.NewReplacer("/", "\x01")
			ok, err := path.Match(flat.Replace(pattern), flat.Replace(name))
			return pattern == name || ok && err == nil
		})
	})
}

func proposedReason(spec tool.Spec) string {
	return fmt.Sprintf("Proposed: %s was not carried out. It will be if somebody approves it after you have finished. "+
		"Go on; do not call it again for the same purpose, and say in your answer what you propose and why.", spec.Name)
}

// asDraft changes the arguments so that a draft is made of them.
func asDraft(args json.RawMessage, spec tool.Spec) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(args, &fields); err != nil {
		return nil, fmt.Errorf("the arguments are not a JSON object: %w", err)
	}
	if name := spec.DraftStatus; name != "" {
		fields[name] = json.RawMessage(`"` + draftLabel + `"`)
	}
	if name := spec.DraftLabels; name != "" {
		labels, err := withLabel(fields[name], name)
		if err != nil {
			return nil, err
		}
		fields[name] = labels
	}
	out, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("encode arguments: %w", err)
	}
	return out, nil
}

// withLabel adds the label of drafts to a list.
func withLabel(raw json.RawMessage, name string) (json.RawMessage, error) {
	var labels []string
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &labels); err != nil {
			return nil, fmt.Errorf("%s is not a list of texts: %w", name, err)
		}
	}
	if !slices.Contains(labels, draftLabel) {
		labels = append(labels, draftLabel)
	}
	out, err := json.Marshal(labels)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	return out, nil
}
