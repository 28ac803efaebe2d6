package jira_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/aofctl/aofctl/internal/event/jira"
)

// BenchmarkNormalize reads a new issue of some 10 kB and a comment of 2 kB as Cloud
// sends them, and an update of Data Center's.
func BenchmarkNormalize(b *testing.B) {
	for _, name := range []string{"cloud_issue_created", "cloud_comment_created", "server_issue_commented"} {
		b.Run(name, func(b *testing.B) {
			var compact bytes.Buffer
			if err := json.Compact(&compact, read(b, name+".json")); err != nil {
				b.Fatal(err)
			}
			body := compact.Bytes()
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := jira.Normalize(body, jira.Options{BaseURL: "https://x.net"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkNormalizeCorpus reads the captured payloads, one after the other.
func BenchmarkNormalizeCorpus(b *testing.B) {
	bodies := corpus(b)
	total := 0
	for _, body := range bodies {
		total += len(body)
	}
	b.SetBytes(int64(total))
	b.ReportAllocs()
	for b.Loop() {
		for _, body := range bodies {
			_, _ = jira.Normalize(body, jira.Options{})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(bodies)), "µs/payload")
}
