package doctor

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/aofctl/aofctl/internal/store/postgres"
)

// Postgres is the database that replicas share.
type Postgres struct {
	// DSN has the password, Place has not.
	DSN, Place string
	// Schemas are those that the daemon makes and uses.
	Schemas []string
}

// Check looks whether the server can be reached, keeps what it confirms, and gives
// the rights that are needed.
func (p Postgres) Check() Check { return Check{Subject: "storage", Name: "database", Run: p.run} }

func (p Postgres) run(ctx context.Context) []Result {
	// This refuses old versions, standbys and servers that lose commits.
	db, err := postgres.Open(ctx, p.DSN, postgres.Options{ApplicationName: "aofctl doctor"})
	if err != nil {
		return []Result{fail("database", err.Error(), "see storage in docs/operations.md for what the server has to be like")}
	}
	defer func() { _ = db.Close() }()
	var version, commit string
	var create bool
	const query = `SELECT current_setting('server_version'), current_setting('synchronous_commit'), has_database_privilege(current_database(), 'CREATE')`
	if err := db.QueryRowContext(ctx, query).Scan(&version, &commit, &create); err != nil {
		return []Result{fail("database", err.Error(), "")}
	}
	list := []Result{good("database", fmt.Sprintf("%s, PostgreSQL %s, synchronous_commit %s", p.Place, version, commit))}
	return append(list, p.rights(ctx, db, create))
}

func (p Postgres) rights(ctx context.Context, db *sql.DB, create bool) Result {
	var missing, closed []string
	for _, schema := range p.Schemas {
		var there, usable bool
		const query = `SELECT count(*) > 0, coalesce(bool_and(has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE')), false)
			FROM pg_namespace WHERE nspname = $1`
		if err := db.QueryRowContext(ctx, query, schema).Scan(&there, &usable); err != nil {
			return fail("rights", err.Error(), "")
		}
		switch {
		case !there:
			missing = append(missing, schema)
		case !usable:
			closed = append(closed, schema)
		}
	}
	switch {
	case len(closed) > 0:
		return fail("rights", "the role may not change schema "+strings.Join(closed, ", "), "let the role own it: ALTER SCHEMA … OWNER TO …")
	case len(missing) > 0 && !create:
		return fail("rights", "schema "+strings.Join(missing, ", ")+" is missing and the role may not create it", "GRANT CREATE ON DATABASE … TO …, or create it for the role")
	case len(missing) > 0:
		return good("rights", strings.Join(missing, ", ")+" is made at the first start")
	}
	return good("rights", "on "+strings.Join(p.Schemas, ", "))
}
