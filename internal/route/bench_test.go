package route_test

import (
	"fmt"
	"testing"

	"github.com/aofctl/aofctl/internal/event"
	"github.com/aofctl/aofctl/internal/manifest"
	"github.com/aofctl/aofctl/internal/route"
)

// benchmarkDecide routes events that a trigger takes after two others refused,
// that carry a command, and that no trigger takes.
func benchmarkDecide(b *testing.B, n int) {
	tb := manyTriggers(n)
	stranger := created()
	stranger.Project, stranger.IssueKey = "NOBODY", "NOBODY-1"
	for _, bench := range []struct {
		name string
		ev   *event.Event
	}{
		{"default", created()},
		{"command", commented("Please have a look.\n\n/review security of the login depth=2\nit broke on Monday")},
		{"unhandled", stranger},
	} {
		b.Run(bench.name, func(b *testing.B) {
			in := route.Input{BotName: "aofbot", Self: route.Identity{AccountIDs: []string{"bot"}}}
			b.ReportAllocs()
			for b.Loop() {
				tb.Decide(bench.ev, in)
			}
		})
	}
}

func BenchmarkDecide10(b *testing.B)    { benchmarkDecide(b, 10) }
func BenchmarkDecide10000(b *testing.B) { benchmarkDecide(b, 10_000) }

// BenchmarkDecideOpen10000 has no project to go by: every trigger wants every
// project, and the first one takes the event.
func BenchmarkDecideOpen10000(b *testing.B) {
	triggers := make([]*manifest.Trigger, 10_000)
	for i := range triggers {
		triggers[i] = trigger(fmt.Sprint("t", i), events("issue_*"))
	}
	tb, ev := table(triggers...), created()
	b.ReportAllocs()
	for b.Loop() {
		tb.Decide(ev, route.Input{})
	}
}

func BenchmarkNew10000(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		manyTriggers(10_000)
	}
}
