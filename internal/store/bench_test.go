package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/step"
)

// benchEach runs the benchmark on each kind of database.
func benchEach(b *testing.B, bench func(b *testing.B, s *Store)) {
	b.Run("sqlite", func(b *testing.B) { bench(b, sqliteDatabase(b).store(b, nil)) })
	b.Run("postgres", func(b *testing.B) { bench(b, postgresDatabase(b).store(b, nil)) })
}

// BenchmarkClaimAndFinish takes a run from its admission to its end while others
// are queued.
func BenchmarkClaimAndFinish(b *testing.B) {
	for _, waiting := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d queued", waiting), func(b *testing.B) {
			benchEach(b, func(b *testing.B, s *Store) { claimAndFinish(b, s, waiting) })
		})
	}
}

// BenchmarkClaimAndFinishOfOneSubject does the same where all that is queued is of
// one subject.
func BenchmarkClaimAndFinishOfOneSubject(b *testing.B) {
	for _, waiting := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("%d queued", waiting), func(b *testing.B) {
			benchEach(b, func(b *testing.B, s *Store) {
				ids := make([]string, waiting)
				for i := range ids {
					ids[i] = fmt.Sprint("r", i)
				}
				admit(b, s, "issue:1", ids...)
				extra := waiting
				for b.Loop() {
					finish(b, s, claimed(b, s, 1)[0])
					extra++
					admit(b, s, "issue:1", fmt.Sprint("r", extra))
				}
			})
		})
	}
}

func claimAndFinish(b *testing.B, s *Store, waiting int) {
	for start := 0; start < waiting; start += 1000 {
		var runs []Run
		for i := start; i < min(start+1000, waiting); i++ {
			r := queuedRun(fmt.Sprint("r", i), fmt.Sprint("issue:", i%(waiting/2)))
			r.Project = fmt.Sprint("P", i%50)
			runs = append(runs, r)
		}
		admitRuns(b, s, runs...)
	}
	extra := waiting
	for b.Loop() {
		got := claimed(b, s, 1)
		if len(got) != 1 {
			b.Fatal(got)
		}
		finish(b, s, got[0])
		extra++
		admit(b, s, fmt.Sprint("issue:", extra), fmt.Sprint("r", extra))
	}
}

// BenchmarkRecord records steps of some size, by one run and by many at a time,
// who share commits.
func BenchmarkRecord(b *testing.B) {
	for _, runs := range []int{1, 64} {
		b.Run(fmt.Sprintf("%d runs", runs), func(b *testing.B) {
			benchEach(b, func(b *testing.B, s *Store) { recordAtOnce(b, s, runs) })
		})
	}
}

func recordAtOnce(b *testing.B, s *Store, runs int) {
	var all []Run
	for i := range runs {
		all = append(all, queuedRun(fmt.Sprint("r", i), fmt.Sprint("issue:", i)))
	}
	admitRuns(b, s, all...)
	work, done := make(chan struct{}), make(chan error, runs)
	for _, c := range claimed(b, s, runs) {
		go func() {
			var err error
			e := step.Entry{Kind: step.KindModel, Name: "ask", Output: []byte(`"` + strings.Repeat("x", 1000) + `"`)}
			for range work {
				if err == nil {
					err = put(s, c, Record{Entry: e, Asked: e.Name})
				}
				e.Index++
			}
			done <- err
		}()
	}
	for b.Loop() {
		work <- struct{}{}
	}
	close(work)
	for range runs {
		must(b, <-done)
	}
}
