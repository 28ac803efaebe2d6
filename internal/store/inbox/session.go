package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// chunk is how many rows one statement inserts when there are as many. The
// driver's cost of binding grows with the square of the parameters.
const chunk = 8

// session is the writer's connection with its prepared statements.
type session struct {
	db   *sql.DB
	conn *sql.Conn

	beginTx, commitTx, rollbackTx *sql.Stmt
	identities, deliveries        inserter
	bodies                        inserter
	findIdentity, findID          *sql.Stmt
	finish, claim, findClaim      *sql.Stmt
	setContent                    *sql.Stmt
	take, findTaken               *sql.Stmt
}

// inserter inserts rows one by one or a chunk at a time.
type inserter struct {
	one, many *sql.Stmt
}

func openSession(ctx context.Context, path string, erase bool) (*session, error) {
	db, err := sqlite.Open(path, sqlite.Options{MaxConns: 1, CheckpointPages: -1, Erase: erase})
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("connect: %w", err), db.Close())
	}
	s := &session{db: db, conn: conn}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare statements: %w", err), s.close())
	}
	return s, nil
}

func (s *session) prepare(ctx context.Context) error {
	var err error
	stmt := func(query string) *sql.Stmt {
		if err != nil {
			return nil
		}
		var st *sql.Stmt
		st, err = s.conn.PrepareContext(ctx, query)
		return st
	}
	insert := func(head, row string) inserter {
		rows := strings.Repeat(row+",", chunk-1) + row
		return inserter{one: stmt(head + row), many: stmt(head + rows)}
	}
	s.beginTx = stmt(`BEGIN IMMEDIATE`)
	s.commitTx = stmt(`COMMIT`)
	s.rollbackTx = stmt(`ROLLBACK`)
	s.identities = insert(`INSERT OR IGNORE INTO identities (hash, seq) VALUES `, `(?,?)`)
	// With ROLLBACK, SQLite need not be able to undo the statement alone, for
	// which it would copy each page before changing it.
	s.deliveries = insert(`INSERT OR ROLLBACK INTO deliveries (seq, id, source, site, key, received_at, signed_by, state, reason)
		VALUES `, `(?,?,?,?,?,?,?,?,?)`)
	s.bodies = insert(`INSERT OR ROLLBACK INTO bodies (seq, headers, body) VALUES `, `(?,?,?)`)
	s.findIdentity = stmt(`SELECT seq FROM identities WHERE hash = ?`)
	s.findID = stmt(`SELECT id FROM deliveries WHERE seq = ?`)
	s.claim = stmt(`INSERT OR IGNORE INTO contents (hash, seq) VALUES (?, ?)`)
	s.findClaim = stmt(`SELECT seq FROM contents WHERE hash = ?`)
	s.setContent = stmt(`UPDATE deliveries SET content_key = ? WHERE seq = ?`)
	s.take = stmt(`INSERT OR IGNORE INTO claims (hash, seq) VALUES (?, ?)`)
	s.findTaken = stmt(`SELECT seq FROM claims WHERE hash = ?`)
	s.finish = stmt(`UPDATE deliveries SET state = ?, reason = ?, event_type = ?, subject = ?, project = ?,
		issue_key = ?, detail = ?, processed_at = ? WHERE seq = ? AND (state = 'received' OR ? = 'received')`)
	return err
}

func (s *session) close() error {
	return errors.Join(s.conn.Close(), s.db.Close())
}

