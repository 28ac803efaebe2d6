package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Retry puts a run that failed or was canceled back into the queue. It goes on
// behind its last steps that have a result, with its working time anew. What is
// forgotten, but for what the events tell, is in each branch the first step
// without a result and what follows it, what the branches around it did since, and
// branches that were begun behind all that; what other branches have finished
// stays. The error is ErrNotOver while the run has not ended, and ErrOver if it
// succeeded, was rejected, or ended so long ago that what it was to do is deleted,
// or worked on a task of A2A, which never changes once it has ended.
func (s *Store) Retry(ctx context.Context, id, by string) error {
	return s.writer.do(ctx, func(tx tx) error {
		if err := retriable(tx, id); err != nil {
			return err
		}
		r, err := rewind(tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.exec(againSQL, r.steps, r.branched, r.timedFrom, r.marks(), flag(r.inDoubt), id); err != nil {
			return fmt.Errorf("retry run %s: %w", id, err)
		}
		return s.insertEventOfEpoch(tx, id, EventRetried, map[string]any{"by": by, "from_step": r.from})
	})
}

func retriable(tx tx, id string) error {
	_, state, err := held(tx, id)
	switch {
	case err != nil:
		return err
	case !state.Terminal():
		return fmt.Errorf("retry run %s, which is %s: %w", id, state, ErrNotOver)
	case state != StateFailed && state != StateCanceled:
		return fmt.Errorf("retry run %s, which has %s: %w", id, state, ErrOver)
	}
	var wiped, ofTask bool
	if err := tx.row(`SELECT wiped = 1, source = '`+TaskSource+`' FROM runs WHERE id = ?`, id).Scan(&wiped, &ofTask); err != nil {
		return fmt.Errorf("look up run %s: %w", id, err)
	}
	switch {
	case ofTask:
		return fmt.Errorf("retry run %s, whose A2A task has ended with it; a new message in the same context starts another: %w", id, ErrOver)
	case wiped:
		return fmt.Errorf("retry run %s, of which the records are deleted: %w", id, ErrOver)
	}
	return nil
}

const (
	// againSQL counts the run among the open ones again. Those of its subject that
	// came later may have gone meanwhile; the one at work now is not disturbed.
	// Whether a write that is left open happened is found out when its step is done
	// again, or counts at the end.
	againSQL = `UPDATE runs SET state = 'queued', open = 1, steps = ?, branched = ?, timed_from = ?, retries = retries + 1, rewinds = rewinds || ?,
	attempt = attempt + 1, deaths = 0, wake_at = NULL, cancel = '', finished_at = NULL, result = '', error = '',
	in_doubt = ?, ready = ` + turnSQL + ` WHERE id = ?`
	// keepSQL moves what a step tells to its event.
	keepSQL = `UPDATE run_events SET step = NULL, payload = coalesce((SELECT entry FROM run_steps
	WHERE run_steps.run = run_events.run AND idx = run_events.step), payload) WHERE run = ? AND step = ?`
	forgetSQL = `DELETE FROM run_steps WHERE run = ? AND idx = ?`
)

// rewound is what a rewind leaves of a run.
type rewound struct {
	// steps and branched count what stays; from is the first index that does not,
	// timedFrom one above the last that does.
	steps, branched, from, timedFrom int
	rewinds                          []Rewind
	inDoubt                          bool
}

// marks are the rewinds as they are added to those before.
func (r rewound) marks() string {
	var b strings.Builder
	for _, m := range r.rewinds {
		b.WriteString(m.String() + ",")
	}
	return b.String()
}

// rewind forgets what is to be done again.
func rewind(tx tx, id string) (rewound, error) {
	rows, err := tx.rows(`SELECT `+recordColumns+` FROM run_steps WHERE run = ? ORDER BY idx`, id)
	if err != nil {
		return rewound{}, fmt.Errorf("read steps of run %s: %w", id, err)
	}
	records, err := collectRecords(rows)
	if err != nil {
		return rewound{}, fmt.Errorf("read steps of run %s: %w", id, err)
	}
	gone, rewinds := cutBack(records)
	r := rewound{rewinds: rewinds, from: -1}
	for _, rec := range records {
		index := rec.Entry.Index
		if !gone[index] {
			r.steps, r.branched, r.timedFrom = r.steps+1, r.branched+flag(rec.Entry.Branch != ""), index+1
			r.inDoubt = r.inDoubt || rec.Entry.InDoubt
			continue
		}
		if r.from < 0 {
			r.from = index
		}
		for _, statement := range []string{keepSQL, forgetSQL} {
			if _, err := tx.exec(statement, id, index); err != nil {
				return r, fmt.Errorf("forget step %d of run %s: %w", index, id, err)
			}
		}
	}
	if r.from < 0 {
		r.from = r.timedFrom
	}
	return r, nil
}

// cut is where a branch is cut off: from the position on, which is that of the
// step with the index; what is behind mark has another identity from then on.
type cut struct{ pos, index, mark int }

// cutBack tells which steps are to be forgotten, by index, and from where on
// branches do something else than before.
func cutBack(records []Record) (gone map[int]bool, rewinds []Rewind) {
	cuts := map[string]cut{}
	for _, r := range records {
		if r.Failure == nil {
			continue
		}
		narrow(cuts, r.Entry.Branch, cut{pos: r.Pos, index: r.Entry.Index, mark: r.Pos})
		for _, around := range ancestors(r.Entry.Branch) {
			c := firstBehind(records, around, r.Entry.Index)
			narrow(cuts, around, c)
		}
	}
	whole := begunBehind(records, cuts)
	gone = map[int]bool{}
	for _, r := range records {
		c, isCut := cuts[r.Entry.Branch]
		if (isCut && r.Pos >= c.pos) || whole[r.Entry.Branch] {
			gone[r.Entry.Index] = true
		}
	}
	for branch := range whole {
		cuts[branch] = cut{mark: -1}
	}
	if len(cuts) == 0 {
		cuts[""] = cut{mark: firstBehind(records, "", maxIndex(records)).pos}
	}
	for branch, c := range cuts {
		rewinds = append(rewinds, Rewind{Branch: branch, Pos: c.mark})
	}
	slices.SortFunc(rewinds, func(a, b Rewind) int { return strings.Compare(a.Branch, b.Branch) })
	return gone, rewinds
}

func maxIndex(records []Record) int {
	if len(records) == 0 {
		return 0
	}
	return records[len(records)-1].Entry.Index
}

// narrow cuts a branch at the earlier of two places.
func narrow(cuts map[string]cut, branch string, c cut) {
	if have, ok := cuts[branch]; ok {
		c.mark = min(c.mark, have.mark)
		if have.pos < c.pos {
			c.pos, c.index = have.pos, have.index
		}
	}
	cuts[branch] = c
}

// firstBehind cuts a branch at its first step that was recorded behind an index,
// or behind all that it has.
func firstBehind(records []Record, branch string, index int) cut {
	next := 0
	for _, r := range records {
		if r.Entry.Branch != branch {
			continue
		}
		if r.Entry.Index > index {
			return cut{pos: r.Pos, index: r.Entry.Index, mark: r.Pos - 1}
		}
		next = r.Pos + 1
	}
	return cut{pos: next, index: maxIndex(records) + 1, mark: next - 1}
}

// begunBehind are the branches that were begun behind the place where the branch
// around them is cut off.
func begunBehind(records []Record, cuts map[string]cut) map[string]bool {
	begun, whole := map[string]int{}, map[string]bool{} // by branch, with the branches in it
	for _, r := range records {
		for _, b := range append(ancestors(r.Entry.Branch), r.Entry.Branch) {
			if _, known := begun[b]; !known {
				begun[b] = r.Entry.Index
			}
		}
	}
	for _, r := range records {
		line := append(ancestors(r.Entry.Branch), r.Entry.Branch)
		for i := 1; i < len(line); i++ {
			if c, isCut := cuts[line[i-1]]; isCut && begun[line[i]] > c.index {
				whole[r.Entry.Branch] = true
			}
		}
	}
	return whole
}

// ancestors are the branches around a branch, the run's own sequence first.
func ancestors(branch string) []string {
	if branch == "" {
		return nil
	}
	list := []string{""}
	for i := range len(branch) {
		if branch[i] == '/' {
			list = append(list, branch[:i])
		}
	}
	return list
}
