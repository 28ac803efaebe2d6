package webhook

import (
	"net/http"
	"time"
)

// Times after which Server closes connections.
const (
	headerTimeout = 5 * time.Second
	bodyTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
)

// Server returns an HTTP server for the handler that closes slow connections:
// those whose headers take more than 5 s or whose body takes more than 30 s. The
// deadline ends with the body, so that the handler may stream its answer for as
// long as it likes.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}
