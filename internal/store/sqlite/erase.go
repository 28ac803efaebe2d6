package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// Truncate copies the write-ahead log into the file and empties it, so that nothing
// is left in it of what was deleted or replaced. It waits for those who write, and
// reports false if somebody read or wrote all the while: then it is to be called
// again.
func Truncate(ctx context.Context, db *sql.DB) (bool, error) {
	var busy, frames, copied int64
	if err := db.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &copied); err != nil {
		return false, fmt.Errorf("empty the log: %w", err)
	}
	return busy == 0, nil
}

// Compact rewrites a file without its unused space, in which there may be what was
// deleted before Options.Erase was set. Nobody else may use the file meanwhile. It
// does nothing if the file has no pages that are not used.
func Compact(ctx context.Context, db *sql.DB) error {
	var unused int64
	if err := db.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&unused); err != nil {
		return fmt.Errorf("count unused pages: %w", err)
	}
	if unused > 0 {
		if _, err := db.ExecContext(ctx, `VACUUM`); err != nil {
			return fmt.Errorf("rewrite the file: %w", err)
		}
	}
	_, err := Truncate(ctx, db)
	return err
}
