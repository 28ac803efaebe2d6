package postgres

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestServersThatPromisesCannotRestOn(t *testing.T) {
	good := server{version: 130000, readOnly: "off", fsync: "on", commit: "on"}
	tests := []struct {
		name   string
		change func(*server)
		opts   Options
		want   string
	}{
		{"good", func(*server) {}, Options{}, ""},
		{"commits on a standby as well", func(s *server) { s.commit = "remote_apply" }, Options{}, ""},
		{"old", func(s *server) { s.version = 120022 }, Options{}, "PostgreSQL 12"},
		{"standby", func(s *server) { s.standby = true }, Options{}, "no writes"},
		{"read-only", func(s *server) { s.readOnly = "on" }, Options{}, "no writes"},
		{"no synchronous commit", func(s *server) { s.commit = "off" }, Options{AllowNoFsync: true}, "synchronous_commit = on"},
		{"no fsync", func(s *server) { s.fsync = "off" }, Options{}, "fsync is off"},
		{"no fsync, allowed", func(s *server) { s.fsync = "off" }, Options{AllowNoFsync: true}, ""},
	}
	for _, tt := range tests {
		s := good
		tt.change(&s)
		err := s.check(tt.opts)
		if (err == nil) != (tt.want == "") || (err != nil && !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
}

// encrypted listens like a PostgreSQL server that speaks TLS, for as long as it
// takes to shake hands; its certificate is for example.com and 127.0.0.1.
func encrypted(t *testing.T) (port string, authority string) {
	t.Helper()
	certs := httptest.NewUnstartedServer(nil)
	certs.StartTLS()
	t.Cleanup(certs.Close)
	authority = filepath.Join(t.TempDir(), "ca.pem")
	pem := fmt.Sprintf("-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n", base64Lines(certs.Certificate().Raw))
	if err := os.WriteFile(authority, []byte(pem), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			// The request for TLS has 8 bytes, and S is yes.
			if _, err := io.CopyN(io.Discard, c, 8); err == nil {
				c.Write([]byte("S"))
				tls.Server(c, &tls.Config{Certificates: certs.TLS.Certificates}).Handshake()
			}
			c.Close()
		}
	}()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port), authority
}

func TestDistrustOfACertificateSaysWhatToGive(t *testing.T) {
	port, authority := encrypted(t)
	tests := []struct {
		name, host, query, want string
		away                    bool
	}{
		{"unknown authority", "127.0.0.1", "sslmode=verify-full", "sslrootcert", false},
		{"other name", "localhost", "sslmode=verify-full&sslrootcert=" + authority, "host name of the server's certificate", false},
		{"trusted", "127.0.0.1", "sslmode=verify-full&sslrootcert=" + authority, "can be reached", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(t.Context(), "postgres://u:Geheim-7@"+tt.host+":"+port+"/d?"+tt.query, Options{})
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "Geheim") {
				t.Errorf("error %v", err)
			}
			if Away(err) != tt.away {
				t.Errorf("away is %v for: %v", !tt.away, err)
			}
		})
	}
}

func TestExplanationsAreOneLineWithoutRepeats(t *testing.T) {
	_, err := Open(t.Context(), "postgres://u:Geheim-7@127.0.0.1:"+closedPort(t)+"/d?sslmode=prefer", Options{})
	if err == nil || strings.Contains(err.Error(), "\n") || strings.Count(err.Error(), "refused") != 1 || strings.Contains(err.Error(), "failed to connect") {
		t.Errorf("error %v", err)
	}
	if !Away(err) {
		t.Error("a server that is not there is not away")
	}
	c, err := parse("postgres://u@h/d", Options{})
	if err != nil {
		t.Fatal(err)
	}
	plain := errors.New("something else")
	if got := c.explain(plain); got != plain { //nolint:errorlint // it is the same one
		t.Errorf("explained as %v", got)
	}
}

// base64Lines is the body of a PEM block.
func base64Lines(der []byte) string { return base64.StdEncoding.EncodeToString(der) + "\n" }
