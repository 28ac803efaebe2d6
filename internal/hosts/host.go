// Package hosts says which hosts outside the program may reach: it reads the
// entries of policy.allowed_hosts, and checks addresses against them, both the
// URLs that are asked for and the IP addresses that names lead to.
package hosts

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Host is one entry of the list.
type Host struct {
	// Scheme is "https" or "http".
	Scheme string
	// Name is in lower case and ASCII, without a dot at its end: a host name,
	// "*.example.com" for all names below example.com, or an IP address.
	Name string
	// Port is "" for the scheme's own.
	Port string
	// Private is true if the name may lead to an internal address.
	Private bool
}

// String is the entry as Parse reads it.
func (h Host) String() string {
	text := h.Name
	if strings.Contains(h.Name, ":") {
		text = "[" + h.Name + "]"
	}
	if h.Port != "" {
		text += ":" + h.Port
	}
	if h.Scheme == "http" {
		text = "http://" + text
	}
	return text
}

// Parse reads an entry: a host, host:port or *.domain, with http:// before it if
// it has no TLS; https:// may be left out. The name may be an internationalized
// one.
func Parse(text string) (Host, error) {
	h := Host{Scheme: "https"}
	rest := strings.TrimSpace(text)
	if scheme, after, found := strings.Cut(rest, "://"); found {
		h.Scheme, rest = strings.ToLower(scheme), strings.TrimSuffix(after, "/")
		if h.Scheme != "https" && h.Scheme != "http" {
			return Host{}, fmt.Errorf("%q: only https and http hosts can be reached", shorten(text))
		}
	}
	name, port, err := split(rest)
	if err != nil {
		return Host{}, fmt.Errorf("%q: %w", shorten(text), err)
	}
	below, wildcard := strings.CutPrefix(name, "*.")
	if h.Name, err = canonical(below); err != nil {
		return Host{}, fmt.Errorf("%q: %w", shorten(text), err)
	}
	if h.Port = port; port == defaultPort(h.Scheme) {
		h.Port = ""
	}
	if wildcard {
		if _, err := netip.ParseAddr(h.Name); err == nil || !strings.Contains(h.Name, ".") {
			return Host{}, fmt.Errorf("%q is too wide: name a domain, as in *.example.com", shorten(text))
		}
		h.Name = "*." + h.Name
	}
	return h, nil
}

// split takes host:port apart. A path, user or query has no place in it.
func split(text string) (name, port string, err error) {
	if text == "" || strings.ContainsAny(text, "/\\?#@ \t\r\n%") {
		return "", "", errors.New("expected a host such as api.example.com, example.com:8443 or *.example.com, without a path, user or query")
	}
	u := url.URL{Host: text}
	name, port = u.Hostname(), u.Port()
	if strings.HasPrefix(text, "[") != strings.Contains(name, ":") {
		return "", "", errors.New("an IPv6 address is written in brackets, as in [2001:db8::1]:8443")
	}
	if port == "" && strings.HasSuffix(text, ":") || port == "" && strings.Contains(strings.TrimPrefix(text, "["+name+"]"), ":") {
		return "", "", errors.New("the port is not a number")
	}
	return name, port, checkPort(port)
}

func checkPort(port string) error {
	if port == "" {
		return nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || port[0] == '0' {
		return errors.New("the port is not a number between 1 and 65535")
	}
	return nil
}

// canonical returns a host's name as it is compared: in ASCII and lower case and
// without a dot at its end, or as an IP address in its usual form. Spellings of
// addresses that only some programs understand, such as 0x7f.1, are refused.
func canonical(name string) (string, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		if addr.Zone() != "" || addr.Is4In6() {
			return "", errors.New("an address with a zone, or an IPv4 address within IPv6, is not taken")
		}
		return addr.String(), nil
	}
	ascii := strings.ToLower(strings.TrimSuffix(name, "."))
	if strings.Contains(ascii, "xn--") || strings.ContainsFunc(ascii, func(r rune) bool { return r > 0x7f }) {
		var err error
		if ascii, err = idna.Lookup.ToASCII(ascii); err != nil {
			return "", errors.New("it is not the name of a host")
		}
	}
	labels := strings.Split(ascii, ".")
	for _, label := range labels {
		if !isLabel(label) {
			return "", errors.New("it is not the name of a host")
		}
	}
	// https://url.spec.whatwg.org/#ends-in-a-number-checker
	if last := labels[len(labels)-1]; isNumeric(last) {
		return "", errors.New("it is neither a name nor an IP address in the usual form")
	}
	if len(ascii) > 253 {
		return "", errors.New("the name is too long")
	}
	return strings.Join(labels, "."), nil
}

func isLabel(s string) bool {
	odd := func(r rune) bool { return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }
	return s != "" && len(s) <= 63 && !strings.ContainsFunc(s, odd)
}

func isNumeric(label string) bool {
	if strings.Trim(label, "0123456789") == "" {
		return true
	}
	hex, ok := strings.CutPrefix(label, "0x")
	return ok && strings.Trim(hex, "0123456789abcdef") == ""
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

func shorten(s string) string {
	const most = 100
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
