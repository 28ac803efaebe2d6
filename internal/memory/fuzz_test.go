package memory

import (
	"testing"
	"time"
)

// FuzzDecode reads any text; what is read is written and read again.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "\x00\x00", `{"format":"aofctl-memory","version":1}`, `{"format":"aofctl-memory","version":1,"scopes":null,"recent":[{"id":"r:1","outcome":{"entries":1}}]}`,
		`{"format":"aofctl-memory","version":1,"scopes":[{"site":"","project":"P","agent":"a","entries":[{"key":"k","value":"v","updated":"2026-01-31T12:00:00Z","expires":"2026-01-31T12:00:00Z"}]}]}`,
		`{"format":"aofctl-memory","version":1,"scopes":[{"project":"p"},{"project":"P","entries":[{"key":"k","value":"\ud800"}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := decode(text)
		if err != nil {
			return
		}
		again, err := b.encode()
		if err != nil {
			t.Skip() // a year that JSON cannot have
		}
		c, err := decode(again)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, again)
		}
		for scope, entries := range b.scopes {
			if len(c.scopes[scope]) != len(entries) {
				t.Fatalf("scope %+v lost entries", scope)
			}
		}
	})
}

// FuzzScopesStayApart writes for two projects and looks for what is the other's,
// also in what the file holds.
func FuzzScopesStayApart(f *testing.F) {
	for _, seed := range [][2]string{{"PROJ", "OTHER"}, {"", "PROJ"}, {"a", "A"}, {"\xff", "\xfe"}, {"A\x00", "A"}, {"PROJı", "PROJI"}, {"A\",\"agent", "A"}, {"%", "_"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		a, errA := NewScope("", one, "agent")
		b, errB := NewScope("", other, "agent")
		if errA != nil || errB != nil || upper(one) == upper(other) {
			t.Skip()
		}
		written := newBook()
		written.change(a, Change{ID: "r:1", Key: "k", Value: "of a"}, time.Now())
		text, err := written.encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := decode(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, book := range []*book{written, read} {
			if e, err := book.get(a, "k", time.Now()); err != nil || e.Value != "of a" {
				t.Fatalf("%q lost its entry: %v", one, err)
			}
			if e, err := book.get(b, "k", time.Now()); err == nil {
				t.Fatalf("%q sees %q of %q", other, e.Value, one)
			}
		}
	})
}
