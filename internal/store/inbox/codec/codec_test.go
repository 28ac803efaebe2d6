package codec

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPayloadIsReadBackAsItWas(t *testing.T) {
	var p Packer
	for _, headers := range []map[string]string{{}, {"Content-Type": "application/json"}, {"X": "a\nb\"", "Y": ""}} {
		for _, body := range []string{"", "{}", strings.Repeat("x", 1<<20), "\x00\xff"} {
			text, err := PackHeaders(headers)
			if err != nil {
				t.Fatal(err)
			}
			h, b, err := Unpack(text, p.Pack([]byte(body)))
			if err != nil || b == nil || string(b) != body {
				t.Errorf("body of %d bytes, want %d, %v", len(b), len(body), err)
			}
			if diff := cmp.Diff(headers, h); diff != "" {
				t.Error(diff)
			}
		}
	}
}

func TestRecycledBlockIsUsedAgain(t *testing.T) {
	var p Packer
	for range 100 {
		block := p.Pack([]byte(strings.Repeat("abc", 100)))
		_, body, err := Unpack("{}", block)
		if err != nil || len(body) != 300 {
			t.Fatalf("%d bytes, %v", len(body), err)
		}
		p.Recycle(block)
		p.Recycle(make([]byte, maxPooled+1))
	}
}

func TestDamagedPayloadIsAnError(t *testing.T) {
	var p Packer
	whole := p.Pack([]byte("{}"))
	for _, tt := range []struct {
		headers string
		block   []byte
	}{
		{"", whole},
		{"[]", whole},
		{"{}", nil},
		{"{}", whole[:len(whole)-1]},
		{"{}", []byte("\xff\xff\xff\xff\x7f")}, // announces more than there may be
	} {
		if h, b, err := Unpack(tt.headers, tt.block); err == nil || h != nil || b != nil {
			t.Errorf("%q, %q: %v, %q, %v", tt.headers, tt.block, h, b, err)
		}
	}
}

func TestHashTellsTriplesApart(t *testing.T) {
	seen := map[[HashSize]byte][3]string{}
	for _, tr := range [][3]string{{"", "", ""}, {"a", "", ""}, {"", "a", ""}, {"", "", "a"}, {"ab", "c", ""}, {"a", "bc", ""}, {"a", "b", "c"},
		{"\x01a", "", ""}, {strings.Repeat("a", 300), "", ""}, {"", strings.Repeat("a", 300), ""}} {
		h := Hash(tr[0], tr[1], tr[2])
		if other, ok := seen[h]; ok {
			t.Errorf("%q and %q have one hash", tr, other)
		}
		seen[h] = tr
	}
}

func TestNamesAreReadBack(t *testing.T) {
	for _, names := range [][]string{nil, {"A"}, {"A", "B"}} {
		if diff := cmp.Diff(names, UnpackNames(PackNames(names))); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	var p Packer
	f.Add([]byte("{}"))
	f.Add(p.Pack([]byte(`{"a":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		block := p.Pack(data)
		_, got, err := Unpack("{}", block)
		if err != nil || string(got) != string(data) {
			t.Fatalf("got %q, %v", got, err)
		}
		p.Recycle(block)
		// A damaged block gives an error or something, but no panic.
		_, _, _ = Unpack("{}", data)
		_, _, _ = Unpack(string(data), block)
	})
}
