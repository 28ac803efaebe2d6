package approval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	// maxArgs bounds what is shown of one call's arguments, in bytes.
	maxArgs = 4000
	// maxDiffs bounds what is shown of what all calls of a question would change, in
	// bytes, and leastDiff is what each may have at least.
	maxDiffs  = 18000
	leastDiff = 1500
	// maxReason bounds what is shown of the model's reason.
	maxReason = 600
)

// Announce is the comment that tells people of the question, in Markdown. What a
// model wrote stands in quotes and code, so that it is not taken for our words.
func (q Question) Announce(code string, expires time.Time) string {
	return q.Proposal(code) + "\n\n" + q.howTo(code, expires)
}

// Whole is Announce with nothing cut.
func (q Question) Whole(code string, expires time.Time) string {
	return q.tell(code, func(i Item) string { return i.shown(math.MaxInt, math.MaxInt) }) + "\n\n" + q.howTo(code, expires)
}

// Proposal is the question itself, without a word on how to answer it.
func (q Question) Proposal(code string) string {
	return q.tell(code, func(i Item) string { return i.Shown(len(q.Items)) })
}

func (q Question) tell(code string, show func(Item) string) string {
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
		b.WriteString(show(item) + "\n\n")
	}
	if reason := strings.Join(strings.Fields(q.Reason), " "); reason != "" {
		b.WriteString("> " + clip(reason, maxReason) + "\n\n")
	}
	return strings.TrimSuffix(b.String(), "\n\n")
}

// Pages are the ids of the pages that the calls of the question would change, at most
// so many.
func (q Question) Pages(most int) []string {
	var list []string
	for _, item := range q.Items {
		if p := item.Preview; p != nil && p.Page != "" && !slices.Contains(list, p.Page) && len(list) < most {
			list = append(list, p.Page)
		}
	}
	return list
}

// Notice tells on a page of what the question would change there, for which it is
// decided elsewhere. It has no code: an answer in that place would not be one.
func (q Question) Notice(page string) string {
	var b strings.Builder
	who := "The agent " + q.Agent
	if q.Agent == "" {
		who = "aofctl"
	}
	fmt.Fprintf(&b, "**%s wants to change this page**\n\n", who)
	for _, item := range q.Items {
		if item.Preview != nil && item.Preview.Page == page {
			b.WriteString(item.Shown(len(q.Items)) + "\n\n")
		}
	}
	fmt.Fprintf(&b, "It is decided on %s.", q.Place)
	return b.String()
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

// Shown is a call as people are shown it, one of so many, as blocks of code: what it
// would change, if that is known, and its arguments.
func (i Item) Shown(of int) string {
	return i.shown(max(maxDiffs/max(of, 1), leastDiff), maxArgs)
}

func (i Item) shown(diff, args int) string {
	if i.Preview == nil || i.Preview.Diff == "" {
		return "```json\n" + pretty(i.Args, args) + "\n```"
	}
	return "```diff\n" + clip(harmless(strings.Join(strings.Fields(i.Preview.What), " ")), maxReason) + "\n" +
		bounded(signed(harmless(i.Preview.Diff)), diff) + "\n```\n\n```json\n" + pretty(beside(i.Args), args) + "\n```"
}

// beside are the arguments without the text, which the difference shows.
func beside(args json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(args, &fields) != nil {
		return args
	}
	delete(fields, "body")
	out, err := json.Marshal(fields)
	if err != nil {
		return args
	}
	return out
}

// bounded cuts a difference between lines, and says so: what is approved is all of it.
func bounded(diff string, most int) string {
	if len(diff) <= most {
		return diff
	}
	cut := strings.LastIndexByte(diff[:most], '\n')
	if cut <= 0 {
		cut = most
	}
	return strings.ToValidUTF8(diff[:cut], "") + fmt.Sprintf("\n… and %d more lines: aofctl describe approval shows all of them", 1+strings.Count(diff[cut+1:], "\n"))
}

// signed has no line of a difference begin with a word, which could be a command.
func signed(diff string) string {
	lines := strings.Split(diff, "\n")
	for i, line := range lines {
		if line != "" && !strings.ContainsRune("+-@ ", rune(line[0])) {
			lines[i] = " " + line
		}
	}
	return strings.Join(lines, "\n")
}

// opening is how a macro of wiki markup begins.
var opening = regexp.MustCompile(`\{([A-Za-z])`)

// harmless is a text of strangers that stands in a block of code: it cannot end the
// block, no program further on finds a macro or a mention in it, and characters that
// nobody sees are told.
func harmless(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t' || r == ' ':
			b.WriteRune(r)
		case unicode.In(r, unicode.Cf, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Variation_Selector):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
	}
	plain := strings.NewReplacer("```", "'''", "~~~", "~ ~ ~", "[~", "[ ~", "@[", "@ [").Replace(b.String())
	return opening.ReplaceAllString(plain, "{ $1")
}

// pretty shows arguments so that nothing in them can end the block of code.
func pretty(args json.RawMessage, most int) string {
	var b bytes.Buffer
	if err := json.Indent(&b, args, "", "  "); err != nil {
		b.Reset()
		b.Write(args)
	}
	text := strings.NewReplacer("```", "'''", "{code", "{ code", "{noformat", "{ noformat").Replace(b.String())
	return clip(text, most)
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
