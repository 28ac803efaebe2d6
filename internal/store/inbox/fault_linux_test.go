package inbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// appendForever stores deliveries as fast as it can and prints the id of each
// only after it was acknowledged.
func appendForever(dir string) int {
	in, err := Open(context.Background(), dir, Options{CheckpointBytes: 256 << 10, MaxLogBytes: 2 << 20})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			for j := 0; ; j++ {
				r, err := in.Append(context.Background(), incoming("", fmt.Sprintf("%d/%d/%d", os.Getpid(), i, j), random(2000, j)))
				if err != nil {
					return
				}
				mu.Lock()
				fmt.Println(r.ID)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return 1
}

func child(t *testing.T, mode, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childMode+"="+mode, "DIR="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestKilledProcessLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]bool{}
	for round := range 4 {
		cmd := child(t, "append", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			// The last line may be torn by the kill; it was not wholly said then.
			if id := lines.Text(); len(id) == 26 {
				acked[id] = true
			}
			if n == 200*(round+1) {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
	}
	in := open(t, dir, Options{})
	for id := range acked {
		if _, err := in.Get(context.Background(), id); err != nil {
			t.Fatal(err)
		}
	}
	if len(acked) < 2000 {
		t.Errorf("only %d acknowledged", len(acked))
	}
	checkConsistent(t, in)
}

// checkConsistent makes sure that each delivery has its payload and identity.
func checkConsistent(t *testing.T, in *Inbox) {
	t.Helper()
	var broken int
	const query = `SELECT (SELECT count(*) FROM deliveries) - (SELECT count(*) FROM deliveries d JOIN bodies USING (seq) JOIN identities i USING (seq))`
	if err := in.read.QueryRow(query).Scan(&broken); err != nil || broken != 0 {
		t.Errorf("%d deliveries are not whole, %v", broken, err)
	}
	var verdict string
	if err := in.read.QueryRow(`PRAGMA integrity_check`).Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity check: %s, %v", verdict, err)
	}
}

// fillLimitedFile runs with a limit on the size of files, as on a full disk,
// and lifts it later.
func fillLimitedFile(dir string) int {
	signal.Ignore(syscall.SIGXFSZ)
	if err := fillAndRecover(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func fillAndRecover(dir string) error {
	ctx := context.Background()
	in, err := Open(ctx, dir, Options{Probe: time.Millisecond})
	if err != nil {
		return err
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	limited := syscall.Rlimit{Cur: 600_000, Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limited); err != nil {
		return err
	}
	var acked []string
	refused := 0
	for i := 0; refused < 20; i++ {
		r, err := in.Append(ctx, incoming("", fmt.Sprint(i), random(50_000, i)))
		switch {
		case err == nil:
			acked = append(acked, r.ID)
		case errors.Is(err, ErrUnavailable):
			refused++
		default:
			return fmt.Errorf("while full: %w", err)
		}
		if i > 5000 {
			return fmt.Errorf("the limit was not felt: %d accepted, %d refused", len(acked), refused)
		}
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		r, err := in.Append(ctx, incoming("", "after", random(50_000, 7)))
		if err == nil {
			acked = append(acked, r.ID)
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not recovered: %w", err)
		}
		time.Sleep(time.Millisecond)
	}
	for _, id := range acked {
		if _, err := in.Get(ctx, id); err != nil {
			return fmt.Errorf("acknowledged but gone: %w", err)
		}
	}
	return in.Close()
}

func TestFullDiskRefusesAndRecovers(t *testing.T) {
	if err := child(t, "limit", t.TempDir()).Run(); err != nil {
		t.Fatal(err)
	}
}

// blackhole replaces the writer's handles of the log by a device that swallows
// writes and cannot be synced: what a disk looks like whose cache was lost.
func blackhole(t *testing.T, in *Inbox) {
	t.Helper()
	before := logHandles(t)
	err := in.queue.change(context.Background(), func(ctx context.Context, s *session) error {
		return s.probe(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, fd := range before {
		if err := syscall.Dup3(int(null.Fd()), fd, syscall.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
	}
}

// logHandles finds the descriptors of open write-ahead logs.
func logHandles(t *testing.T) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc here")
	}
	var fds []int
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if err != nil || !strings.HasSuffix(target, FileName+"-wal") {
			continue
		}
		var fd int
		if _, err := fmt.Sscan(e.Name(), &fd); err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
	}
	return fds
}

func TestFailedSyncIsNotAcknowledged(t *testing.T) {
	dir := t.TempDir()
	in := open(t, dir, Options{Probe: time.Millisecond})
	first := mustAppend(t, in, incoming("", "before", "{}"))
	blackhole(t, in)
	_, err := in.Append(context.Background(), incoming("", "lost", "{}"))
	if !errors.Is(err, ErrUnavailable) {
		t.Fatalf("append to a disk that cannot sync: %v", err)
	}
	var r Receipt
	eventually(t, func() (err error) {
		r, err = in.Append(context.Background(), incoming("", "lost", "{}"))
		return err
	})
	if r.Duplicate {
		t.Error("what was swallowed counts as stored")
	}
	if err := in.Healthy(); err != nil {
		t.Errorf("healthy: %v", err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	in = open(t, dir, Options{})
	for _, id := range []string{first.ID, r.ID} {
		if _, err := in.Get(context.Background(), id); err != nil {
			t.Error(err)
		}
	}
	checkConsistent(t, in)
}
