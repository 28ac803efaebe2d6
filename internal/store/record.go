package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/aofctl/aofctl/internal/step"
)

// mostTokens bounds what is believed of a provider's count of tokens: sums must
// not overflow.
const mostTokens = 1 << 40

const (
	// stepSQL adds a step to a run and returns its index. The cost stays unknown
	// once the cost of one model call is.
	stepSQL = `UPDATE runs SET steps = steps + 1, branched = branched + ?, tokens_in = tokens_in + ?, tokens_cached = tokens_cached + ?,
	tokens_out = tokens_out + ?, cost_micro_usd = cost_micro_usd + ?, in_doubt = CASE WHEN in_doubt = 1 THEN 1 ELSE ? END, deaths = 0
	WHERE id = ? AND epoch = ? AND state = ? AND `
	indexSQL = ` RETURNING (SELECT coalesce(max(idx), -1) + 1 FROM run_steps WHERE run = runs.id)`
	// ownStepSQL is for the run's own sequence: where there are no branches, the
	// steps need not be counted.
	ownStepSQL = stepSQL + `steps - branched = ?` + indexSQL
	// branchStepSQL is for a branch.
	branchStepSQL = stepSQL + `(SELECT coalesce(max(pos), -1) + 1 FROM run_steps INDEXED BY run_steps_branch
		WHERE run = runs.id AND path = ? AND path <> '') = ?` + indexSQL
	insertStepSQL = `INSERT INTO run_steps (run, idx, path, pos, entry, asked, failure, worked, clock) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
	lastStepSQL   = `SELECT idx, coalesce(pos, idx) FROM run_steps WHERE run = ? AND path = ? ORDER BY idx DESC LIMIT 1`
	dropWaitSQL   = `DELETE FROM run_waits WHERE run = ? AND path = ?`
)

// Record adds a finished step to the journal of a claimed run, and returns its
// index once it is on disk. The steps of a branch are recorded in order;
// recording its last one again changes nothing. The error is ErrLost if the claim
// no longer holds, and ErrRefused for a step that is not the next of its branch.
func (s *Store) Record(ctx context.Context, c Claim, r Record) (index int, err error) {
	row, err := encodeRecord(r)
	if err != nil {
		return 0, fmt.Errorf("step %d of run %s: %w: %w", r.Pos, c.Run, ErrRefused, err)
	}
	err = s.writer.do(ctx, func(tx tx) error {
		index, err = s.record(tx, c, StateRunning, row)
		return err
	})
	return index, err
}

// stepRow is a record in the form of its row.
type stepRow struct {
	path string
	pos  int
	name string
	// entry is the JSON of the entry behind its index, which is not known yet.
	entry, failure []byte
	worked, clock  int64
	tokens         [3]int64
	cost           sql.NullInt64
	inDoubt        int
	// audit is what the audit log says of the step; nil for nothing.
	audit  []byte
	waited bool
}

// entryHead is what the JSON of an entry begins with.
const entryHead = `{"index":`

func encodeRecord(r Record) (stepRow, error) {
	e := r.Entry
	e.Index = 0
	row := stepRow{path: e.Branch, pos: r.Pos, name: r.Asked, worked: r.Worked.Microseconds(), clock: r.Clock.Microseconds(), waited: r.Waited}
	body, err := json.Marshal(e)
	if err != nil {
		return row, fmt.Errorf("encode: %w", err)
	}
	row.entry = bytes.TrimPrefix(body, []byte(entryHead+"0"))
	if r.Failure != nil {
		if row.failure, err = json.Marshal(r.Failure); err != nil {
			return row, fmt.Errorf("encode failure: %w", err)
		}
	}
	for i, n := range []int{e.TokensIn, e.TokensCached, e.TokensOut} {
		row.tokens[i] = min(max(int64(n), 0), mostTokens)
	}
	if e.CostMicroUSD != nil {
		row.cost = sql.NullInt64{Int64: min(max(*e.CostMicroUSD, 0), mostTokens), Valid: true}
	} else if e.Kind != step.KindModel {
		row.cost.Valid = true
	}
	row.inDoubt, row.audit = flag(e.InDoubt), e.Audit
	return row, nil
}

// withIndex is the JSON of the entry.
func (r stepRow) withIndex(index int) []byte {
	body := strconv.AppendInt([]byte(entryHead), int64(index), 10)
	return append(body, r.entry...)
}

func (s *Store) record(tx tx, c Claim, in State, r stepRow) (index int, err error) {
	query, where := ownStepSQL, []any{r.pos}
	if r.path != "" {
		query, where = branchStepSQL, []any{r.path, r.pos}
	}
	args := append([]any{flag(r.path != ""), r.tokens[0], r.tokens[1], r.tokens[2], r.cost, r.inDoubt, c.Run, c.Epoch, in}, where...)
	err = tx.row(query, args...).Scan(&index)
	if errors.Is(err, sql.ErrNoRows) {
		return recorded(tx, c, in, r)
	}
	if err != nil {
		return 0, fmt.Errorf("count step %d of run %s: %w", r.pos, c.Run, err)
	}
	if _, err := tx.exec(insertStepSQL, c.Run, index, r.path, r.pos, r.withIndex(index), r.name, r.failure, r.worked, r.clock); err != nil {
		return 0, fmt.Errorf("insert step %d of run %s: %w", index, c.Run, err)
	}
	if r.waited {
		if _, err := tx.exec(dropWaitSQL, c.Run, r.path); err != nil {
			return 0, fmt.Errorf("forget the wait in step %d of run %s: %w", index, c.Run, err)
		}
	}
	if r.audit != nil {
		if err := s.audit(tx, "tool", c.Run, r.audit); err != nil {
			return 0, err
		}
	}
	return index, s.insertStepEvent(tx, c.Run, index, c.Epoch)
}

// recorded tells a step that is on record already, which happens if an answer of
// the database got lost, from one that may not be recorded.
func recorded(tx tx, c Claim, in State, r stepRow) (index int, err error) {
	epoch, state, err := held(tx, c.Run)
	if errors.Is(err, ErrNotFound) || (err == nil && (epoch != c.Epoch || state != in)) {
		return 0, fmt.Errorf("record step %d of run %s: %w", r.pos, c.Run, ErrLost)
	}
	if err != nil {
		return 0, err
	}
	last := -1
	err = tx.row(lastStepSQL, c.Run, r.path).Scan(&index, &last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("look up steps of run %s: %w", c.Run, err)
	}
	if last < 0 || last != r.pos {
		return 0, fmt.Errorf("record step %d of branch %q of run %s, which has %d: %w", r.pos, r.path, c.Run, last+1, ErrRefused)
	}
	return index, nil
}
