package a2a

import (
	"testing"
	"time"
)

func TestACursorIsReadAsItWasWritten(t *testing.T) {
	for _, c := range []Cursor{
		{}, {Time: time.Unix(0, 0).UTC(), ID: "a"}, {Time: time.Unix(1763716800, 123456789).UTC(), ID: "x.y z"},
		{Time: time.Date(1960, 1, 1, 0, 0, 0, 1, time.UTC), ID: "before"},
	} {
		got, err := ParseCursor(c.String())
		if err != nil || got != c {
			t.Errorf("%v became %v: %v", c, got, err)
		}
	}
}

func TestATokenOfSomebodyElseIsRefused(t *testing.T) {
	for _, s := range []string{"!", "YQ", "YS4", "Li4", "YQ==", "3", "LmE", "MC4A", "MC7_"} {
		if c, err := ParseCursor(s); err == nil {
			t.Errorf("%q was taken as %v", s, c)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(Cursor{Time: time.Unix(1763716800, 5), ID: "909aef32"}.String())
	f.Add("Li4")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCursor(s)
		if err != nil {
			return
		}
		again, err := ParseCursor(c.String())
		if err != nil || again != c {
			t.Errorf("%q is %v, written again %v: %v", s, c, again, err)
		}
	})
}
