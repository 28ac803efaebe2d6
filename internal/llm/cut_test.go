package llm_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/llm"
)

// Answers are read whole and not as streams, so that a cut one is a cut body. It is
// tried again and never taken for an answer, even where all of the JSON came.
func TestABodyThatIsCutIsNoAnswer(t *testing.T) {
	whole := saidAnyhow("All well.")
	half := whole[:len(whole)/2]
	head := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	chunk := func(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }
	zipped := head + "Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
	cuts := map[string]struct {
		wire  string
		reset bool
	}{
		"half of it":                          {head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(whole)) + half, false},
		"half of it, and a reset":             {head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(whole)) + half, true},
		"a length that is more than there is": {head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(whole)+1) + whole, false},
		"a length that is less":               {head + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(half)) + whole, false},
		"half of the chunks":                  {head + "Transfer-Encoding: chunked\r\n\r\n" + chunk(half), false},
		"all chunks but the end":              {head + "Transfer-Encoding: chunked\r\n\r\n" + chunk(half) + chunk(whole[len(half):]), false},
		"no length, half of it":               {head + "Connection: close\r\n\r\n" + half, false},
		"half of a compressed one":            {zipped, false},
		"the head alone":                      {head + "Content-Length: 100\r\n\r\n", true},
		"half of the head":                    {"HTTP/1.1 200 OK\r\nContent-Ty", false},
		"nothing, and a reset":                {"", true},
	}
	for name, c := range cuts {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			conn, buf, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			cut(conn, buf, c.wire, c.reset)
		}))
		for _, kind := range []struct{ provider, model string }{{"openai", "gpt-4.1"}, {"responses", "gpt-5.4"}, {"anthropic", "claude-haiku-4-5"}, {"google", "gemini-2.5-flash"}} {
			resp, err := open(t, kind.provider, kind.model, server.URL, llm.Options{}).Complete(t.Context(), hello())
			e := wantError(t, err, llm.KindUnavailable, statusOf(err), true, "")
			if resp.Message.Text != "" || e.Message == "" || llm.Unbilled(err) {
				t.Errorf("%s, %s: %+v, %v", kind.provider, name, resp, err)
			}
		}
		server.Close()
	}
}

// statusOf is 200 for what came whole but is no JSON, and 0 for a broken connection.
func statusOf(err error) int {
	if err != nil && strings.Contains(err.Error(), "is not JSON") {
		return http.StatusOK
	}
	return 0
}

// cut writes what there is and hangs up, politely or not.
func cut(conn net.Conn, buf *bufio.ReadWriter, wire string, reset bool) {
	_, _ = buf.WriteString(wire)
	_ = buf.Flush()
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
