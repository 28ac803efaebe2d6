package inbox

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	in, err := Open(context.Background(), b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	body := `{"description":"` + strings.Repeat("The login fails after the upgrade. ", 300) + `"}`
	var n atomic.Int64
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := in.Append(context.Background(), incoming("", fmt.Sprint(n.Add(1)), body)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
