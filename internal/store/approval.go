package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// ApprovalState is what has become of a question to people.
type ApprovalState string

// The states of a question.
const (
	ApprovalOpen     ApprovalState = "open"
	ApprovalApproved ApprovalState = "approved"
	ApprovalRejected ApprovalState = "rejected"
	ApprovalExpired  ApprovalState = "expired"
)

// Approval is a question to people on which a run waits.
type Approval struct {
	// Code is by what people name it.
	Code string `json:"code"`
	// Step is the id of the step that asks, Run its run.
	Step string `json:"step"`
	Run  string `json:"run"`
	// Kind is what is asked for.
	Kind     string `json:"kind"`
	Site     string `json:"site,omitempty"`
	IssueKey string `json:"issue_key,omitempty"`
	// Asks is the question in full.
	Asks    json.RawMessage `json:"asks"`
	State   ApprovalState   `json:"state"`
	Created time.Time       `json:"created"`
	// Expires is when it is taken for rejected; zero for never.
	Expires time.Time `json:"expires,omitzero"`
	// Decided is when it was decided, DecidedBy by whom and Decision how.
	Decided   time.Time       `json:"decided,omitzero"`
	DecidedBy string          `json:"decided_by,omitempty"`
	Decision  json.RawMessage `json:"decision,omitempty"`
}

// whoseRunGoesOn leaves out questions of runs that have ended: nobody waits for
// the answer.
const whoseRunGoesOn = ` AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = approvals.run AND runs.finished_at IS NOT NULL)`

const approvalColumns = `code, step, run, kind, site, issue_key, asks, state, created_at, expires_at, decided_at, decided_by, decision`

// Ask writes a question down and returns it as it is on record: asked again by the
// same step it is the first one, with its code and its time.
func (s *Store) Ask(ctx context.Context, a Approval) (Approval, error) {
	err := s.writer.do(ctx, func(tx tx) error {
		_, err := tx.exec(`INSERT INTO approvals (code, step, run, kind, site, issue_key, asks, state, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?) ON CONFLICT (step) DO NOTHING`,
			a.Code, a.Step, a.Run, a.Kind, a.Site, a.IssueKey, []byte(a.Asks), millis(s.now()), nullMillis(a.Expires))
		if err != nil {
			return fmt.Errorf("insert question %s: %w", a.Step, err)
		}
		a, err = scanApproval(tx.row(`SELECT `+approvalColumns+` FROM approvals WHERE step = ?`, a.Step))
		return err
	})
	return a, err
}

// Approval returns the question of that code. The error is ErrNotFound if there
// is none.
func (s *Store) Approval(ctx context.Context, code string) (Approval, error) {
	return scanApproval(s.row(ctx, `SELECT `+approvalColumns+` FROM approvals WHERE code = ?`, code))
}

// Decision is what somebody, or the time, decides about a question.
type Decision struct {
	State ApprovalState
	// By is who decided, "" for nobody.
	By string
	// Body tells the decision in full.
	Body json.RawMessage
	// Signal is what the run waits for, and Name what the step is called in which
	// it does; see Store.Signal. "" tells nobody.
	Signal, Name string
}

// userOfRunSQL finds the user of a site where the app is installed for whom a run
// works.
const userOfRunSQL = `SELECT count(*) FROM tasks WHERE run = ? AND run <> '' AND account <> ''`

// forAudit is what the audit log keeps of a question. Its rows cannot be deleted, and
// what users of a site said goes with the site: of theirs it keeps digests, and of
// all where runs leave nothing behind.
func (s *Store) forAudit(tx tx, a Approval) (Approval, error) {
	if s.erase {
		a.Asks, a.Decision = digestOf(a.Asks), digestOf(a.Decision)
		return a, nil
	}
	var users int
	if err := tx.row(userOfRunSQL, a.Run).Scan(&users); err != nil {
		return a, fmt.Errorf("look up for whom run %s works: %w", a.Run, err)
	}
	if users > 0 {
		a.Asks, a.Decision = digestOf(a.Asks), digestOf(a.Decision)
	}
	return a, nil
}

