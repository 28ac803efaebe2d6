package atlassian_test

import (
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aofctl/aofctl/internal/atlassian"
)

func config(url string) atlassian.Config {
	return atlassian.Config{
		BaseURL: url, AuthType: atlassian.AuthAPIToken, Email: "bot@example.com", Token: "tok\n", Version: "1.2.3", BotName: "aofbot",
	}
}

func transport(t *testing.T, cfg atlassian.Config) *atlassian.Transport {
	t.Helper()
	tr, err := atlassian.NewTransport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Client().CloseIdleConnections)
	return tr
}

func get(t *testing.T, tr *atlassian.Transport, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.Client().Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func TestRequestsCarryOurIdentity(t *testing.T) {
	var seen http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	defer server.Close()
	tests := map[string]struct {
		change func(*atlassian.Config)
		want   string
	}{
		"api token": {func(*atlassian.Config) {}, "Basic Ym90QGV4YW1wbGUuY29tOnRvaw=="},
		"pat":       {func(c *atlassian.Config) { c.AuthType = atlassian.AuthPAT }, "Bearer tok"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := config(server.URL)
			tt.change(&cfg)
			if _, err := get(t, transport(t, cfg), server.URL+"/x"); err != nil {
				t.Fatal(err)
			}
			if got := seen.Get("Authorization"); got != tt.want {
				t.Errorf("Authorization %q", got)
			}
			if got := seen.Get("User-Agent"); got != "aofctl/1.2.3 (aofbot)" {
				t.Errorf("User-Agent %q", got)
			}
		})
	}
}

func TestTheTokenStaysAtTheSite(t *testing.T) {
	var stolen []string
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stolen = append(stolen, r.Header.Get("Authorization"))
	}))
	defer other.Close()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other.URL+"/login", http.StatusFound)
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusMovedPermanently)
		case "/here":
			_, _ = io.WriteString(w, "here as "+r.Header.Get("Authorization"))
		}
	}))
	defer site.Close()
	tr := transport(t, config(site.URL))

	resp, err := get(t, tr, site.URL+"/away")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := atlassian.ReadAnswer(resp); err == nil || !strings.Contains(err.Error(), other.URL+"/login") {
		t.Errorf("err %v: it should say where the site wants us to go", err)
	}
	if len(stolen) != 0 {
		t.Errorf("the other host was asked with %q", stolen)
	}
	resp, err = get(t, tr, other.URL+"/direct")
	if err != nil || resp.StatusCode != 200 || stolen[0] != "" {
		t.Errorf("err %v, the other host saw %q", err, stolen)
	}
	resp, err = get(t, tr, site.URL+"/moved")
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := io.ReadAll(resp.Body); !strings.HasPrefix(string(body), "here as Basic") {
		t.Errorf("a redirect within the site gave %q", body)
	}
}

func TestARedirectedWriteIsAnError(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/login", http.StatusFound)
		}
	}))
	defer site.Close()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, site.URL+"/comment", strings.NewReader("{}"))
	resp, err := transport(t, config(site.URL)).Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, err = atlassian.ReadAnswer(resp)
	var failure *atlassian.Error
	if !errors.As(err, &failure) || failure.Status != http.StatusFound || !failure.Refused() {
		t.Errorf("err %v: following it would look like success", err)
	}
}

