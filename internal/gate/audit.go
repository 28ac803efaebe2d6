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

const (
	// maxAnswer bounds what the audit log keeps of an answer, in bytes.
	maxAnswer = 2000
	// maxStated bounds what it keeps of a reason where it keeps nothing else that was
	// said.
	maxStated = 300
)

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
	// Space is the key of the space of a page, where that was looked up.
	Space string `json:"space,omitempty"`
	// ArgsDigest is in the place of the texts where those are not ours to keep:
	// SHA-256 of the arguments, in hexadecimal, and AnswerDigest that of the answer.
	// See withoutTexts.
	ArgsDigest   string `json:"args_sha256,omitempty"`
	AnswerDigest string `json:"answer_sha256,omitempty"`
	// Reason is why, in the model's words.
	Reason string `json:"reason,omitempty"`
}

// account returns what the audit log is told of a call: all writes and all
// denials, nil for the rest.
func (g *Gate) account(req Request, verdict policy.Verdict, entry step.Entry, failure error) json.RawMessage {
	if entry.Decision == policy.RuleScope { // the tool found it out
		verdict.Allowed, verdict.Rule = false, policy.RuleScope
	}
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
		InDoubt: entry.InDoubt, Space: entry.Space, Reason: clip(why(req), maxAnswer),
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
	switch {
	case !req.Origin.OnBehalf.IsZero():
		deed = deed.withoutTexts(req.Args)
		deed.Reason = ""
	case g.wordless:
		deed = deed.withoutTexts(req.Args)
		deed.Reason = clip(deed.Reason, maxStated)
	}
	body, err := json.Marshal(deed)
	if err != nil {
		return nil // the arguments are valid JSON, the rest are texts
	}
	return body
}

// withoutTexts leaves out what was read and written. A row of the log is bound to all
// others and cannot be deleted, and all that belongs to a site where the app is
// installed goes when it is uninstalled, or, where nothing is kept, when the run has
// ended. The steps of the run have the texts until then, to which the digests bind
// the row.
func (d Deed) withoutTexts(args json.RawMessage) Deed {
	d.ArgsDigest, d.AnswerDigest = digest(args), digest([]byte(d.Answer))
	d.Args, d.Answer = nil, ""
	return d
}

func digest(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// unstated is in the place of a reason that the model did not give.
const unstated = "not stated by the model"

// why is the reason that the model gave: with the call itself, where the tool asks for
// one, which people read on the page, or beside it. What the program does by itself
// has none.
func why(req Request) string {
	var stated struct {
		Reason string `json:"reason"`
	}
	if json.Unmarshal(req.Args, &stated) == nil && strings.TrimSpace(stated.Reason) != "" {
		return strings.Join(strings.Fields(stated.Reason), " ")
	}
	if req.Reason == "" && req.Model != "" {
		return unstated
	}
	return req.Reason
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