func digestOf(text json.RawMessage) json.RawMessage {
	if len(text) == 0 {
		return text
	}
	return fmt.Appendf(nil, `{"sha256":"%x"}`, sha256.Sum256(text))
}

// Decide puts a decision on record and returns the question as it then is, and
// whether this decision is the one that counts: the first does, and none once the
// run has ended. The audit log is told and the run goes on in the same
// transaction: no crash leaves a decision of which the run does not hear.
func (s *Store) Decide(ctx context.Context, code string, d Decision) (Approval, bool, error) {
	var a Approval
	var ours bool
	err := s.writer.do(ctx, func(tx tx) error {
		n, err := tx.change(`UPDATE approvals SET state = ?, decided_at = ?, decided_by = ?, decision = ? WHERE code = ? AND state = 'open'`+whoseRunGoesOn,
			d.State, millis(s.now()), d.By, []byte(d.Body), code)
		if err != nil {
			return fmt.Errorf("decide question %s: %w", code, err)
		}
		ours = n == 1
		if a, err = scanApproval(tx.row(`SELECT `+approvalColumns+` FROM approvals WHERE code = ?`, code)); err != nil || !ours {
			return err
		}
		told, err := s.forAudit(tx, a)
		if err != nil {
			return err
		}
		body, err := json.Marshal(told)
		if err != nil {
			return fmt.Errorf("encode question %s: %w", code, err)
		}
		if err := s.audit(tx, "approval", a.Run, body); err != nil {
			return err
		}
		_, err = s.tell(tx, d.Signal, d.Name, d.Body)
		return err
	})
	return a, ours, err
}

// Approvals returns the questions in a state, the newest first; "" for all.
func (s *Store) Approvals(ctx context.Context, state ApprovalState, limit int) ([]Approval, error) {
	query, args := `SELECT `+approvalColumns+` FROM approvals`, []any{}
	if state != "" {
		query += ` WHERE state = ?`
		args = append(args, state)
	}
	if state == ApprovalOpen {
		query += whoseRunGoesOn
	}
	if limit <= 0 {
		limit = 100
	}
	return s.approvals(ctx, query+` ORDER BY created_at DESC, code LIMIT ?`, append(args, limit)...)
}

// AnySite stands for all sites; no site has this name.
const AnySite = "*"

// Questions returns the open questions of a kind on a site, or on all, the oldest
// first.
func (s *Store) Questions(ctx context.Context, kind, site string) ([]Approval, error) {
	return s.approvals(ctx, `SELECT `+approvalColumns+` FROM approvals WHERE state = 'open' AND kind = ? AND (site = ? OR ? = '`+AnySite+`')`+whoseRunGoesOn+`
		ORDER BY created_at, code`, kind, site, site)
}

func (s *Store) approvals(ctx context.Context, query string, args ...any) ([]Approval, error) {
	rows, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list questions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	list := []Approval{}
	for rows.Next() {
		a, err := scanApproval(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list questions: %w", err)
	}
	return list, nil
}

func scanApproval(row interface{ Scan(dest ...any) error }) (Approval, error) {
	var a Approval
	var asks, decision []byte
	var created int64
	var expires, decided sql.NullInt64
	err := row.Scan(&a.Code, &a.Step, &a.Run, &a.Kind, &a.Site, &a.IssueKey, &asks, &a.State, &created, &expires, &decided, &a.DecidedBy, &decision)
	if errors.Is(err, sql.ErrNoRows) {
		return a, fmt.Errorf("read question: %w", ErrNotFound)
	}
	if err != nil {
		return a, fmt.Errorf("read question: %w", err)
	}
	a.Asks, a.Decision = asks, decision
	a.Created, a.Expires, a.Decided = time.UnixMilli(created).UTC(), fromMillis(expires), fromMillis(decided)
	return a, nil
}
