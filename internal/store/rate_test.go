package store

import (
	"testing"
	"time"
)

func TestCommentsOfTheLastHourAreCountedOverAllRuns(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		clk := newClock()
		s := d.store(t, clk.now)
		do := func(id, kind, target string) {
			t.Helper()
			if _, err := s.Begin(t.Context(), id, kind, target); err != nil {
				t.Fatal(err)
			}
		}
		do("old:1", "comment", "P-1")
		clk.add(50 * time.Minute)
		do("a:1", "comment", "P-1")
		do("a:2", "update comment", "P-1")
		do("a:3", "update", "P-1")
		do("b:1", "comment", "P-2")
		do("b:2", "github comment", "acme/shop#7")
		clk.add(20 * time.Minute)
		for _, tt := range []struct {
			issue, id string
			want      int
		}{{"P-1", "c:1", 2}, {"P-1", "a:2", 0}, {"P-2", "c:1", 1}, {"P-3", "c:1", 0}, {"acme/shop#7", "c:1", 1}} {
			if n, err := s.Comments(t.Context(), "site", tt.issue, tt.id, time.Hour); err != nil || n != tt.want {
				t.Errorf("%s for %s: %d, %v; want %d", tt.issue, tt.id, n, err, tt.want)
			}
		}
		must(t, s.Close())
	})
}
