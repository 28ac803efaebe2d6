package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Statements that run once or more for each run, however many wait.
const (
	// pickSQL finds the next run of the projects behind the given one. The index
	// is named because SQLite would rather look at all queued runs.
	pickSQL = `SELECT seq, source, site, project FROM runs INDEXED BY runs_share WHERE state = 'queued' AND ready = 1
		AND (source, site, project) > (?, ?, ?) ORDER BY source, site, project, seq LIMIT 1`
	// takeSQL marks it.
	takeSQL = `UPDATE runs SET state = 'running', ready = 0, owner = ?, epoch = epoch + 1,
		attempt = CASE WHEN attempt = 0 THEN 1 ELSE attempt END, started_at = coalesce(started_at, ?)
		WHERE seq = ? RETURNING id, epoch, attempt`
	// passSQL hands the turn to the next run of the subject, unless one has it:
	// the one that is ready, running, or waiting without yielding.
	passSQL = `UPDATE runs SET ready = 1 WHERE state = 'queued' AND seq = (
			SELECT min(seq) FROM runs INDEXED BY runs_open WHERE source = ? AND site = ? AND subject = ? AND open = 1)
		AND NOT EXISTS (SELECT 1 FROM runs INDEXED BY runs_turn
			WHERE source = ? AND site = ? AND subject = ? AND open = 1 AND (state <> 'queued' OR ready = 1))`
	// claimableSQL finds any run whose turn has come. The order makes PostgreSQL,
	// which may believe that there are many, use the index, too.
	claimableSQL = `SELECT 1 FROM runs INDEXED BY runs_share WHERE state = 'queued' AND ready = 1 ORDER BY source, site, project, seq LIMIT 1`
	// turnSQL gives the turn to a run that was not among the open ones, unless
	// another of its subject has it.
	turnSQL = `CASE WHEN EXISTS (SELECT 1 FROM runs AS o INDEXED BY runs_turn WHERE o.source = runs.source AND o.site = runs.site AND o.subject = runs.subject
		AND o.open = 1 AND (o.state <> 'queued' OR o.ready = 1)) THEN 0 ELSE 1 END`
)

// Claim is one taking up of a run. Whoever takes the run up later has a higher
// epoch, and what is written under an older claim is refused with ErrLost.
type Claim struct {
	Run   string
	Epoch int64
}

// ErrLost is returned for what is written under a claim that no longer holds:
// somebody else has the run now, or it is over.
var ErrLost = errors.New("the run is no longer ours")

// share is whose runs take turns: a project of a site.
type share struct{ source, site, project string }

// Limits bound how many runs are at work at the same time; 0 for no bound.
type Limits struct {
	// Total is for all replicas together, PerProject for each project.
	Total, PerProject int
}

// Claim takes up to n queued runs whose turn it is, within the limits, and marks
// them running for the owner. Projects take turns, so that one with many runs
// does not hold up another's first; the runs of one go in the order of their
// admission.
func (s *Store) Claim(ctx context.Context, owner string, n int, l Limits) ([]Claim, error) {
	var claimed []Claim
	err := s.writer.do(ctx, func(tx tx) error {
		claimed = nil
		room, err := takeStock(tx, l)
		if err != nil {
			return err
		}
		for len(claimed) < n && room.any() {
			c, err := s.claimNext(tx, owner, room)
			if err != nil || c == nil {
				return err
			}
			claimed = append(claimed, *c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim runs: %w", err)
	}
	return claimed, nil
}

// room is how much the limits leave.
type room struct {
	limits  Limits
	total   int
	running map[share]int
}

// takeStock counts what is at work, if there is a limit to it.
func takeStock(tx tx, l Limits) (*room, error) {
	r := &room{limits: l, running: map[share]int{}}
	if l == (Limits{}) {
		return r, nil
	}
	rows, err := tx.rows(`SELECT source, site, project, count(*) FROM runs WHERE state = 'running' GROUP BY source, site, project`)
	if err != nil {
		return nil, fmt.Errorf("count running runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var of share
		var n int
		if err := rows.Scan(&of.source, &of.site, &of.project, &n); err != nil {
			return nil, fmt.Errorf("count running runs: %w", err)
		}
		r.running[of] = n
		r.total += n
	}
	return r, rows.Err()
}

func (r *room) any() bool { return r.limits.Total <= 0 || r.total < r.limits.Total }

func (r *room) in(of share) bool {
	return r.limits.PerProject <= 0 || r.running[of] < r.limits.PerProject
}

func (r *room) take(of share) {
	r.running[of]++
	r.total++
}

// claimNext returns nil if no run can start.
func (s *Store) claimNext(tx tx, owner string, room *room) (*Claim, error) {
	seq, err := s.pickWithin(tx, room)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil //nolint:nilnil // nothing is there, and nothing is wrong
	}
	if err != nil {
		return nil, fmt.Errorf("pick run: %w", err)
	}
	var c Claim
	var attempt int
	if err := tx.row(takeSQL, owner, millis(s.now()), seq).Scan(&c.Run, &c.Epoch, &attempt); err != nil {
		return nil, fmt.Errorf("mark run %d: %w", seq, err)
	}
	kind := EventStarted
	if c.Epoch > 1 {
		kind = EventResumed
	}
	return &c, s.insertEvent(tx, c.Run, fmt.Sprintf("start:%d", c.Epoch), kind, map[string]any{"attempt": attempt, "owner": owner})
}

// pickWithin finds the next run of the next project that has room. It passes
// each project at most once; if none has room, the turn stays where it was.
func (s *Store) pickWithin(tx tx, room *room) (int64, error) {
	behind, wrapped := s.served, false
	for {
		seq, next, err := pick(tx, behind)
		if errors.Is(err, sql.ErrNoRows) && !wrapped {
			wrapped = true
			seq, next, err = pick(tx, share{}) // from the first project again: every source has a name
		}
		if err != nil {
			return 0, err
		}
		if room.in(next) {
			room.take(next)
			s.served = next
			return seq, nil
		}
		if wrapped && !next.before(s.served) {
			return 0, sql.ErrNoRows
		}
		behind = next
	}
}

// before orders shares as the databases do.
func (s share) before(o share) bool {
	if s.source != o.source {
		return s.source < o.source
	}
	if s.site != o.site {
		return s.site < o.site
	}
	return s.project < o.project
}

// pick finds the next run behind a project.
func pick(tx tx, behind share) (seq int64, next share, err error) {
	err = tx.row(pickSQL, behind.source, behind.site, behind.project).Scan(&seq, &next.source, &next.site, &next.project)
	return seq, next, err
}

// pass lets the next run of a subject go.
func pass(tx tx, source, site, subject string) error {
	if _, err := tx.exec(passSQL, source, site, subject, source, site, subject); err != nil {
		return fmt.Errorf("let next run of %s go: %w", subject, err)
	}
	return nil
}

// Claimable reports whether the turn of some run has come. It costs less than
// to claim none.
func (s *Store) Claimable(ctx context.Context) (bool, error) {
	var one int
	err := s.row(ctx, claimableSQL).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for runs to claim: %w", err)
	}
	return true, nil
}
