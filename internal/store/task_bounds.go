package store

import (
	"fmt"
	"net/http"

	"github.com/aofctl/aofctl/internal/a2a"
)

const (
	// mostMessages and mostSaid, in bytes, are how much may be said in one task:
	// whoever asks for a task gets all of it at once, and so does its run.
	mostMessages = 1000
	mostSaid     = 16 << 20
	// pageBytes is about how much a page of a list of tasks may hold.
	pageBytes = 16 << 20
	leftSQL   = `SELECT EXISTS (SELECT 1 FROM installations_gone WHERE id = ?) OR EXISTS (SELECT 1 FROM installations WHERE id = ? AND leaving = 1)`
	saidInSQL = `SELECT coalesce(sum(length(body)), 0) FROM task_messages WHERE task = ?`
)

// admits refuses a task of an installation whose deletion has begun: nobody would
// delete it any more.
func admits(tx tx, l letter) error {
	if !l.New.Call.Caller.Jira {
		return nil
	}
	var left bool
	if err := tx.row(leftSQL, l.Owner.Installation, l.Owner.Installation).Scan(&left); err != nil {
		return fmt.Errorf("look up installation %s: %w", l.Owner.Installation, err)
	}
	if left {
		return &a2a.Refusal{Status: http.StatusForbidden, Message: "The app is being uninstalled from this site", Cause: ErrGone}
	}
	return nil
}

// fits refuses a message too many, or too much, for a task.
func (t *taskRow) fits(tx tx, l letter) error {
	if t.messages >= mostMessages {
		return a2a.Invalid("message", "is one too many: a task may have %d; cancel it, or wait for its end", mostMessages)
	}
	var said int
	if err := tx.row(saidInSQL, t.id).Scan(&said); err != nil {
		return fmt.Errorf("measure what was said in task %s: %w", t.id, err)
	}
	if said+len(l.body) > mostSaid {
		return a2a.Invalid("message", "is too much: the messages of a task may have %d bytes; cancel it, or wait for its end", mostSaid)
	}
	return nil
}

// weight is about how many bytes a task has as it is shown.
func weight(t a2a.Task) int {
	n := 0
	for _, m := range t.History {
		n += length(m) + len(m.Metadata)
	}
	for _, a := range t.Artifacts {
		n += length(a2a.Message{Parts: a.Parts}) + len(a.Metadata)
	}
	return n
}
