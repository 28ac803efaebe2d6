package sqlite

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
// above the last file is refused with ErrNewerSchema and left alone.
func Migrate(ctx context.Context, db *sql.DB, files fs.FS) error {
	list, err := schema.Read(files)
	if err != nil {
		return err
	}
	// Transactions start with the write lock, so two processes that start
	// together migrate one after the other.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	if err := schema.Apply(ctx, tx, dialect(), list); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit migration: %w", err)
	}
	return nil
}

func dialect() schema.Dialect {
	return schema.Dialect{
		Create: `CREATE TABLE IF NOT EXISTS schema_version (
			version    INTEGER PRIMARY KEY,
			name       TEXT NOT NULL,
			applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
		)`,
		Insert: `INSERT INTO schema_version (version, name) VALUES (?, ?)`,
	}
}
