package store

import (
	"context"
	"database/sql"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// dialect is what differs between the databases. Statements are written for
// SQLite and translated.
type dialect struct {
	// numbered is true where parameters are $1, $2 instead of ?.
	numbered bool
	// serialize makes the writers of all processes go one at a time, as SQLite
	// does by itself; "" if it does.
	serialize string
	// notify tells other processes of a commit; "" if there are none.
	notify string
	// notifyCancel tells them that a run is to be canceled.
	notifyCancel string
	// clock is the database's time in Unix milliseconds.
	clock string
	// isolation lets each statement see what was committed before it, as the
	// writers need who wait for each other.
	isolation sql.IsolationLevel
	// patience bounds a write transaction where a server or the network may hang;
	// 0 for as long as it takes.
	patience time.Duration
	// refused tells the errors that are a change's own fault.
	refused func(error) bool

	translated sync.Map // by statement
}

// hint is what only SQLite needs and understands.
var hint = regexp.MustCompile(` INDEXED BY \w+`)

// sql returns the statement as the database takes it.
func (d *dialect) sql(query string) string {
	if done, ok := d.translated.Load(query); ok {
		return done.(string) //nolint:forcetypeassert // nothing else is stored
	}
	text := strings.ReplaceAll(query, "{clock}", d.clock)
	if d.numbered {
		text = number(hint.ReplaceAllString(text, ""))
	}
	d.translated.Store(query, text)
	return text
}

// number replaces the question marks, of which no statement has one in a text.
func number(query string) string {
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
	}
	return b.String()
}

// tx is a write transaction.
type tx struct {
	*sql.Tx
	ctx     context.Context //nolint:containedctx // it bounds the transaction
	dialect *dialect
	// news is set once there is something that others wait for.
	news *bool
}

// tell lets everybody look again who waits for changes, once this is committed.
func (t tx) tell() { *t.news = true }

func (t tx) exec(query string, args ...any) (sql.Result, error) {
	return t.ExecContext(t.ctx, t.dialect.sql(query), clean(args)...)
}

// change executes a statement and returns how many rows it changed.
func (t tx) change(query string, args ...any) (int64, error) {
	res, err := t.exec(query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (t tx) row(query string, args ...any) *sql.Row {
	return t.QueryRowContext(t.ctx, t.dialect.sql(query), clean(args)...)
}

func (t tx) rows(query string, args ...any) (*sql.Rows, error) {
	return t.QueryContext(t.ctx, t.dialect.sql(query), clean(args)...)
}

// clean makes texts that every database takes, in place: PostgreSQL has no zero
// bytes and nothing but UTF-8. What is looked for is cleaned as what was stored.
func clean(args []any) []any {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}
