package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/step"
)

// ErrDamaged is returned for a journal that is there and cannot be understood.
var ErrDamaged = errors.New("the journal is damaged")

// Record is a finished step as the journal has it.
type Record struct {
	Entry step.Entry
	// Failure is set if the step has no result. It is part of the record: the
	// run fails the same way when it is replayed.
	Failure *step.Failure
	// Asked is the name by which the step was asked for, which the work may have
	// replaced in the entry.
	Asked string
	// Worked is how long the step took by a clock that nobody sets, its waits
	// left out.
	Worked time.Duration
}

// Journal is what is on record of a claimed run.
type Journal struct {
	Records []Record
	// TimedFrom is the first step that counts towards the run's working time.
	TimedFrom int
	// Rewinds are the steps from which the run was tried again because somebody
	// asked for it.
	Rewinds []int
	// Waited is what is known of the step that the run waited in.
	Waited Waited
}

// Waited is what is kept of a step that is not finished.
type Waited struct {
	// Step is its index; -1 if there is none.
	Step int
	// Until is when it was to go on; zero if that was not said.
	Until time.Time
	// Tries is how often it was tried, Worked how long that took.
	Tries  int
	Worked time.Duration
}

// Journal returns what a claimed run has on record. The error is ErrLost if the
// claim no longer holds, and ErrDamaged if nobody will ever read it.
func (s *Store) Journal(ctx context.Context, c Claim) (Journal, error) {
	var j Journal
	var wake sql.NullInt64
	var rewinds string
	var worked int64
	err := s.row(ctx, `SELECT timed_from, rewinds, wait_step, wake_at, tries, worked FROM runs WHERE id = ? AND epoch = ? AND state = 'running'`,
		c.Run, c.Epoch).Scan(&j.TimedFrom, &rewinds, &j.Waited.Step, &wake, &j.Waited.Tries, &worked)
	if errors.Is(err, sql.ErrNoRows) {
		return j, fmt.Errorf("read journal of run %s: %w", c.Run, ErrLost)
	}
	if err != nil {
		return j, fmt.Errorf("read journal of run %s: %w", c.Run, err)
	}
	j.Waited.Until, j.Waited.Worked = fromMillis(wake), time.Duration(worked)*time.Microsecond
	if j.Rewinds, err = parseRewinds(rewinds); err != nil {
		return j, fmt.Errorf("read journal of run %s: %w", c.Run, err)
	}
	rows, err := s.query(ctx, `SELECT entry, asked, failure, worked FROM run_steps WHERE run = ? ORDER BY idx`, c.Run)
	if err != nil {
		return j, fmt.Errorf("read journal of run %s: %w", c.Run, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return j, fmt.Errorf("read journal of run %s: %w", c.Run, err)
		}
		j.Records = append(j.Records, r)
	}
	return j, rows.Err()
}

func parseRewinds(list string) ([]int, error) {
	var steps []int
	for text := range strings.SplitSeq(list, ",") {
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%w: rewinds: %w", ErrDamaged, err)
		}
		steps = append(steps, n)
	}
	return steps, nil
}

func scanRecord(rows *sql.Rows) (Record, error) {
	var r Record
	var entry, failure []byte
	var asked sql.NullString
	var worked int64
	if err := rows.Scan(&entry, &asked, &failure, &worked); err != nil {
		return r, err
	}
	if err := json.Unmarshal(entry, &r.Entry); err != nil {
		return r, fmt.Errorf("%w: decode step: %w", ErrDamaged, err)
	}
	if failure != nil {
		if err := json.Unmarshal(failure, &r.Failure); err != nil {
			return r, fmt.Errorf("%w: decode failure of step: %w", ErrDamaged, err)
		}
	}
	r.Asked, r.Worked = r.Entry.Name, time.Duration(worked)*time.Microsecond
	if asked.Valid {
		r.Asked = asked.String
	}
	return r, nil
}

// mostTokens bounds what is believed of a provider's count of tokens: sums must
// not overflow.
const mostTokens = 1 << 40

