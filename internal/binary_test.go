package internal_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// maxBinary is how many bytes the stripped program may have.
const maxBinary = 40_000_000

// TestTheLinkerDropsWhatIsNotCalled builds the program as it is released. One
// reachable call that looks a method up by a name from a variable, as text/template
// does, makes the linker keep every exported method of every type: a quarter more.
// (Its dump of dependencies marks such functions.)
func TestTheLinkerDropsWhatIsNotCalled(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program")
	}
	binary := filepath.Join(t.TempDir(), "aofctl")
	cmd := exec.CommandContext(t.Context(), "make", "-C", "..", "build", "BIN="+binary, "LDFLAGS=-s -w -dumpdep")
	dump, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%.2000s", err, dump)
	}
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(nil, 1<<20)
	for found := 0; lines.Scan() && found < 5; {
		if strings.Contains(lines.Text(), "<ReflectMethod>") {
			t.Errorf("methods are looked up by name: %s", lines.Text())
			found++
		}
	}
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() > maxBinary {
		t.Errorf("the program has %d bytes, more than %d", info.Size(), maxBinary)
	}
}