func TestNewTransportRefusesWhatCannotWork(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		change func(*atlassian.Config)
		says   string
	}{
		"no URL":              {func(c *atlassian.Config) { c.BaseURL = "" }, "base_url"},
		"no scheme":           {func(c *atlassian.Config) { c.BaseURL = "example.atlassian.net" }, "base_url"},
		"other scheme":        {func(c *atlassian.Config) { c.BaseURL = "ftp://x" }, "base_url"},
		"password in the URL": {func(c *atlassian.Config) { c.BaseURL = "https://u:geheim@x" }, "user"},
		"query in the URL":    {func(c *atlassian.Config) { c.BaseURL = "https://x/?a=b" }, "query"},
		"not a URL":           {func(c *atlassian.Config) { c.BaseURL = "https://x\x7f" }, "base_url"},
		"no token":            {func(c *atlassian.Config) { c.Token = " " }, "token is empty"},
		"two-line token":      {func(c *atlassian.Config) { c.Token = "a\nb" }, "line break"},
		"no e-mail":           {func(c *atlassian.Config) { c.Email = "" }, "e-mail"},
		"colon in e-mail":     {func(c *atlassian.Config) { c.Email = "a:b" }, "colon"},
		"unknown auth":        {func(c *atlassian.Config) { c.AuthType = "magic" }, "magic"},
		"missing CA":          {func(c *atlassian.Config) { c.CACertPath = "/does/not/exist" }, "ca_cert_path"},
		"CA without a cert":   {func(c *atlassian.Config) { c.CACertPath = empty }, "no PEM certificate"},
		"bad proxy":           {func(c *atlassian.Config) { c.HTTPSProxy = "http://[" }, "proxy.https_proxy"},
		"bad cloud id":        {func(c *atlassian.Config) { c.CloudID = "../x" }, "cloud_id"},
		"bad gateway":         {func(c *atlassian.Config) { c.CloudID, c.GatewayURL = "ab-1", "x" }, "gateway"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := config("https://example.atlassian.net")
			tt.change(&cfg)
			_, err := atlassian.NewTransport(cfg)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("err %v, want one about %q", err, tt.says)
			}
			if strings.Contains(err.Error(), "geheim") {
				t.Error("the error tells the password")
			}
		})
	}
}

func TestURLs(t *testing.T) {
	tests := []struct {
		base, cloudID, site, jira string
		gateway                   bool
	}{
		{"https://x.atlassian.net/", "", "https://x.atlassian.net", "https://x.atlassian.net", false},
		{"https://h:8443/jira//", "", "https://h:8443/jira", "https://h:8443/jira", false},
		{"https://x.atlassian.net", "11223344-a1b2", "https://x.atlassian.net", "https://api.atlassian.com/ex/jira/11223344-a1b2", true},
	}
	for _, tt := range tests {
		cfg := config(tt.base)
		cfg.CloudID = tt.cloudID
		tr := transport(t, cfg)
		if diff := cmp.Diff([]any{tt.site, tt.jira, tt.gateway}, []any{tr.SiteURL(), tr.JiraURL(), tr.ViaGateway()}); diff != "" {
			t.Errorf("%s: %s", tt.base, diff)
		}
	}
}

func TestWarningsTellWhenTheTokenCanBeRead(t *testing.T) {
	cfg := config("https://x.atlassian.net")
	if got := transport(t, cfg).Warnings(); len(got) != 0 {
		t.Errorf("warnings %q", got)
	}
	cfg.InsecureSkipVerify = true
	if got := transport(t, cfg).Warnings(); len(got) != 1 || !strings.Contains(got[0], "tls.verify") {
		t.Errorf("warnings %q", got)
	}
	if got := transport(t, config("http://jira.example.com")).Warnings(); len(got) != 1 || !strings.Contains(got[0], "without TLS") {
		t.Errorf("warnings %q", got)
	}
	for _, local := range []string{"http://localhost:1", "http://127.0.0.1", "http://[::1]:8080"} {
		if got := transport(t, config(local)).Warnings(); len(got) != 0 {
			t.Errorf("%s: %q", local, got)
		}
	}
}

func TestCertificatesAreVerifiedAgainstTheGivenCA(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, block, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := get(t, transport(t, config(server.URL)), server.URL)
	var failure *atlassian.Error
	if !errors.As(err, &failure) || failure.Temporary() || !failure.Refused() {
		t.Errorf("unknown authority: %v; trying again cannot help and nothing was sent", err)
	}
	cfg := config(server.URL)
	cfg.CACertPath = ca
	if _, err := get(t, transport(t, cfg), server.URL); err != nil {
		t.Errorf("with the CA: %v", err)
	}
	cfg = config(server.URL)
	cfg.InsecureSkipVerify = true
	if _, err := get(t, transport(t, cfg), server.URL); err != nil {
		t.Errorf("without verification: %v", err)
	}
}

func TestRequestsGoThroughTheProxy(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.URL.String()) }))
	defer proxy.Close()
	cfg := config("http://jira.internal.example")
	cfg.HTTPProxy = strings.TrimPrefix(proxy.URL, "http://")
	cfg.NoProxy = "direct.example"
	if _, err := get(t, transport(t, cfg), "http://jira.internal.example/rest"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"http://jira.internal.example/rest"}, asked); diff != "" {
		t.Error(diff)
	}
}
