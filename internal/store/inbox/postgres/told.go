package postgres

import (
	"context"
	"fmt"

	"github.com/aofctl/aofctl/internal/store/inbox/codec"
)

// Told reports which of the content keys of a source and site a delivery has
// claimed already, on whichever replica: see ClaimContent. A delivery that is
// still to be worked on has claimed nothing yet.
func (in *Inbox) Told(ctx context.Context, source, site string, contentKeys []string) (map[string]bool, error) {
	told := map[string]bool{}
	for _, key := range contentKeys {
		h := codec.Hash(source, site, key)
		var there bool
		if err := in.db.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM contents WHERE hash = $1::bytea)`, h[:]).Scan(&there); err != nil {
			return nil, fmt.Errorf("look up content keys: %w", err)
		}
		if there {
			told[key] = true
		}
	}
	return told, nil
}
