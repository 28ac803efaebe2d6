// Package double starts, for tests, a stand-in for the model providers that others
// wrote from what they know of the APIs: it checks our calls without our own ideas
// of them. It is a program for node, @copilotkit/aimock (https://aimock.copilotkit.dev),
// and where it is not installed the tests that want it are skipped.
package double

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// Program is the environment variable that names the double's program; without it
// the program llmock is looked for on PATH.
const Program = "AOF_LLMOCK"

// patience is how long the double may take to start.
const patience = 2 * time.Minute

// Double is a running stand-in.
type Double struct {
	// URL is where it answers, without the path of an API.
	URL string
}

// Start starts a double that answers by fixtures, a JSON text of its own kind, and
// ends with the test. A request that fits none is answered with 503.
func Start(tb testing.TB, fixtures string) *Double {
	tb.Helper()
	program := find(tb)
	file := filepath.Join(tb.TempDir(), "fixtures.json")
	if err := os.WriteFile(file, []byte(fixtures), 0o600); err != nil {
		tb.Fatal(err)
	}
	number := strconv.Itoa(port.For(tb))
	addr := net.JoinHostPort("127.0.0.1", number)
	cmd := exec.CommandContext(tb.Context(), program, "--strict", "--port", number, "--fixtures", file)
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	if err := cmd.Start(); err != nil {
		tb.Fatalf("start %s: %v", program, err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	await(tb, addr, program, ended)
	return &Double{URL: "http://" + addr}
}

func find(tb testing.TB) string {
	tb.Helper()
	if program := os.Getenv(Program); program != "" {
		return program
	}
	program, err := exec.LookPath("llmock")
	if err != nil {
		tb.Skip("needs node and the program llmock: npm install -g @copilotkit/aimock")
	}
	return program
}

// await waits until the double takes connections.
func await(tb testing.TB, addr, program string, ended <-chan struct{}) {
	tb.Helper()
	for deadline := time.Now().Add(patience); ; {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			tb.Fatalf("%s does not answer: %v", program, err)
		}
		select {
		case <-ended:
			tb.Fatalf("%s ended at its start: does it run by itself?", program)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Asked returns the paths of the requests that the double had, oldest first.
func (d *Double) Asked() ([]string, error) {
	resp, err := http.Get(d.URL + "/__aimock/journal")
	if err != nil {
		return nil, fmt.Errorf("ask the double for its record: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	const most = 16 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return nil, fmt.Errorf("read the double's record: %w", err)
	}
	var record []struct {
		Path string `json:"path"`
	}
	if err := json.Unmarshal(body, &record); err != nil {
		return nil, fmt.Errorf("read the double's record: %w", err)
	}
	paths := make([]string, len(record))
	for i, r := range record {
		paths[i] = r.Path
	}
	return paths, nil
}
