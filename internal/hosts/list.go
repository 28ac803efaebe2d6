package hosts

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// maxURL bounds the addresses that are looked at, in bytes.
const maxURL = 8 << 10

// RefusedError says why an address may not be reached, in words for a model.
type RefusedError struct{ Reason string }

// Error returns the reason.
func (e *RefusedError) Error() string { return e.Reason }

func refuse(format string, args ...any) error {
	return &RefusedError{Reason: fmt.Sprintf(format, args...)}
}

// List is what may be reached.
type List []Host

// Check reads a URL and finds the entry that admits it. The URL that it returns
// is put together anew from what was checked, without user and fragment, so that
// nothing can read it in another way. The error is a *RefusedError.
func (l List) Check(raw string) (*url.URL, Host, error) {
	if len(raw) > maxURL {
		return nil, Host{}, refuse("the URL has %d bytes, at most %d are taken", len(raw), maxURL)
	}
	u, err := url.Parse(raw)
	if err != nil {
		var e *url.Error
		if errors.As(err, &e) {
			err = e.Err // which does not repeat the whole
		}
		return nil, Host{}, refuse("the URL cannot be read: %v", err)
	}
	clean, err := rebuild(u)
	if err != nil {
		return nil, Host{}, err
	}
	for _, h := range l {
		if h.admits(clean) {
			return clean, h, nil
		}
	}
	return nil, Host{}, refuse("%s is not among the hosts that may be reached: %s", clean.Scheme+"://"+clean.Host, l)
}

// String lists the entries.
func (l List) String() string {
	if len(l) == 0 {
		return "there are none"
	}
	names := make([]string, len(l))
	for i, h := range l {
		names[i] = h.String()
	}
	return strings.Join(names, ", ")
}

// rebuild takes from a URL what counts, in its usual form.
func rebuild(u *url.URL) (*url.URL, error) {
	scheme := strings.ToLower(u.Scheme)
	if scheme != "https" && scheme != "http" {
		return nil, refuse("the URL must begin with https://")
	}
	if u.User != nil {
		return nil, refuse("a URL with a user in it is not taken")
	}
	if u.Opaque != "" || u.Host == "" {
		return nil, refuse("the URL names no host")
	}
	name, port, err := split(u.Host)
	if err != nil {
		return nil, refuse("the host of the URL: %v", err)
	}
	if name, err = canonical(name); err != nil {
		return nil, refuse("the host of the URL: %v", err)
	}
	out := &url.URL{Scheme: scheme, Host: name, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	if out.Path == "" {
		out.Path = "/"
	}
	switch {
	case port != "" && port != defaultPort(scheme):
		out.Host = net.JoinHostPort(name, port)
	case strings.Contains(name, ":"):
		out.Host = "[" + name + "]"
	}
	return out, nil
}

// admits reports whether the entry allows a URL that was rebuilt. What may be
// reached without TLS at its usual port may be reached with it, too.
func (h Host) admits(u *url.URL) bool {
	if h.Scheme != u.Scheme && (h.Scheme != "http" || h.Port != "") {
		return false
	}
	if u.Port() != h.Port {
		return false
	}
	name := u.Hostname()
	below, wildcard := strings.CutPrefix(h.Name, "*")
	if !wildcard {
		return name == h.Name
	}
	return strings.HasSuffix(name, below) && len(name) > len(below)
}

// Names returns the entries as they are written, sorted.
func (l List) Names() []string {
	names := make([]string, len(l))
	for i, h := range l {
		names[i] = h.String()
	}
	slices.Sort(names)
	return names
}
