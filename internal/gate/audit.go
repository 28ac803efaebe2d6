package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/aofctl/aofctl/internal/policy"
	"github.com/aofctl/aofctl/internal/step"
	"github.com/aofctl/aofctl/internal/tool"
)

// maxAnswer bounds what the audit log keeps of an answer, in bytes.
const maxAnswer = 2000

// Deed is what the audit log says of a tool call: who, what and why.
type Deed struct {
	// Trigger, Agent, Model and Actor are who: Actor caused the run.
	Trigger  string      `json:"trigger,omitempty"`
	Delivery string      `json:"delivery,omitempty"`
	Agent    string      `json:"agent,omitempty"`
	Model    string      `json:"model,omitempty"`
	Actor    tool.Person `json:"actor,omitzero"`
	// Tool, Args, Target and Answer are what, Rule the rule that decided.
	Tool    string          `json:"tool"`
	Args    json.RawMessage `json:"args,omitempty"`
	Target  string          `json:"target,omitempty"`
	Rule    string          `json:"rule"`
	Allowed bool            `json:"allowed"`
	Failed  bool            `json:"failed,omitempty"`
	InDoubt bool            `json:"in_doubt,omitempty"`
	Answer  string          `json:"answer,omitempty"`
	// ArgsDigest is in the place of the texts where those are not ours to keep:
	// SHA-256 of the arguments, in hexadecimal. See withoutTexts.
	ArgsDigest string `json:"args_sha256,omitempty"`
	// Reason is why, in the model's words.
	Reason string `json:"reason,omitempty"`
}

// account returns what the audit log is told of a call: all writes and all
// denials, nil for the rest.
func account(req Request, verdict policy.Verdict, entry step.Entry, failure error) json.RawMessage {
	if verdict.Allowed && (verdict.Tool == nil || tool.AccessOf(verdict.Tool, verdict.Call.Args) != tool.Write) {
		return nil
	}
	name := req.Tool
	if entry.Name != "" {
		name = entry.Name
	}
	deed := Deed{
		Trigger: req.Origin.Trigger, Delivery: req.Origin.Delivery, Agent: req.Origin.Agent, Model: req.Model, Actor: req.Origin.Actor,
		Tool: name, Target: entry.Target, Rule: verdict.Rule, Allowed: verdict.Allowed, Failed: entry.Error != "" || failure != nil,
		InDoubt: entry.InDoubt, Reason: clip(req.Reason, maxAnswer),
	}
	if req.Agent != "" {
		deed.Agent = req.Agent
	}
	if json.Valid(req.Args) && verdict.Rule != policy.RuleSecret { // the log is kept long, and exported
		deed.Args = req.Args
	}
	if text, err := Text(entry); err == nil {
		deed.Answer = clip(text, maxAnswer)
	}
	if failure != nil {
		deed.Answer = clip(failure.Error(), maxAnswer)
	}
	if !req.Origin.OnBehalf.IsZero() {
		deed = deed.withoutTexts(req.Args)
	}
	body, err := json.Marshal(deed)
	if err != nil {
		return nil // the arguments are valid JSON, the rest are texts
	}
	return body
}

// withoutTexts leaves out what was said and written. A row of the log is bound to all
// others and cannot be deleted, and all that belongs to a site where the app is
// installed goes when it is uninstalled. The steps of the run have the texts until
// then, to which the digest binds the row.
func (d Deed) withoutTexts(args json.RawMessage) Deed {
	d.Args, d.Answer, d.Reason = nil, "", ""
	if len(args) > 0 {
		sum := sha256.Sum256(args)
		d.ArgsDigest = hex.EncodeToString(sum[:])
	}
	return d
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
