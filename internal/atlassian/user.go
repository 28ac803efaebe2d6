package atlassian

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// userCredentials are the tokens of a user, of which there are always newer ones:
// each request of the user's brings one.
type userCredentials func(ctx context.Context) (string, error)

// newUserCredentials refuses what could carry a user's token elsewhere than to
// Atlassian's gateway, which alone takes it.
func newUserCredentials(cfg Config, api *url.URL) (credentials, error) {
	switch {
	case cfg.Bearer == nil:
		return nil, errors.New("authenticate: auth type user needs a source of tokens")
	case cfg.CloudID == "":
		return nil, errors.New("authenticate: the tokens of users are only sent through the gateway: the cloud id is missing")
	case api.Scheme != "https" && !loopback(api.Hostname()):
		return nil, fmt.Errorf("authenticate: the tokens of users are not sent to %s without TLS", api.Host)
	}
	return userCredentials(cfg.Bearer), nil
}

// header implements credentials. Who is told the rejected one again knows that
// there is none that is newer.
func (u userCredentials) header(ctx context.Context, _ string) (string, error) {
	token, err := u(ctx)
	if err != nil {
		return "", err
	}
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", NoToken(errors.New("there is no token of the user that could be sent"))
	}
	return bearer + token, nil
}

func (userCredentials) close() {}
