package inbox

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childMode makes the test binary do one of the jobs that need a process to
// itself, such as being killed.
const childMode = "AOFCTL_INBOX_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childMode) {
	case "append":
		os.Exit(appendForever(os.Getenv("DIR")))
	case "limit":
		os.Exit(fillLimitedFile(os.Getenv("DIR")))
	}
	goleak.VerifyTestMain(m)
}

// clock is a clock that tests set.
type clock struct{ ms atomic.Int64 }

func newClock(t time.Time) *clock {
	c := &clock{}
	c.set(t)
	return c
}

func (c *clock) set(t time.Time) { c.ms.Store(t.UnixMilli()) }

func (c *clock) now() time.Time { return time.UnixMilli(c.ms.Load()).UTC() }

// noise is entropy that is the same in every run.
type noise struct{}

func (noise) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i)
	}
	return len(p), nil
}

func open(t *testing.T, dir string, o Options) *Inbox {
	t.Helper()
	in, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	return in
}

func incoming(site, key, body string) Delivery {
	d := Delivery{Body: []byte(body), Headers: map[string]string{"Content-Type": "application/json"}}
	d.Source, d.Site, d.Key = "jira", site, key
	d.SignedBy = []string{"JIRA_WEBHOOK_SECRET"}
	return d
}

func mustAppend(t *testing.T, in *Inbox, d Delivery) Receipt {
	t.Helper()
	r, err := in.Append(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// appendSome stores n deliveries with keys k0, k1 and so on.
func appendSome(t *testing.T, in *Inbox, n int) []Receipt {
	t.Helper()
	var list []Receipt
	for i := range n {
		list = append(list, mustAppend(t, in, incoming("", fmt.Sprintf("k%d", i), fmt.Sprintf(`{"n":%d}`, i))))
	}
	return list
}

func pendingSeqs(t *testing.T, in *Inbox, after int64, limit int) []int64 {
	t.Helper()
	list, err := in.Pending(context.Background(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []int64
	for _, d := range list {
		seqs = append(seqs, d.Seq)
	}
	return seqs
}

// eventually calls f until it returns nil, and fails with its last error.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := f()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}
