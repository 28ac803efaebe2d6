package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"

	"github.com/aofctl/aofctl/internal/store/schema"
)

// ErrNewerSchema is returned by Migrate for a database that a newer version of
// the program has already changed.
var ErrNewerSchema = schema.ErrNewer

// Migrate brings the schema to the newest version that files holds. The files
// lie at the root of files and are named by a number from 1 upwards without
// gaps, an underscore and a word, as in 0001_deliveries.sql; they are applied
// in order, all in one transaction, and never again. A database with a version
// above the last file is refused with ErrNewerSchema and left alone. Replicas
// that start together migrate one after the other; a migration may take longer
// than a statement, but waits for no lock of others longer than that.
func Migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	list, err := schema.Read(files)
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	if err := migrate(ctx, tx, list); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit migration: %w", err)
	}
	return nil
}

func migrate(ctx context.Context, tx *sql.Tx, list []schema.Migration) error {
	var name sql.NullString
	if err := tx.QueryRowContext(ctx, `SELECT current_schema()`).Scan(&name); err != nil {
		return fmt.Errorf("read current schema: %w", err)
	}
	if !name.Valid {
		return errors.New("migrate: none of the schemas of search_path exists")
	}
	if err := lock(ctx, tx, "migration of "+name.String); err != nil {
		return err
	}
	// A migration that queues for a table behind a long query holds up everybody
	// who comes after it.
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = %d`, defaultLockTimeout.Milliseconds())); err != nil {
		return fmt.Errorf("limit waiting for locks: %w", err)
	}
	return schema.Apply(ctx, tx, dialect(), list)
}

func dialect() schema.Dialect {
	return schema.Dialect{
		Create: `CREATE TABLE IF NOT EXISTS schema_version (
			version    integer PRIMARY KEY,
			name       text NOT NULL,
			applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
		)`,
		Insert: `INSERT INTO schema_version (version, name) VALUES ($1, $2)`,
	}
}
