package sqlite

import (
	"context"
	"database/sql/driver"
)

// longestPrepared is the longest statement, in bytes, that is kept ready. Longer
// ones are scripts, which run once.
const longestPrepared = 4 << 10

// keeping opens connections that keep their statements ready: to parse one takes
// SQLite as long as to carry it out.
type keeping struct {
	driver.Connector
	most int
}

// Connect implements driver.Connector.
func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	whole, ok := c.(wholeConn)
	if !ok {
		return c, nil
	}
	return &conn{wholeConn: whole, most: k.most, ready: map[string]*prepared{}}, nil
}

// wholeConn is all that the pool uses of the driver's connections.
type wholeConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is a connection with its statements. The pool lets one goroutine use it at a
// time.
type conn struct {
	wholeConn
	most  int
	ready map[string]*prepared
}

// wholeStmt is all that is used of the driver's statements.
type wholeStmt interface {
	driver.StmtExecContext
	driver.StmtQueryContext
	Close() error
}

// prepared is a statement; busy while its rows are read.
type prepared struct {
	wholeStmt
	busy bool
}

// get returns the statement if it is kept ready and free, nil otherwise.
func (c *conn) get(ctx context.Context, query string) *prepared {
	if p, ok := c.ready[query]; ok {
		if p.busy {
			return nil
		}
		return p
	}
	if len(c.ready) >= c.most || len(query) > longestPrepared {
		return nil
	}
	st, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil // whoever carries it out is told
	}
	whole, ok := st.(wholeStmt)
	if !ok {
		_ = st.Close() // it was never used
		return nil
	}
	p := &prepared{wholeStmt: whole}
	c.ready[query] = p
	return p
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if p := c.get(ctx, query); p != nil {
		return p.ExecContext(ctx, args)
	}
	return c.wholeConn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	p := c.get(ctx, query)
	if p == nil {
		return c.wholeConn.QueryContext(ctx, query, args)
	}
	r, err := p.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	p.busy = true
	return &rows{Rows: r, of: p}, nil
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	for _, p := range c.ready {
		_ = p.Close() // the connection frees what is left
	}
	c.ready = nil
	return c.wholeConn.Close()
}

// rows are those of a prepared statement, which is free again when they are closed.
type rows struct {
	driver.Rows
	of *prepared
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}
