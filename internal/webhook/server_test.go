package webhook

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// deadlines is a ResponseWriter that notes the read deadlines set on it.
type deadlines struct {
	http.ResponseWriter
	set []bool
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, !t.IsZero())
	return nil
}

func TestServerLimitsTimeAndHeaders(t *testing.T) {
	s := Server("127.0.0.1:0", http.NotFoundHandler())
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 30*time.Second || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("%+v", s)
	}
}

func TestReadDeadlineIsLiftedWithTheBody(t *testing.T) {
	tests := []struct {
		name string
		body io.Reader
		read int64
		want []bool
	}{
		{"no body", nil, 0, []bool{false}},
		{"read to the end", strings.NewReader("abc"), 100, []bool{false}},
		{"not read to the end", strings.NewReader("abc"), 2, nil},
	}
	for _, tt := range tests {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodPost, "/", tt.body)
		h := Server("", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if _, err := io.CopyN(io.Discard, r.Body, tt.read); err != nil && err != io.EOF {
				t.Error(err)
			}
		})).Handler
		h.ServeHTTP(w, r)
		if diff := cmp.Diff(tt.want, w.set); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}
