package webhook

import (
	"io"
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
// deadline for the body is lifted once it was read, so that the handler may
// stream its answer for as long as it likes.
func Server(addr string, h http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           liftDeadline(h),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
	}
}

// liftDeadline ends the server's read deadline with the body. Past it the
// server would take the connection for dead and cancel the request's context.
func liftDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := http.NewResponseController(w)
		if r.Body == nil || r.Body == http.NoBody {
			_ = conn.SetReadDeadline(time.Time{})
		} else {
			// A copy: the server goes by the type of its own request's body when it
			// decides whether to keep the connection.
			c := *r
			c.Body = &lastRead{ReadCloser: r.Body, conn: conn}
			r = &c
		}
		next.ServeHTTP(w, r)
	})
}

// lastRead lifts the read deadline when the body ends.
type lastRead struct {
	io.ReadCloser
	conn *http.ResponseController
}

func (b *lastRead) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}
