package inbox

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// Told reports which of the content keys of a source and site a delivery has
// claimed already: see ClaimContent. A delivery that is still to be worked on has
// claimed nothing yet.
func (in *Inbox) Told(ctx context.Context, source, site string, contentKeys []string) (map[string]bool, error) {
	told := map[string]bool{}
	for _, key := range contentKeys {
		h := codec.Hash(source, site, key)
		var one int
		err := in.read.QueryRowContext(ctx, `SELECT 1 FROM contents WHERE hash = ?`, h[:]).Scan(&one)
		switch {
		case err == nil:
			told[key] = true
		case !errors.Is(err, sql.ErrNoRows):
			return nil, fmt.Errorf("look up content keys: %w", err)
		}
	}
	return told, nil
}
