package inbox

import (
	"context"
	"errors"
	"fmt"
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

func logFrames(t *testing.T, in *Inbox) int64 {
	t.Helper()
	frames, err := in.check.copy(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

func TestWriterStartsTheLogAgainWhenAsked(t *testing.T) {
	in := open(t, t.TempDir(), Options{})
	for i := range 20 {
		mustAppend(t, in, incoming("", fmt.Sprint("a", i), random(20_000, i)))
	}
	in.check.restart.Store(true)
	mustAppend(t, in, incoming("", "b", random(20_000, 1)))
	// The second one goes to the beginning of the log.
	mustAppend(t, in, incoming("", "c", "{}"))
	if n := logFrames(t, in); n > 20 {
		t.Errorf("%d frames in the log", n)
	}
}

func TestLongLogAsksTheWriterToStartAgain(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{})
	mustAppend(t, in, incoming("", "k", "{}"))
	for _, tt := range []struct {
		max         int64
		dirty, want bool
	}{{1 << 20, true, false}, {0, false, false}, {0, true, true}} {
		c, err := newCheckpointer(filepath.Join(dir, FileName), Options{}.withDefaults())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
		c.db, c.maxFrames = in.check.db, tt.max
		c.dirty.Store(tt.dirty)
		c.round(context.Background())
		if got := c.restart.Load(); got != tt.want {
			t.Errorf("at most %d frames, dirty %v: asked %v", tt.max, tt.dirty, got)
		}
	}
}
