package inbox

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/leak"
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
	leak.Main(m)
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

// eventually calls f until it returns nil, and fails with its last error.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	deadline := time.Now().Add(2 * time.Minute)
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
