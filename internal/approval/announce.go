package approval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	// maxArgs bounds what is shown of one call's arguments, in bytes.
	maxArgs = 4000
	// maxReason bounds what is shown of the model's reason.
	maxReason = 600
)

// Announce is the comment that tells people of the question, in Markdown. What a
// model wrote stands in quotes and code, so that it is not taken for our words.
func (q Question) Announce(code string, expires time.Time) string {
	return q.Proposal(code) + "\n\n" + q.howTo(code, expires)
}

// Proposal is the question itself, without a word on how to answer it.
func (q Question) Proposal(code string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** (code `%s`)\n\n", q.title(), code)
	if q.Text != "" {
		b.WriteString(q.Text + "\n\n")
	}
	for i, item := range q.Items {
		if q.Kind == KindProposals {
			fmt.Fprintf(&b, "%d. `%s`\n\n", i+1, item.Tool)
		} else {
			fmt.Fprintf(&b, "`%s`\n\n", item.Tool)
		}
		b.WriteString("```json\n" + pretty(item.Args) + "\n```\n\n")
	}
	if reason := strings.Join(strings.Fields(q.Reason), " "); reason != "" {
		b.WriteString("> " + clip(reason, maxReason) + "\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n\n")
}

func (q Question) title() string {
	who := "The agent " + q.Agent
	if q.Agent == "" {
		who = "aofctl"
	}
	switch q.Kind {
	case KindProposals:
		return who + " proposes changes"
	case KindFlow:
		return "Approval is needed to go on"
	case KindQuestion:
		return who + " asks"
	default:
		return who + " needs approval for a call"
	}
}

func (q Question) howTo(code string, expires time.Time) string {
	until := expires.UTC().Format("2006-01-02 15:04 UTC")
	if q.Kind == KindQuestion {
		return fmt.Sprintf("Answer in a comment here, until %s.", until)
	}
	if len(q.Approvers) == 0 {
		return fmt.Sprintf("An operator decides until %s: `aofctl approve %s` or `aofctl reject %s`.", until, code, code)
	}
	some := ""
	if q.Kind == KindProposals && len(q.Items) > 1 {
		some = fmt.Sprintf(", `/approve %s 1 2` for some of them,", code)
	}
	return fmt.Sprintf("Approvers answer with `/approve %s`%s or `/reject %s reason` at the beginning of a comment's line, until %s.", code, some, code, until)
}

// pretty shows arguments so that nothing in them can end the block of code.
func pretty(args json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Indent(&b, args, "", "  "); err != nil {
		b.Reset()
		b.Write(args)
	}
	text := strings.NewReplacer("```", "'''", "{code", "{ code", "{noformat", "{ noformat").Replace(b.String())
	return clip(text, maxArgs)
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
