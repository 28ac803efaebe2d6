package inbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/inboxtest"
	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// directory is a place of the conformance tests, with options that these do not
// set.
type directory struct {
	path string
	opts inbox.Options
}

func (dir directory) Open(ctx context.Context, s inboxtest.Settings) (inboxtest.Inbox, error) {
	o := dir.opts
	o.Now, o.Entropy, o.MaxBytes, o.KeepIdentities = s.Now, s.Entropy, s.MaxBytes, s.KeepIdentities
	return inbox.Open(ctx, dir.path, o)
}

func (dir directory) Damage(ctx context.Context, seq int64, headers string, block []byte) error {
	db, err := sqlite.Open(filepath.Join(dir.path, inbox.FileName), sqlite.Options{MaxConns: 1})
	if err != nil {
		return err
	}
	if block == nil {
		block = []byte{}
	}
	_, err = db.ExecContext(ctx, `UPDATE bodies SET headers = ?, body = ? WHERE seq = ?`, headers, block, seq)
	return errors.Join(err, db.Close())
}

func TestInboxConforms(t *testing.T) {
	// So small that batches and checkpoints are met.
	o := inbox.Options{MaxBatch: 5, CheckpointBytes: 32 << 10}
	inboxtest.Run(t, func(t *testing.T) inboxtest.Place { return directory{t.TempDir(), o} })
}

func BenchmarkAppend(b *testing.B) { inboxtest.BenchmarkAppend(b, directory{path: b.TempDir()}) }
