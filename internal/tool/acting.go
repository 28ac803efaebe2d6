package tool

import (
	"context"
	"errors"
	"fmt"
)

// ErrOtherHands says that something was to be done for one user with the rights of
// somebody else: the daemon's own account, or another user. It is a mistake of the
// program's that the last instance before the network finds, and never tried again.
var ErrOtherHands = errors.New("what is done for a user is done with the user's rights and no others")

type actingKey struct{}

// ActFor marks a context as one of work that is done for a user. Everything under
// it must use the user's rights: the ways to Jira look at the mark before each
// request. The mark of another user cannot be replaced, and none taken away.
func ActFor(ctx context.Context, who OnBehalf) (context.Context, error) {
	before := ActsFor(ctx)
	switch {
	case who == before:
		return ctx, nil
	case !before.IsZero():
		return nil, fmt.Errorf("act for a user: %w", ErrOtherHands)
	default:
		return context.WithValue(ctx, actingKey{}, who), nil
	}
}

// ActsFor returns the user for whom a context's work is done; the zero value if it
// is done for nobody in particular.
func ActsFor(ctx context.Context) OnBehalf {
	who, _ := ctx.Value(actingKey{}).(OnBehalf)
	return who
}

// ByDaemon returns an error for work that is done for a user. Whatever signs in
// with the daemon's own account on a platform where users have one asks it before
// each request.
func ByDaemon(ctx context.Context) error {
	if !ActsFor(ctx).IsZero() {
		return fmt.Errorf("use the daemon's account: %w", ErrOtherHands)
	}
	return nil
}

// ByUser returns an error for all work that is not done for this user.
func ByUser(ctx context.Context, who OnBehalf) error {
	if ActsFor(ctx) != who {
		return fmt.Errorf("use the token of a user: %w", ErrOtherHands)
	}
	return nil
}
