package atlassian_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
	"github.com/aofctl/aofctl/internal/sandbox/port"
)

// authority is a certificate authority of a company.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	path string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Company CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, _ := x509.ParseCertificate(raw)
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &authority{cert: cert, key: key, path: path}
}

// issue makes a certificate for a host.
func (a *authority) issue(t *testing.T, host string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func (a *authority) server(t *testing.T, host string, handler http.HandlerFunc, change func(*tls.Config)) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{a.issue(t, host)}}
	if change != nil {
		change(server.TLS)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// tunnels is a proxy that wants a user and a password and connects every tunnel
// to one server, whatever its name.
type tunnels struct {
	target string
	mu     sync.Mutex
	asked  []string
}

func (p *tunnels) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host)
	p.mu.Unlock()
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte("robot:pa ss"))
	if r.Header.Get("Proxy-Authorization") != want {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	if r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusTeapot) // the token is not the proxy's business
		return
	}
	up, err := net.Dial("tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer up.Close()
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(up, buffered) }()
	_, _ = io.Copy(conn, up)
}

func TestSitesAreReachedThroughAProxyThatWantsAPassword(t *testing.T) {
	ca := newAuthority(t)
	site := ca.server(t, "jira.corp.example", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	}, nil)
	proxy := &tunnels{target: site.Listener.Addr().String()}
	plain := httptest.NewServer(proxy)
	defer plain.Close()
	secure := ca.server(t, "proxy.corp.example", proxy.ServeHTTP, nil)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer broken.Close()
	gone := &httptest.Server{URL: fmt.Sprintf("http://127.0.0.1:%d", port.For(t))}
	address := func(s *httptest.Server, user string) string {
		scheme, host, _ := strings.Cut(s.URL, "://")
		return scheme + "://" + user + host
	}
	for name, tt := range map[string]struct {
		proxy     string
		says      string
		temporary bool
	}{
		"HTTP":           {address(plain, "robot:pa%20ss@"), "", false},
		"HTTPS":          {address(secure, "robot:pa%20ss@"), "", false},
		"no password":    {address(plain, ""), "407", false},
		"wrong password": {address(plain, "robot:geheim@"), "check the user and password", false},
		"bad gateway":    {address(broken, ""), "502", true},
		"down":           {address(gone, "robot:geheim@"), "proxyconnect", true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config("https://jira.corp.example")
			cfg.HTTPSProxy, cfg.CACertPath, cfg.FirstBackoff = tt.proxy, ca.path, time.Millisecond
			_, failure := send(t, transport(t, cfg), "POST", "https://jira.corp.example/rest/x", "{}")
			if tt.says == "" {
				if failure != nil {
					t.Error(failure)
				}
				return
			}
			if failure == nil || !strings.Contains(failure.Error(), tt.says) || failure.Temporary() != tt.temporary || !failure.Refused() {
				t.Errorf("%v", failure)
			}
			if strings.Contains(failure.Error(), "geheim") {
				t.Error("the error tells the password")
			}
		})
	}
	if len(proxy.asked) == 0 || proxy.asked[0] != "CONNECT jira.corp.example:443" {
		t.Errorf("the proxy was asked for %q", proxy.asked)
	}
}

func TestNoProxyLeadsAroundTheProxy(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer site.Close()
	cfg := config(strings.Replace(site.URL, "127.0.0.1", "localhost", 1))
	cfg.HTTPProxy, cfg.NoProxy = "http://127.0.0.1:1", "localhost"
	if _, failure := send(t, transport(t, cfg), "GET", cfg.BaseURL+"/", ""); failure != nil {
		t.Error(failure)
	}
}

func TestOldTLSAndWrongNamesAreRefused(t *testing.T) {
	ca := newAuthority(t)
	nothing := func(http.ResponseWriter, *http.Request) {}
	old := ca.server(t, "x", nothing, func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }) //nolint:gosec // it is what is refused
	named := ca.server(t, "other.example", nothing, nil)
	plain := httptest.NewServer(http.HandlerFunc(nothing))
	defer plain.Close()
	for name, tt := range map[string]struct {
		url, says string
		temporary bool
	}{
		"TLS 1.1":        {old.URL, "protocol version", true},
		"another's name": {strings.Replace(named.URL, "127.0.0.1", "localhost", 1), "localhost", false},
		"plain HTTP":     {strings.Replace(plain.URL, "http:", "https:", 1), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(tt.url)
			cfg.CACertPath, cfg.FirstBackoff = ca.path, time.Millisecond
			_, failure := send(t, transport(t, cfg), "POST", tt.url+"/", "{}")
			if failure == nil || !failure.Refused() || failure.Temporary() != tt.temporary || !strings.Contains(failure.Error(), tt.says) {
				t.Errorf("%v", failure)
			}
		})
	}
}

func TestSitesShareNothing(t *testing.T) {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer down.Close()
	up := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer up.Close()
	cfg := config(down.URL)
	cfg.Breaker.Failures, cfg.FirstBackoff = 1, time.Millisecond
	first, other := transport(t, cfg), config(up.URL)
	other.Breaker = cfg.Breaker
	second := transport(t, other)
	send(t, first, "GET", down.URL+"/", "")
	if _, failure := send(t, second, "GET", up.URL+"/", ""); failure != nil || second.Health().Away || !first.Health().Away {
		t.Errorf("%v; %+v; %+v", failure, first.Health(), second.Health())
	}
}

func TestWarningOfATokenThatCannotBeRenewed(t *testing.T) {
	cfg := atlassian.Config{BaseURL: "https://x.atlassian.net", AuthType: atlassian.AuthOAuth2, Token: "t"}
	if got := transport(t, cfg).Warnings(); len(got) != 1 || !strings.Contains(got[0], "cannot be renewed") {
		t.Errorf("warnings %q", got)
	}
}
