package memory

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Kind is a form of memory.
type Kind string

// The forms.
const (
	// InMemory lasts as long as the process.
	InMemory Kind = "InMemory"
	// File is a file of JSON.
	File Kind = "File"
	// Database is the daemon's own storage; in manifests it is called Store.
	Database Kind = "Store"
)

const (
	// DefaultEntries is how many entries a scope keeps where nothing is said.
	DefaultEntries = 1000
	// MaxEntries is the most that may be asked for.
	MaxEntries = 10000
)

// Config is what an agent's manifest says about its memory.
type Config struct {
	Kind Kind
	// Path is of the form File, as it is written.
	Path string
	// Entries is how many each scope keeps.
	Entries int
}

// IsZero reports whether there is no memory.
func (c Config) IsZero() bool { return c == Config{} }

// String is the text that Parse reads; "" for no memory.
func (c Config) String() string {
	switch c.Kind {
	case "":
		return ""
	case File:
		return fmt.Sprintf("%s:%s:%d", c.Kind, c.Path, c.Entries)
	case InMemory, Database:
	}
	return fmt.Sprintf("%s:%d", c.Kind, c.Entries)
}

// Parse reads "InMemory[:N]", "File:path[:N]" or "Store[:N]", in any case.
func Parse(text string) (Config, error) {
	name, rest, _ := strings.Cut(strings.TrimSpace(text), ":")
	switch strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(strings.TrimSpace(name))) {
	case "inmemory":
		return counted(InMemory, rest)
	case "store":
		return counted(Database, rest)
	case "file":
		path, entries := strings.TrimSpace(rest), ""
		if i := strings.LastIndexByte(path, ':'); i >= 0 && isNumber(path[i+1:]) {
			path, entries = path[:i], path[i+1:]
		}
		c, err := counted(File, entries)
		if err != nil {
			return Config{}, err
		}
		c.Path = path
		return c, CheckPath(path)
	}
	return Config{}, fmt.Errorf("memory is InMemory, File:path or Store, each with :N for the number of entries, found %q", shorten(text))
}

func counted(kind Kind, entries string) (Config, error) {
	c := Config{Kind: kind, Entries: DefaultEntries}
	if entries == "" {
		return c, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(entries))
	if err != nil {
		return Config{}, fmt.Errorf("memory %s takes a number of entries, as in %s:500, found %q", kind, kind, shorten(entries))
	}
	c.Entries = n
	return c, CheckEntries(n)
}

// CheckEntries reports a number of entries that cannot be kept.
func CheckEntries(n int) error {
	if n < 1 || n > MaxEntries {
		return fmt.Errorf("a memory keeps between 1 and %d entries", MaxEntries)
	}
	return nil
}

// CheckPath reports a path that no memory may be kept at. What is relative is
// relative to daemon.yaml, and stays below its directory.
func CheckPath(path string) error {
	switch {
	case path == "":
		return errors.New("memory File names no file: write File:./memory.json")
	case strings.HasSuffix(path, "/") || filepath.Base(path) == "." || filepath.Base(path) == "..":
		return fmt.Errorf("memory file %q is a directory", shorten(path))
	case strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return fmt.Errorf("memory file %q has control characters in its name", shorten(path))
	case !filepath.IsAbs(path) && !filepath.IsLocal(path):
		return fmt.Errorf("memory file %q leaves the directory of daemon.yaml: a file elsewhere needs an absolute path", shorten(path))
	}
	return nil
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" || strings.HasPrefix(s, "-") && isNumber(s[1:])
}

func shorten(s string) string {
	const most = 80
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
