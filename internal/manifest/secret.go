package manifest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// ErrNoSource is returned when a secret is resolved that names no source.
var ErrNoSource = errors.New("no source is given")

// Resolve returns the secret's value. Env looks up environment variables and
// readFile reads files; a line break at a file's end is not part of the secret.
// The error names a variable that is unset or empty, and never the value.
func (s Secret) Resolve(env func(string) (string, bool), readFile func(string) ([]byte, error)) (string, error) {
	switch {
	case s.Env != "":
		value, _ := env(s.Env)
		if value == "" {
			return "", fmt.Errorf("environment variable %s is not set", s.Env)
		}
		return value, nil
	case s.File != "":
		content, err := readFile(s.File)
		if err != nil {
			return "", fmt.Errorf("read secret: %w", err)
		}
		value := strings.TrimRight(string(content), "\r\n")
		if value == "" {
			return "", fmt.Errorf("secret file %s is empty", s.File)
		}
		return value, nil
	case s.Value != "":
		return s.Value, nil
	}
	return "", ErrNoSource
}

// String says where the secret is from, and never what it is.
func (s Secret) String() string {
	switch {
	case s.Env != "":
		return "environment variable " + s.Env
	case s.File != "":
		return "file " + s.File
	case s.Value != "":
		return "an inline value"
	}
	return "nowhere"
}

// GoString keeps the value out of %#v too.
func (s Secret) GoString() string { return "manifest.Secret(" + s.String() + ")" }

// neededSecret is a secret that the daemon needs, and the field that names it.
type neededSecret struct {
	Secret
	field    string
	at       pos
	severity Severity
}

// MissingSecrets returns a problem for each environment variable that the
// configuration names and that is unset or empty, all at once, each where it is
// named. Those of model providers are warnings: only the agents that use the
// provider need them.
func (d *Daemon) MissingSecrets(env func(string) (string, bool)) Problems {
	r := report{path: d.path}
	for _, s := range d.secrets {
		if s.Env == "" {
			continue
		}
		if value, _ := env(s.Env); value == "" {
			r.add(s.severity, s.at, "environment variable %s is not set (%s)", s.Env, s.field)
		}
	}
	return r.problems.sorted()
}

// secretForms are the three ways to say where a secret is from.
type secretForms struct {
	name   string
	inline unexpanded
	env    str
	file   str
	// plain is true for what is no secret, such as an e-mail address, and may
	// stand in the manifest.
	plain bool
}

// secret returns where the secret is from; zero if no form is given.
func (l *daemonLoader) secret(f secretForms) Secret {
	given := 0
	for _, set := range []bool{f.inline.node != nil, f.env.set, f.file.set} {
		if set {
			given++
		}
	}
	if given > 1 {
		l.errorf(latest(f.inline.pos, f.env.pos, f.file.pos), "give one of %s, %s_env and %s_file", f.name, f.name, f.name)
		return Secret{}
	}
	switch {
	case f.env.set:
		l.checkEnvName(f.env, f.name+"_env")
		return l.need(Secret{Env: f.env.value}, f.name+"_env", f.env.pos)
	case f.file.set && f.file.value == "":
		l.errorf(f.file.pos, "%s_file is empty", f.name)
	case f.file.set:
		return l.need(Secret{File: l.relative(f.file.value)}, f.name+"_file", f.file.pos)
	case f.inline.node != nil:
		return l.inlineSecret(f)
	}
	return Secret{}
}

func (l *daemonLoader) inlineSecret(f secretForms) Secret {
	text := f.inline.node.Value
	if name := soleVariable(text); name != "" {
		return l.need(Secret{Env: name}, f.name, f.inline.pos)
	}
	if !f.plain && !variable.MatchString(text) {
		l.errorf(f.inline.pos, "a secret does not belong in a file that is shared: name its environment variable in %s_env, or its file in %s_file", f.name, f.name)
		return Secret{}
	}
	value := l.expand(f.inline.node)
	if value == "" {
		l.errorf(f.inline.pos, "%s is empty", f.name)
	}
	return Secret{Value: value}
}

func (l *daemonLoader) need(s Secret, field string, at pos) Secret {
	l.daemon.secrets = append(l.daemon.secrets, neededSecret{Secret: s, field: field, at: at, severity: l.severity})
	return s
}

// checkEnvName catches secrets that are pasted where a variable's name belongs.
// It does not repeat them.
func (d *decoder) checkEnvName(s str, field string) {
	if s.set && !environmentName.MatchString(s.value) {
		d.errorf(s.pos, "%s takes the name of an environment variable (letters, digits and underscores), not the secret itself", field)
	}
}

// relative makes a path relative to the file in which it stands.
func (l *daemonLoader) relative(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(l.path), path)
}

// latest returns the last of some positions.
func latest(positions ...pos) pos {
	var last pos
	for _, p := range positions {
		if p.line > last.line || p.line == last.line && p.col > last.col {
			last = p
		}
	}
	return last
}
