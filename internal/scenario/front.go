package scenario

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"
)

// front is the address under which the daemon is found, whichever of its lives it
// is in. While it is down, webhooks are told so, and come again.
type front struct {
	url     string
	server  *http.Server
	done    chan struct{}
	daemon  atomic.Pointer[httputil.ReverseProxy]
	forward *http.Transport
}

func newFront(ctx context.Context) (*front, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &front{url: "http://" + listener.Addr().String(), done: make(chan struct{}), forward: &http.Transport{}}
	f.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			daemon := f.daemon.Load()
			if daemon == nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			daemon.ServeHTTP(w, r)
		})}
	go func() {
		defer close(f.done)
		_ = f.server.Serve(listener)
	}()
	return f, nil
}

// lead sends what comes from now on to the daemon at that address; "" to nobody.
func (f *front) lead(addr string) {
	if addr == "" {
		f.daemon.Store(nil)
		return
	}
	target := &url.URL{Scheme: "http", Host: addr}
	f.daemon.Store(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: f.forward, ErrorLog: log.New(io.Discard, "", 0),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }})
}

func (f *front) close() error {
	err := f.server.Close()
	<-f.done
	f.forward.CloseIdleConnections()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
