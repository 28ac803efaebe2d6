package route

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
)

// claims tells everything that the comment asks for, whether or not anything
// comes of it: what stood in a comment before an edit is not new.
func (q *query) claims() {
	if q.ev.CommentID == "" {
		return
	}
	for i := range q.commands() {
		q.out.Claims = append(q.out.Claims, q.claim(i))
	}
}

// claim identifies the nth command of a comment by its own line, so that an edit
// of anything else does not make it a new one. Of lines that are the same each
// counts. "" means that the text is of no comment.
func (q *query) claim(n int) string {
	if q.ev.CommentID == "" {
		return ""
	}
	cmds := q.commands()
	line, nth := wording(cmds[n]), 0
	for _, c := range cmds[:n] {
		if wording(c) == line {
			nth++
		}
	}
	sum := sha256.Sum256([]byte(line))
	return "command:" + q.ev.CommentID + ":" + hex.EncodeToString(sum[:12]) + ":" + strconv.Itoa(nth)
}

// wording is a command's line as two versions of a comment are compared.
func wording(c Command) string {
	rest := strings.Join(strings.FieldsFunc(afterWords(c.Line, 1), isBlank), " ")
	return c.Words[0] + " " + rest
}

// replyClaim identifies a reply that a comment, or a new issue, gets once.
func (q *query) replyClaim(name string) string {
	if q.ev.CommentID != "" {
		return name + ":comment:" + q.ev.CommentID
	}
	return name + ":" + q.ev.Subject
}

// BreakerReply is the one comment that says that an issue had too many runs. Its
// Claim is the same within each hour; the caller posts it only if nobody claimed
// it before. The trigger is the one whose run did not start.
func BreakerReply(ev *event.Event, trigger *manifest.Trigger, limit int, now time.Time) Match {
	return Match{
		Trigger: trigger,
		Target:  manifest.Target{Kind: TargetReply, Name: ReplyBreaker},
		Response: "There were " + strconv.Itoa(limit) + " runs for this issue within an hour, so nothing more is started for it for now. " +
			"If nobody asked for that many, two automations may be answering each other.",
		Claim: "breaker:" + ev.Subject + ":" + now.UTC().Format("2006-01-02T15"),
	}
}
