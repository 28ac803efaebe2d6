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

// directory is a place of the conformance tests.
type directory string

func (dir directory) Open(ctx context.Context, s inboxtest.Settings) (inboxtest.Inbox, error) {
	return inbox.Open(ctx, string(dir), inbox.Options{
		Now: s.Now, Entropy: s.Entropy, MaxBytes: s.MaxBytes, KeepIdentities: s.KeepIdentities,
		// So small that batches and checkpoints are met.
		MaxBatch: 5, CheckpointBytes: 32 << 10,
	})
}

func (dir directory) Damage(ctx context.Context, seq int64, headers string, block []byte) error {
	db, err := sqlite.Open(filepath.Join(string(dir), inbox.FileName), sqlite.Options{MaxConns: 1})
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
	inboxtest.Run(t, func(t *testing.T) inboxtest.Place { return directory(t.TempDir()) })
}
