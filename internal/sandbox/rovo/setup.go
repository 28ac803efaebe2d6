package rovo

import (
	"context"
	"fmt"
	"net/http"
)

// The pages of the app, by what they ask of the remote.
const (
	configPath  = "/atlassian/config"
	accountPath = "/atlassian/account"
)

// Configure saves the settings page of the app as an administrator; nil saves it as
// it comes up at first. What the page refuses is an error.
func (t *Tenant) Configure(ctx context.Context, settings any) error {
	if settings == nil {
		settings = map[string]any{}
	}
	return t.User(t.admin()).save(ctx, ConfigEndpoint, configPath, settings)
}

// Connect confirms on the personal page of the app who the person is for the
// operator of the agents.
func (u *User) Connect(ctx context.Context, name string) error {
	return u.save(ctx, AccountEndpoint, accountPath, map[string]string{"name": name})
}

// Disconnect takes Connect back.
func (u *User) Disconnect(ctx context.Context) error {
	return u.pressed(u.Invoke(ctx, AccountEndpoint, http.MethodDelete, accountPath, nil))
}

// Setup installs the app on the site and configures it: all that there has to be
// before people can work with its agents. The remote is told once: somebody waits.
func (t *Tenant) Setup(ctx context.Context) error {
	t.renew()
	if _, err := t.deliver(ctx, InstalledEndpoint, installedPath, t.installed(), 1); err != nil {
		return err
	}
	return t.Configure(ctx, nil)
}

func (u *User) save(ctx context.Context, endpoint, path string, body any) error {
	return u.pressed(u.Invoke(ctx, endpoint, http.MethodPut, path, body))
}

// pressed is what a page tells after a button was pressed.
func (u *User) pressed(status int, answer []byte, err error) error {
	if err == nil && (status < 200 || status > 299) {
		err = fmt.Errorf("status %d %s", status, cut(string(answer)))
	}
	if err != nil {
		return fmt.Errorf("save page of the app: %w", err)
	}
	return nil
}