// stepSQL adds a step to a claimed run. The cost stays unknown once the cost of
// one model call is.
const stepSQL = `UPDATE runs SET steps = steps + 1, tokens_in = tokens_in + ?, tokens_cached = tokens_cached + ?,
	tokens_out = tokens_out + ?, cost_micro_usd = cost_micro_usd + ?, in_doubt = CASE WHEN in_doubt = 1 THEN 1 ELSE ? END,
	deaths = 0, wait_step = -1, wake_at = NULL, tries = 0, worked = 0
	WHERE id = ? AND epoch = ? AND state = ? AND steps = ?`

// Record adds a finished step to the journal of a claimed run, and returns once
// it is on disk. Steps are recorded in order; recording the same step again
// changes nothing. The error is ErrLost if the claim no longer holds.
func (s *Store) Record(ctx context.Context, c Claim, r Record) error {
	row, err := encodeRecord(r)
	if err != nil {
		return fmt.Errorf("step %d of run %s: %w: %w", r.Entry.Index, c.Run, ErrRefused, err)
	}
	return s.writer.do(ctx, func(tx tx) error { return s.record(tx, c, StateRunning, row) })
}

// stepRow is a record in the form of its row.
type stepRow struct {
	index          int
	name           string
	entry, failure []byte
	worked         int64
	tokens         [3]int64
	cost           sql.NullInt64
	inDoubt        int
}

func encodeRecord(r Record) (stepRow, error) {
	e := r.Entry
	row := stepRow{index: e.Index, name: r.Asked, worked: r.Worked.Microseconds()}
	var err error
	if row.entry, err = json.Marshal(e); err != nil {
		return row, fmt.Errorf("encode: %w", err)
	}
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
	if e.InDoubt {
		row.inDoubt = 1
	}
	return row, nil
}

func (s *Store) record(tx tx, c Claim, in State, r stepRow) error {
	n, err := tx.change(stepSQL, r.tokens[0], r.tokens[1], r.tokens[2], r.cost, r.inDoubt, c.Run, c.Epoch, in, r.index)
	if err != nil {
		return fmt.Errorf("count step %d of run %s: %w", r.index, c.Run, err)
	}
	if n == 0 {
		return recorded(tx, c, r.index)
	}
	if _, err := tx.exec(`INSERT INTO run_steps (run, idx, entry, asked, failure, worked) VALUES (?, ?, ?, ?, ?, ?)`,
		c.Run, r.index, r.entry, r.name, r.failure, r.worked); err != nil {
		return fmt.Errorf("insert step %d of run %s: %w", r.index, c.Run, err)
	}
	return s.insertStepEvent(tx, c.Run, r.index, c.Epoch)
}

// recorded tells a step that is on record already, which happens if an answer of
// the database got lost, from one that may not be recorded.
func recorded(tx tx, c Claim, index int) error {
	var steps int
	err := tx.row(`SELECT steps FROM runs WHERE id = ? AND epoch = ? AND state = 'running'`, c.Run, c.Epoch).Scan(&steps)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("record step %d of run %s: %w", index, c.Run, ErrLost)
	case err != nil:
		return fmt.Errorf("look up run %s: %w", c.Run, err)
	case steps != index+1:
		return fmt.Errorf("record step %d of run %s, which has %d: %w", index, c.Run, steps, ErrRefused)
	}
	return nil
}

// Steps returns the finished steps of a run in order.
func (s *Store) Steps(ctx context.Context, run string) ([]step.Entry, error) {
	rows, err := s.query(ctx, stepsSQL, run)
	if err != nil {
		return nil, fmt.Errorf("list steps of run %s: %w", run, err)
	}
	entries, err := collectSteps(rows)
	if err != nil {
		return nil, fmt.Errorf("list steps of run %s: %w", run, err)
	}
	return entries, nil
}

const stepsSQL = `SELECT entry FROM run_steps WHERE run = ? ORDER BY idx`

func collectSteps(rows *sql.Rows) ([]step.Entry, error) {
	defer func() { _ = rows.Close() }()
	entries := []step.Entry{}
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, err
		}
		var e step.Entry
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("decode step: %w", err)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}
