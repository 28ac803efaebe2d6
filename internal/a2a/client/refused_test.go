package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestAStreamThatIsRefusedTellsTheErrorOfTheProtocol asks servers that put it in the
// body behind a status, and one that refuses before it looks at the request.
func TestAStreamThatIsRefusedTellsTheErrorOfTheProtocol(t *testing.T) {
	for name, q := range map[string]struct {
		status int
		body   string
		code   int
	}{
		"with a status":         {404, `{"jsonrpc":"2.0","id":"1","error":{"code":-32001,"message":"Task not found"}}`, -32001},
		"without":               {200, `{"jsonrpc":"2.0","id":"1","error":{"code":-32001,"message":"Task not found"}}`, -32001},
		"before it looks at it": {401, `{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Unauthorized"}}`, 0},
		"by something else":     {502, `Bad gateway`, 0},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(q.status)
			_, _ = w.Write([]byte(q.body))
		}))
		c := Client{URL: server.URL, Dialect: Plain10}
		_, err := c.Resubscribe(t.Context(), "t")
		var told *Error
		var refused *HTTPError
		switch {
		case q.code != 0 && (!errors.As(err, &told) || int(told.Code) != q.code):
			t.Errorf("%s: %v is no error with the code %d", name, err, q.code)
		case q.code == 0 && (!errors.As(err, &refused) || refused.Status != q.status):
			t.Errorf("%s: %v is no error with the status %d", name, err, q.status)
		}
		server.Close()
	}
}
