package webhook

import (
	"net/http"
	"strconv"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
)

// writeReceipt answers a stored delivery. A client that went away is no error:
// it will send again and be told that it is a duplicate.
func writeReceipt(w http.ResponseWriter, r inbox.Receipt) {
	var buf [96]byte
	b := append(buf[:0], `{"status":"duplicate"}`...)
	if !r.Duplicate {
		b = append(buf[:0], `{"status":"accepted","delivery":"`...)
		b = append(b, r.ID...)
		b = append(b, `"}`...)
	}
	writeJSON(w, http.StatusOK, append(b, '\n'))
}

// writeError answers with a fixed text, which needs no escaping.
func writeError(w http.ResponseWriter, status int, text string) {
	writeJSON(w, status, []byte(`{"status":"error","error":"`+text+`"}`+"\n"))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// setRetryAfter sets the header in whole seconds, at least one (RFC 9110,
// section 10.2.3).
func setRetryAfter(w http.ResponseWriter, d time.Duration) {
	seconds := max(1, int64((d+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
}
