package telemetry

import (
	"bytes"
	"io"
	"slices"
)

// minSecret is the length below which a value is too common to be looked for.
const minSecret = 8

// redacted stands in place of a secret.
const redacted = "[redacted]"

// Redact returns a writer that replaces the secrets in what is written to out,
// whole lines at a time. It is a last resort: nothing should log a secret.
func Redact(out io.Writer, secrets []string) io.Writer {
	r := &redactor{out: out}
	for _, s := range secrets {
		if len(s) >= minSecret {
			r.secrets = append(r.secrets, []byte(s))
		}
	}
	// The longest first, so that a secret that contains another is replaced whole.
	slices.SortFunc(r.secrets, func(a, b []byte) int { return len(b) - len(a) })
	return r
}

type redactor struct {
	out     io.Writer
	secrets [][]byte
}

// Write implements io.Writer; zerolog hands it one line at a time.
func (r *redactor) Write(line []byte) (int, error) {
	clean := line
	for _, s := range r.secrets {
		if bytes.Contains(clean, s) {
			clean = bytes.ReplaceAll(clean, s, []byte(redacted))
		}
	}
	if _, err := r.out.Write(clean); err != nil {
		return 0, err
	}
	return len(line), nil
}
