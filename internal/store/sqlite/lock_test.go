package sqlite

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// childDir makes the test binary lock a directory until its input ends.
const childDir = "AOFCTL_SQLITE_LOCK"

func lockAndWait(dir string) int {
	if _, err := Lock(dir); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("locked")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

func TestSecondProcessIsRefusedByName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "locked\n" {
		t.Fatalf("child says %q, %v", line, err)
	}
	_, err = Lock(dir)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Dir != dir || locked.PID != cmd.Process.Pid {
		t.Errorf("error %v", err)
	}
	if err != nil && !strings.Contains(err.Error(), dir) {
		t.Errorf("error does not name the directory: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_ = in.Close()
	l, err := Lock(dir)
	if err != nil {
		t.Fatalf("after the other was killed: %v", err)
	}
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

func TestLockMakesAPrivateDirectoryAndCanBeTakenAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		l, err := Lock(dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Lock(dir); err == nil {
			t.Error("locked twice at once")
		}
		if err := l.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestLockOfAFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Lock(path); err == nil {
		t.Error("no error")
	}
}

func TestLockedErrorWithoutPIDNamesTheDirectory(t *testing.T) {
	dir := t.TempDir()
	l, err := Lock(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	if err := os.WriteFile(filepath.Join(dir, "lock.pid"), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir)
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != 0 || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "pid") {
		t.Errorf("error %v", err)
	}
}
