package inboxtest

import (
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// BenchmarkAppend measures storing deliveries of ten kilobytes, as many at once
// as there are connections of a busy sender.
func BenchmarkAppend(b *testing.B, p Place) {
	in := open(b, p, Settings{})
	body := `{"description":"` + strings.Repeat("The login fails after the upgrade. ", 300) + `"}`
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := in.Append(b.Context(), Incoming("", strconv.FormatInt(n.Add(1), 10), body)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