func (s *session) begin(ctx context.Context) error {
	if _, err := s.beginTx.ExecContext(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return nil
}

func (s *session) commit(ctx context.Context) error {
	if _, err := s.commitTx.ExecContext(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback ends a failed transaction. SQLite may have done so itself, which is
// not worth telling.
func (s *session) rollback(ctx context.Context) error {
	_, err := s.rollbackTx.ExecContext(ctx)
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		return nil
	}
	return err
}

func (s *session) nextSeq(ctx context.Context) (int64, error) {
	var last int64
	const query = `SELECT max(coalesce((SELECT max(seq) FROM deliveries), 0), coalesce((SELECT max(seq) FROM bodies), 0))`
	if err := s.conn.QueryRowContext(ctx, query).Scan(&last); err != nil {
		return 0, fmt.Errorf("read last sequence number: %w", err)
	}
	return last + 1, nil
}

// probe writes a row and syncs it.
func (s *session) probe(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, `UPDATE probe SET tries = tries + 1`); err != nil {
		return fmt.Errorf("write trial row: %w", err)
	}
	return nil
}

// checkpoint copies the whole log into the database, so that the next commit
// starts the log from its beginning.
func (s *session) checkpoint(ctx context.Context) error {
	if _, err := s.conn.ExecContext(ctx, `PRAGMA wal_checkpoint(RESTART)`); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// rows inserts n rows of which row appends the values, and returns how many
// were new.
func (i inserter) rows(ctx context.Context, n int, row func(args []any, k int) []any) (int64, error) {
	var total int64
	var args []any
	for k := 0; k < n; {
		st, size := i.one, 1
		if n-k >= chunk {
			st, size = i.many, chunk
		}
		args = args[:0]
		for j := range size {
			args = row(args, k+j)
		}
		res, err := st.ExecContext(ctx, args...)
		if err != nil {
			return 0, err
		}
		count, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		total += count
		k += size
	}
	return total, nil
}

// claimIdentities returns the arrivals that nobody sent before, and gives the
// others the receipt of the first.
func (s *session) claimIdentities(ctx context.Context, arrivals []*arrival) ([]*arrival, error) {
	count, err := s.identities.rows(ctx, len(arrivals), func(args []any, k int) []any {
		return append(args, arrivals[k].hash[:], arrivals[k].seq)
	})
	if err != nil {
		return nil, fmt.Errorf("insert identities: %w", err)
	}
	if count == int64(len(arrivals)) {
		return arrivals, nil
	}
	return s.sortOut(ctx, arrivals)
}

// sortOut separates new arrivals from duplicates after a batch that had some.
func (s *session) sortOut(ctx context.Context, arrivals []*arrival) ([]*arrival, error) {
	fresh := make([]*arrival, 0, len(arrivals))
	ids := map[int64]string{}
	for _, a := range arrivals {
		var first int64
		if err := s.findIdentity.QueryRowContext(ctx, a.hash[:]).Scan(&first); err != nil {
			return nil, fmt.Errorf("find identity: %w", err)
		}
		if first == a.seq {
			fresh = append(fresh, a)
			ids[first] = a.receipt.ID
			continue
		}
		id, ok := ids[first]
		if !ok {
			var err error
			if id, err = s.idOf(ctx, first); err != nil {
				return nil, err
			}
		}
		a.receipt = Receipt{ID: id, Seq: first, Duplicate: true}
	}
	return fresh, nil
}

// idOf returns the id of a stored delivery, or "" if it was pruned.
func (s *session) idOf(ctx context.Context, seq int64) (string, error) {
	var id string
	err := s.findID.QueryRowContext(ctx, seq).Scan(&id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find delivery: %w", err)
	}
	return id, nil
}

func (s *session) insert(ctx context.Context, arrivals []*arrival) error {
	_, err := s.deliveries.rows(ctx, len(arrivals), func(args []any, k int) []any {
		a := arrivals[k]
		d := &a.delivery
		return append(args, a.seq, a.receipt.ID, d.Source, d.Site, d.Key, a.received, a.signed, string(d.State), d.Reason)
	})
	if err != nil {
		return fmt.Errorf("insert deliveries: %w", err)
	}
	_, err = s.bodies.rows(ctx, len(arrivals), func(args []any, k int) []any {
		return append(args, arrivals[k].seq, arrivals[k].headers, arrivals[k].block)
	})
	if err != nil {
		return fmt.Errorf("insert bodies: %w", err)
	}
	return nil
}
