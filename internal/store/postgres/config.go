package postgres

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Defaults of Options.
const (
	defaultConns             = 16
	defaultApplicationName   = "aofctl"
	defaultStatementTimeout  = 30 * time.Second
	defaultLockTimeout       = 10 * time.Second
	defaultIdleInTransaction = 5 * time.Second
	defaultConnectTimeout    = 5 * time.Second
)

// Options tune the connections to one database. The zero value suits a daemon.
type Options struct {
	// Schema is where unqualified tables are: it is made if it does not exist,
	// and is the search_path of every connection. Empty leaves both to the
	// database. It is lower case letters, digits and underscores.
	Schema string
	// MaxConns bounds the pool; 0 means 16, or what the DSN's pool_max_conns says.
	MaxConns int
	// ApplicationName is what the server shows for the connections in
	// pg_stat_activity; empty means what the DSN says, or "aofctl".
	ApplicationName string
	// StatementTimeout ends a statement that runs longer; 0 means what the DSN's
	// statement_timeout says, or 30 s.
	StatementTimeout time.Duration
	// LockTimeout ends a statement that waits longer for a lock; 0 means what the
	// DSN's lock_timeout says, or 10 s.
	LockTimeout time.Duration
	// IdleInTransaction ends a connection whose transaction does nothing for
	// longer, so that a frozen process holds no locks; 0 means what the DSN's
	// idle_in_transaction_session_timeout says, or 5 s.
	IdleInTransaction time.Duration
	// ConnectTimeout bounds making a connection; 0 means what the DSN's
	// connect_timeout says, or 5 s.
	ConnectTimeout time.Duration
	// AllowNoFsync accepts a server that does not sync its files, which loses
	// what it committed when its machine fails: for tests, and for services that
	// keep their log elsewhere.
	AllowNoFsync bool
}

// schemaName is what a schema may be called: a name that needs no quotes.
var schemaName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

func (o Options) check() error {
	if o.Schema != "" && (!schemaName.MatchString(o.Schema) || strings.HasPrefix(o.Schema, "pg_")) {
		return fmt.Errorf("schema %q is not a name of lower case letters, digits and underscores", o.Schema)
	}
	if o.MaxConns < 0 || o.StatementTimeout < 0 || o.LockTimeout < 0 || o.IdleInTransaction < 0 || o.ConnectTimeout < 0 {
		return errors.New("a negative time or number of connections")
	}
	return nil
}

// config is everything that connecting needs to know.
type config struct {
	conn     *pgx.ConnConfig
	maxConns int
	// pooled is true behind a pooler in transaction mode, where a session's
	// settings do not stay.
	pooled bool
	// settings are what each connection sets or, where pooled, has to find.
	settings []setting
}

// setting is one parameter of a session.
type setting struct {
	name, value string
	// limit is true for a time: any but 0, which is none, will do.
	limit bool
}

// parse reads a DSN. Its errors never hold the password, nor pieces of it: they
// come from what was read, not from the text.
func parse(dsn string, o Options) (*config, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	u, query, err := split(dsn)
	if err != nil {
		return nil, err
	}
	maxConns, err := poolSize(query, o)
	if err != nil {
		return nil, err
	}
	u.RawQuery = query.Encode()
	conn, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("read storage DSN: %w", reason(err))
	}
	c := &config{conn: conn, maxConns: maxConns, pooled: conn.DefaultQueryExecMode != pgx.QueryExecModeCacheStatement}
	if err := c.set(query, o); err != nil {
		return nil, err
	}
	if attrs := query.Get("target_session_attrs"); attrs == "" || attrs == "read-write" {
		conn.ValidateConnect = takesWrites
	}
	c.network(o)
	return c, nil
}

// split reads the DSN as a URL.
func split(dsn string) (*url.URL, url.Values, error) {
	const form = "postgres://user:password@host:5432/database"
	scheme, _, ok := strings.Cut(dsn, "://")
	if !ok || (scheme != "postgres" && scheme != "postgresql") {
		return nil, nil, errors.New("read storage DSN: it does not have the form " + form)
	}
	// The parser's own words quote what it could not read, which may be a piece
	// of the password.
	u, err := url.Parse(dsn)
	if err != nil || cutShort(u) {
		return nil, nil, errors.New("read storage DSN: it is not a URL of the form " + form +
			": write special characters in the user and the password as %XX, such as %40 for @ and %23 for #")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, errors.New("read storage DSN: what follows its ? is not of the form name=value&name=value")
	}
	return u, query, nil
}

// cutShort tells whether a special character of the password ended it early, so
// that what was read as the host and port is the user and a piece of the password.
func cutShort(u *url.URL) bool {
	return u.Fragment != "" || (u.User == nil && strings.Contains(u.Path+u.RawQuery, "@"))
}

// poolSize takes the pool's size out of the parameters: the others of pgxpool
// would go to the server, which knows none of them.
func poolSize(query url.Values, o Options) (int, error) {
	size := or(o.MaxConns, defaultConns)
	for name := range query {
		if !strings.HasPrefix(name, "pool_") {
			continue
		}
		if name != "pool_max_conns" {
			return 0, fmt.Errorf("read storage DSN: parameter %s is not known; pool_max_conns is", name)
		}
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 1 || n > 10000 {
			return 0, errors.New("read storage DSN: pool_max_conns is not a number from 1 to 10000")
		}
		size = or(o.MaxConns, n)
	}
	query.Del("pool_max_conns")
	return size, nil
}

// set puts the session's settings together.
func (c *config) set(query url.Values, o Options) error {
	if o.Schema != "" {
		if query.Has("search_path") {
			return errors.New("read storage DSN: parameter search_path cannot be given, since the schema has its own setting")
		}
		c.settings = append(c.settings, setting{name: "search_path", value: o.Schema})
	}
	c.timeout("statement_timeout", o.StatementTimeout, defaultStatementTimeout)
	c.timeout("lock_timeout", o.LockTimeout, defaultLockTimeout)
	c.timeout("idle_in_transaction_session_timeout", o.IdleInTransaction, defaultIdleInTransaction)
	params := c.conn.RuntimeParams
	if o.ApplicationName != "" || params["application_name"] == "" {
		params["application_name"] = or(o.ApplicationName, defaultApplicationName)
	}
	if c.pooled {
		return nil
	}
	for _, s := range c.settings {
		params[s.name] = s.value
	}
	return nil
}

// timeout adds a setting in milliseconds, unless the DSN says it and the
// options do not.
func (c *config) timeout(name string, chosen, usual time.Duration) {
	if _, said := c.conn.RuntimeParams[name]; said && chosen == 0 {
		return
	}
	c.settings = append(c.settings, setting{name: name, value: strconv.FormatInt(or(chosen, usual).Milliseconds(), 10), limit: true})
}

// reason is the cause that pgx found, without the connection string that it
// quotes.
func reason(err error) error {
	var parse *pgconn.ParseConfigError
	if !errors.As(err, &parse) {
		return err
	}
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		return errors.New(text[i+len("`: "):])
	}
	return errors.New("a parameter is not valid")
}

// or returns v unless it is zero, else d.
func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
