package memory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	formatName    = "aofctl-memory"
	formatVersion = 1
)

// document is the file's JSON. People read and edit it.
type document struct {
	Format  string          `json:"format"`
	Version int             `json:"version"`
	Scopes  []documentScope `json:"scopes"`
	// Recent lets a change that is tried again after a crash be known.
	Recent []documentChange `json:"recent,omitempty"`
}

type documentScope struct {
	Site    string `json:"site"`
	Project string `json:"project"`
	Agent   string `json:"agent"`
	// Installation and Account are there if it is a user's.
	Installation string          `json:"installation,omitempty"`
	Account      string          `json:"account,omitempty"`
	Entries      []documentEntry `json:"entries"`
}

func (s documentScope) names() []string {
	return []string{s.Site, s.Project, s.Agent, s.Installation, s.Account}
}

type documentEntry struct {
	Key     string     `json:"key"`
	Value   string     `json:"value"`
	Updated time.Time  `json:"updated"`
	Expires *time.Time `json:"expires,omitempty"`
}

type documentChange struct {
	ID      string  `json:"id"`
	Outcome Outcome `json:"outcome"`
}

// errBroken says that a text was a memory once, as far as it can be told, and
// cannot be read now; errForeign that it is something else, or of a newer version.
var (
	errBroken  = errors.New("it is damaged")
	errForeign = errors.New("it is not a memory that this version can read, and is left as it is")
)

// decode reads a file's text. An empty one is an empty memory.
func decode(text []byte) (*book, error) {
	trimmed := bytes.TrimSpace(text)
	if len(trimmed) == 0 {
		return newBook(), nil
	}
	if trimmed[0] != '{' && strings.Trim(string(trimmed), "\x00") != "" {
		return nil, fmt.Errorf("%w: it does not begin with {", errForeign)
	}
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if err := json.Unmarshal(trimmed, &head); err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	if head.Format != formatName || head.Version != formatVersion {
		return nil, fmt.Errorf("%w: it says format %q and version %d, not %q and %d",
			errForeign, shorten(head.Format), head.Version, formatName, formatVersion)
	}
	var d document
	decoder := json.NewDecoder(bytes.NewReader(trimmed))
	decoder.DisallowUnknownFields() // they would be lost at the next change
	if err := decoder.Decode(&d); err != nil {
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows its end", errBroken)
	}
	return d.book()
}

func (d document) book() (*book, error) {
	b := newBook()
	for _, s := range d.Scopes {
		scope, err := NewScope(s.Site, s.Project, s.Agent)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errBroken, err)
		}
		if s.Installation != "" || s.Account != "" {
			if scope, err = scope.Of(s.Installation, s.Account); err != nil {
				return nil, fmt.Errorf("%w: %w", errBroken, err)
			}
		}
		if b.scopes[scope] == nil {
			b.scopes[scope] = map[string]Entry{}
		}
		for _, e := range s.Entries {
			if e.Key == "" {
				return nil, fmt.Errorf("%w: an entry has no key", errBroken)
			}
			entry := Entry{Key: e.Key, Value: e.Value, Updated: e.Updated}
			if e.Expires != nil {
				entry.Expires = *e.Expires
			}
			b.scopes[scope][e.Key] = entry
		}
	}
	for _, c := range d.Recent {
		b.remember(applied(c))
	}
	return b, nil
}

// encode writes the file's text, always in the same order.
func (b *book) encode() ([]byte, error) {
	d := document{Format: formatName, Version: formatVersion, Scopes: []documentScope{}}
	for scope := range b.scopes {
		d.Scopes = append(d.Scopes, documentScope{Site: scope.Site, Project: scope.Project, Agent: scope.Agent,
			Installation: scope.Installation, Account: scope.Account, Entries: b.entries(scope)})
	}
	slices.SortFunc(d.Scopes, func(x, y documentScope) int {
		return slices.Compare(x.names(), y.names())
	})
	for _, a := range b.recent {
		if a.ID != "" {
			d.Recent = append(d.Recent, documentChange(a))
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("encode memory: %w", err)
	}
	return out.Bytes(), nil
}

func (b *book) entries(scope Scope) []documentEntry {
	list := []documentEntry{}
	for _, e := range b.scopes[scope] {
		entry := documentEntry{Key: e.Key, Value: e.Value, Updated: e.Updated.UTC()}
		if !e.Expires.IsZero() {
			expires := e.Expires.UTC()
			entry.Expires = &expires
		}
		list = append(list, entry)
	}
	slices.SortFunc(list, func(x, y documentEntry) int { return strings.Compare(x.Key, y.Key) })
	return list
}
