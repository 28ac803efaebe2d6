package inbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/store/sqlite"
)

// execSQL runs SQL on the writer's connection.
func execSQL(t *testing.T, in *Inbox, query string) {
	t.Helper()
	err := in.queue.change(context.Background(), func(ctx context.Context, s *session) error {
		_, err := s.conn.ExecContext(ctx, query)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriteErrorFailsTheWholeBatchAndRecovers(t *testing.T) {
	for _, fault := range []string{"PRAGMA max_page_count = 1", "PRAGMA query_only = 1"} {
		t.Run(fault, func(t *testing.T) {
			in := open(t, t.TempDir(), Options{Probe: time.Millisecond})
			before := mustAppend(t, in, incoming("", "before", "{}"))
			execSQL(t, in, fault)
			if _, err := in.Append(context.Background(), incoming("", "k", random(100_000, 1))); !errors.Is(err, ErrUnavailable) {
				t.Fatalf("append: %v", err)
			}
			eventually(t, in.Healthy)
			r := mustAppend(t, in, incoming("", "k", random(100_000, 1)))
			if r.Duplicate || r.Seq <= before.Seq {
				t.Errorf("receipt %+v after %+v", r, before)
			}
			if _, err := in.Get(context.Background(), before.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// breakFile makes opening the database fail until the returned function puts it
// back.
func breakFile(t *testing.T, dir string) func() {
	t.Helper()
	path, away := filepath.Join(dir, FileName), filepath.Join(dir, "away")
	if err := os.Rename(path, away); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(away, path); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNothingIsTakenWhileTheDiskIsAway(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{Probe: time.Millisecond})
	r := mustAppend(t, in, incoming("", "before", "{}"))
	mend := breakFile(t, dir)
	execSQL(t, in, "PRAGMA query_only = 1")
	for range 50 {
		if _, err := in.Append(context.Background(), incoming("", "k", "{}")); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("append: %v", err)
		}
		if err := in.Finish(context.Background(), []Outcome{{Seq: r.Seq, State: StateRouted}}); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("finish: %v", err)
		}
		if err := in.Healthy(); !errors.Is(err, ErrUnavailable) {
			t.Fatalf("healthy: %v", err)
		}
	}
	mend()
	eventually(t, in.Healthy)
	if r := mustAppend(t, in, incoming("", "k", "{}")); r.Duplicate {
		t.Error("what was refused counts as stored")
	}
}

func TestCloseWhileTheDiskIsAwayEnds(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{Probe: time.Hour})
	mend := breakFile(t, dir)
	execSQL(t, in, "PRAGMA query_only = 1")
	if _, err := in.Append(context.Background(), incoming("", "k", "{}")); !errors.Is(err, ErrUnavailable) {
		t.Fatalf("append: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	mend()
}

func TestOpenRefusesForeignAndNewerFiles(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte("this is not a database, whatever its name"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), dir, Options{}); err == nil {
		t.Error("a text file was opened")
	}
	if _, err := Open(context.Background(), filepath.Join(dir, "missing"), Options{}); err == nil {
		t.Error("a missing directory was opened")
	}
	dir = t.TempDir()
	in := open(t, dir, Options{})
	execSQL(t, in, "INSERT INTO schema_version (version, name) VALUES (999, 'later')")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), dir, Options{}); !errors.Is(err, sqlite.ErrNewerSchema) {
		t.Errorf("newer schema: %v", err)
	}
}

func TestLogIsCutWhileWritesGoOn(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{CheckpointBytes: 64 << 10, MaxLogBytes: 1 << 20})
	const n = 600
	for i := range n {
		mustAppend(t, in, incoming("", string(rune('a'+i%26))+random(8, i), random(20_000, i)))
	}
	info, err := os.Stat(filepath.Join(dir, FileName+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > n*20_000/2 {
		t.Errorf("log of %d bytes after writing %d", info.Size(), n*20_000)
	}
}

func FuzzUnpack(f *testing.F) {
	var p packer
	f.Add([]byte("{}"))
	f.Add(p.pack([]byte(`{"a":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		block := p.pack(data)
		got, err := unpack(block)
		if err != nil || string(got) != string(data) {
			t.Fatalf("got %q, %v", got, err)
		}
		p.recycle(block)
		// A damaged block gives an error or something, but no panic.
		_, _ = unpack(data)
	})
}
