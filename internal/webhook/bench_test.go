package webhook

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// nowhere accepts everything and keeps nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, inbox.Delivery) (inbox.Receipt, error) {
	return inbox.Receipt{ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV"}, nil
}

// BenchmarkHandler measures the handler without network and disk. The whole
// way, beside its floor, is measured by the command in the directory benchmark.
func BenchmarkHandler(b *testing.B) {
	benchmark(b, nowhere{})
}

// BenchmarkHandlerWithInbox adds the disk; the number of parallel senders is
// that of -cpu times 32.
func BenchmarkHandlerWithInbox(b *testing.B) {
	in, err := inbox.Open(context.Background(), b.TempDir(), inbox.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	benchmark(b, in)
}

func benchmark(b *testing.B, in Appender) {
	h := handler(b, in, Options{})
	body := `{"webhookEvent":"jira:issue_created","issue":{"fields":{"description":"` + strings.Repeat("The login fails after the upgrade. ", 300) + `"}}}`
	signature := sign(secretA, body)
	var n atomic.Int64
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w := do(h, request("/webhook/jira", body, "X-Hub-Signature", signature, "X-Atlassian-Webhook-Identifier", fmt.Sprint(n.Add(1))))
			if w.Code != http.StatusOK {
				b.Errorf("status %d", w.Code)
				return
			}
		}
	})
}
