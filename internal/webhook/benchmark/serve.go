package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/aofctl/aofctl/internal/store/inbox"
	"github.com/aofctl/aofctl/internal/store/inbox/postgres"
	"github.com/aofctl/aofctl/internal/webhook"
)

// kinds are the handlers that need nothing but a directory, from the cheapest to
// ours.
func kinds() []string { return []string{"bare", "append", "inbox"} }

// onPostgres is our handler on PostgreSQL.
const onPostgres = "inbox on PostgreSQL"

// target is where a handler stores.
type target struct{ dir, dsn string }

const secret = "benchmark secret of no worth"

// serve runs one handler until it is interrupted. It prints its address.
func serve(ctx context.Context, kind string, to target) error {
	// With one processor a blocking sync would stop the whole program.
	runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	h, end, err := handler(ctx, kind, to)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	server := webhook.Server("", h)
	if kind == "bare" || kind == "append" {
		server = &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	}
	stop := profile()
	go func() { _ = server.Serve(l) }()
	<-ctx.Done()
	stop()
	_ = server.Close()
	return end()
}

func handler(ctx context.Context, kind string, to target) (http.Handler, func() error, error) {
	switch kind {
	case "bare":
		h := bare(func([]byte) error { return nil })
		return h, func() error { return nil }, nil
	case "append":
		f, err := os.OpenFile(filepath.Join(to.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		if err != nil {
			return nil, nil, err
		}
		g := newGroup(f)
		return bare(g.append), g.close, nil
	case "inbox":
		in, err := inbox.Open(ctx, to.dir, inbox.Options{})
		if err != nil {
			return nil, nil, err
		}
		return ours(in, in.Close)
	case onPostgres:
		in, err := postgres.Open(ctx, to.dsn, postgres.Options{})
		if err != nil {
			return nil, nil, err
		}
		return ours(in, in.Close)
	}
	return nil, nil, fmt.Errorf("unknown kind %q", kind)
}

func ours(in webhook.Appender, end func() error) (http.Handler, func() error, error) {
	src := webhook.Source{Name: "jira", Secrets: func() []webhook.NamedSecret {
		return []webhook.NamedSecret{{Name: "SECRET", Value: secret}}
	}}
	h, err := webhook.New(in, []webhook.Source{src}, webhook.Options{})
	return h, end, err
}

// bare verifies and answers, and does no more than it must for that.
func bare(store func([]byte) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 25<<20))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		got, err := hex.DecodeString(strings.TrimPrefix(r.Header.Get("X-Hub-Signature"), "sha256="))
		h := hmac.New(sha256.New, []byte(secret))
		h.Write(body)
		if err != nil || !hmac.Equal(got, h.Sum(nil)) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if err := store(body); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `{"status":"accepted"}`)
	})
}
