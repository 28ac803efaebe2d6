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
	// Entry is the step. Its Branch says where it belongs; its Index is given by
	// the Store.
	Entry step.Entry
	// Pos is its position within the branch, from 0.
	Pos int
	// Failure is set if the step has no result. It is part of the record: the
	// run fails the same way when it is replayed.
	Failure *step.Failure
	// Asked is the name by which the step was asked for, which the work may have
	// replaced in the entry.
	Asked string
	// Worked is how long the step took by a clock that nobody sets, its waits
	// left out.
	Worked time.Duration
	// Clock is the working time of the branch behind the step; 0 if that is not
	// known.
	Clock time.Duration
	// Waited says that the branch waited in this step, of which nothing is to be
	// remembered any more. It is not read back.
	Waited bool
}

// Journal is what is on record of a claimed run.
type Journal struct {
	// Records are the finished steps of all branches in the order in which they
	// were recorded.
	Records []Record
	// TimedFrom is the index of the first step that counts towards the run's
	// working time.
	TimedFrom int
	// Rewinds are the steps from which the run was tried again because somebody
	// asked for it, in order.
	Rewinds []Rewind
	// Waits are what is known of the steps that branches waited in.
	Waits []Waited
}

// Rewind is a step behind which everything in its branch has another identity
// than before. Pos is -1 where that is all of it.
type Rewind struct {
	Branch string
	Pos    int
}

// Waited is what is kept of a step that is not finished.
type Waited struct {
	// Wait is how the branch was left. Yield and Attempt are not kept.
	Wait
	// Due is true once its time has come.
	Due bool
}

// Journal returns what a claimed run has on record. The error is ErrLost if the
// claim no longer holds, and ErrDamaged if nobody will ever read it.
func (s *Store) Journal(ctx context.Context, c Claim) (Journal, error) {
	j, err := s.readJournal(ctx, c)
	if err != nil {
		return j, fmt.Errorf("read journal of run %s: %w", c.Run, err)
	}
	return j, nil
}

const claimSQL = `SELECT timed_from, rewinds, EXISTS (SELECT 1 FROM run_waits WHERE run = runs.id) FROM runs
	WHERE id = ? AND epoch = ? AND state = 'running'`

func (s *Store) readJournal(ctx context.Context, c Claim) (Journal, error) {
	var j Journal
	var rewinds string
	var waits bool
	err := s.row(ctx, claimSQL, c.Run, c.Epoch).Scan(&j.TimedFrom, &rewinds, &waits)
	if errors.Is(err, sql.ErrNoRows) {
		return j, ErrLost
	}
	if err != nil {
		return j, err
	}
	if j.Rewinds, err = parseRewinds(rewinds); err != nil {
		return j, err
	}
	if waits {
		if j.Waits, err = s.readWaits(ctx, c.Run); err != nil {
			return j, err
		}
	}
	rows, err := s.query(ctx, `SELECT `+recordColumns+` FROM run_steps WHERE run = ? ORDER BY idx`, c.Run)
	if err != nil {
		return j, err
	}
	j.Records, err = collectRecords(rows)
	return j, err
}

func collectRecords(rows *sql.Rows) ([]Record, error) {
	defer func() { _ = rows.Close() }()
	var list []Record
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// String is the rewind as it is kept: the position, for a branch behind its path.
func (r Rewind) String() string {
	if r.Branch == "" {
		return strconv.Itoa(r.Pos)
	}
	return r.Branch + ":" + strconv.Itoa(r.Pos)
}

func parseRewinds(list string) ([]Rewind, error) {
	var all []Rewind
	for text := range strings.SplitSeq(list, ",") {
		if text == "" {
			continue
		}
		branch, pos, found := strings.Cut(text, ":")
		if !found {
			branch, pos = "", text
		}
		n, err := strconv.Atoi(pos)
		if err != nil {
			return nil, fmt.Errorf("%w: rewinds: %w", ErrDamaged, err)
		}
		all = append(all, Rewind{Branch: branch, Pos: n})
	}
	return all, nil
}

// recordColumns are those that scanRecord reads.
const recordColumns = `idx, path, coalesce(pos, idx), entry, asked, failure, worked, clock`

func scanRecord(row scanner) (Record, error) {
	var r Record
	var index int
	var branch string
	var entry, failure []byte
	var asked sql.NullString
	var worked, clock int64
	if err := row.Scan(&index, &branch, &r.Pos, &entry, &asked, &failure, &worked, &clock); err != nil {
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
	r.Entry.Index, r.Entry.Branch = index, branch
	r.Asked, r.Worked, r.Clock = r.Entry.Name, time.Duration(worked)*time.Microsecond, time.Duration(clock)*time.Microsecond
	if asked.Valid {
		r.Asked = asked.String
	}
	return r, nil
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
