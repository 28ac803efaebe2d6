package app

import (
	"errors"
	"net/url"
	"os"
	"strings"

	"github.com/aofctl/aofctl/internal/manifest"
)

// secretStore resolves secrets and remembers their values, so that the logger
// and the policy can keep them from leaving.
type secretStore struct {
	env    func(string) (string, bool)
	values []string
	errs   []error
}

// value resolves a secret; one that cannot be resolved is remembered as an error.
func (s *secretStore) value(secret manifest.Secret) string {
	if secret.IsZero() {
		return ""
	}
	value, err := secret.Resolve(s.env, os.ReadFile)
	if err != nil {
		s.errs = append(s.errs, err)
		return ""
	}
	s.values = append(s.values, value)
	return value
}

// optional resolves a secret that may be left unset.
func (s *secretStore) optional(secret manifest.Secret) string {
	if secret.Env != "" {
		if value, ok := s.env(secret.Env); !ok || value == "" {
			return ""
		}
	}
	return s.value(secret)
}

// plain resolves what is kept beside secrets but is none, such as an e-mail
// address: it may be logged and written.
func (s *secretStore) plain(secret manifest.Secret) string {
	if secret.IsZero() {
		return ""
	}
	value, err := secret.Resolve(s.env, os.ReadFile)
	if err != nil {
		s.errs = append(s.errs, err)
	}
	return value
}

// address is one that may have a password in it, which is remembered.
func (s *secretStore) address(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.User != nil {
		if password, ok := u.User.Password(); ok && password != "" {
			s.values = append(s.values, password)
		}
	}
	return raw
}

// key looks up a variable for a model provider. Those that hold keys are
// remembered as secrets.
func (s *secretStore) key(name string) string {
	value, _ := s.env(name)
	if value != "" && (strings.HasSuffix(name, "_KEY") || strings.HasSuffix(name, "_TOKEN")) {
		s.values = append(s.values, value)
	}
	return value
}

func (s *secretStore) err() error { return errors.Join(s.errs...) }

// secretName is how a secret is spoken of.
func secretName(s manifest.Secret) string {
	switch {
	case s.Env != "":
		return s.Env
	case s.File != "":
		return s.File
	default:
		return "(inline)"
	}
}
