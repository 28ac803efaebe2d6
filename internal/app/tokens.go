package app

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/aofctl/aofctl/internal/store/postgres"
	"github.com/aofctl/aofctl/internal/store/secret"
)

var errStorageClosed = errors.New("the storage is not open")

// tokens are the refresh tokens of OAuth 2.0. Sites are built, and everything
// that is wrong with them told, before the storage is opened.
type tokens struct{ opened atomic.Pointer[secret.Store] }

// LoadToken implements atlassian.TokenStore.
func (t *tokens) LoadToken(ctx context.Context, name string) ([]byte, error) {
	if s := t.opened.Load(); s != nil {
		return s.LoadToken(ctx, name)
	}
	return nil, errStorageClosed
}

// SwapToken implements atlassian.TokenStore.
func (t *tokens) SwapToken(ctx context.Context, name string, old, value []byte) (bool, error) {
	if s := t.opened.Load(); s != nil {
		return s.SwapToken(ctx, name, old, value)
	}
	return false, errStorageClosed
}

// openTokens opens the secrets beside the other data if a site has some to keep.
// Renewals that are under way when the daemon stops are stored first.
func (a *App) openTokens(ctx context.Context) error {
	if a.opts.Daemon.MasterKey.IsZero() {
		return nil
	}
	s, err := a.openSecrets(ctx)
	if err != nil {
		return err
	}
	a.tokens.opened.Store(s)
	a.onClose(s.Close)
	return nil
}

func (a *App) openSecrets(ctx context.Context) (*secret.Store, error) {
	if a.postgres != nil {
		return secret.OpenPostgres(ctx, a.postgres.String(), postgres.Options{ApplicationName: "aofctl secrets"})
	}
	return secret.OpenSQLite(ctx, a.opts.Daemon.Storage.Directory)
}
