//go:build !unix

package pgserver

import (
	"errors"
	"os/exec"
)

// account stands in for the user that a server would run as.
type account struct{}

func unprivileged() (account, error) {
	return account{}, errors.New("a private PostgreSQL server needs a Unix system")
}

func (account) own(string) error { return nil }
func (account) apply(*exec.Cmd)  {}
func detach(*exec.Cmd)           {}
