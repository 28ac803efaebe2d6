package atlassian_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aofctl/aofctl/internal/atlassian"
)

func TestRedirectsAreFollowedWhereTheyAreSafe(t *testing.T) {
	ca := newAuthority(t)
	media := ca.server(t, "media.example", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the other host got our token")
		}
		_, _ = io.WriteString(w, "file")
	}, nil)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("https was left for http") }))
	defer plain.Close()
	target := ""
	site := ca.server(t, "jira.example", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/here" {
			http.Redirect(w, r, target, http.StatusSeeOther)
		}
	}, nil)
	for name, tt := range map[string]struct {
		target   string
		download bool
		hosts    []string
		status   int
	}{
		"within":                     {"/here", false, nil, 200},
		"away":                       {media.URL + "/f", false, nil, 303},
		"download":                   {media.URL + "/f", true, []string{"127.0.0.1"}, 200},
		"download, unknown host":     {media.URL + "/f", true, nil, 303},
		"download, no TLS":           {plain.URL + "/f", true, []string{"127.0.0.1"}, 303},
		"download, metadata service": {"http://169.254.169.254/latest", true, nil, 303},
		"round and round":            {"/away", false, nil, 303},
	} {
		t.Run(name, func(t *testing.T) {
			target = tt.target
			cfg := config(site.URL)
			cfg.CACertPath, cfg.DownloadHosts = ca.path, tt.hosts
			ctx := t.Context()
			if tt.download {
				ctx = atlassian.AsDownload(ctx)
			}
			req, _ := http.NewRequestWithContext(ctx, http.MethodGet, site.URL+"/file", nil)
			resp, err := transport(t, cfg).Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
		})
	}
}

func TestLoginPagesAreNoticed(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/rest/page":
			w.Header().Set("Content-Type", "text/html;charset=UTF-8")
			_, _ = io.WriteString(w, "<title>Log in - Company Jira</title>")
		case "/rest/notice":
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<p>Blocked by the filter")
		case "/rest/sso":
			http.Redirect(w, r, "https://sso.company.example/saml?x=1", http.StatusFound)
		case "/rest/gone":
			http.Redirect(w, r, "https://new.company.example/rest", http.StatusMovedPermanently)
		case "/rest/captcha":
			w.Header().Set("X-Seraph-LoginReason", "AUTHENTICATION_DENIED")
			w.Header().Set("X-Authentication-Denied-Reason", "CAPTCHA_CHALLENGE; login-url=https://x/login.jsp")
		case "/rest/starting":
			w.Header().Set("X-AUSERNAME", "anonymous")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer site.Close()
	cfg := config(site.URL)
	cfg.FirstBackoff = time.Millisecond
	tr := transport(t, cfg)
	for _, method := range []string{"GET", "PUT"} {
		for path, tt := range map[string]struct {
			says                    string
			unauthorized, temporary bool
		}{
			"/rest/page":     {"web page (Log in - Company Jira)", true, false},
			"/rest/notice":   {"Blocked by the filter", false, false},
			"/rest/sso":      {"login page https://sso.company.example/saml", true, false},
			"/rest/gone":     {"redirected to https://new.company.example/rest", false, false},
			"/rest/captcha":  {"CAPTCHA", true, false},
			"/rest/starting": {"503", false, true},
		} {
			if method == "PUT" && path == "/rest/captcha" {
				continue // a write that was answered with success has happened
			}
			_, failure := send(t, tr, method, site.URL+path, "")
			if failure == nil || !strings.Contains(failure.Error(), tt.says) || failure.Unauthorized() != tt.unauthorized || failure.Temporary() != tt.temporary {
				t.Errorf("%s %s: %v", method, path, failure)
			}
		}
	}
}

func TestABombIsNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	block := make([]byte, 1<<20)
	for range atlassian.MaxBody>>20 + 1 {
		_, _ = packer.Write(block)
	}
	_ = packer.Close()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	defer site.Close()
	_, failure := send(t, transport(t, config(site.URL)), "GET", site.URL+"/", "")
	if failure == nil || !strings.Contains(failure.Error(), "more than") || failure.Temporary() {
		t.Errorf("%v", failure)
	}
}

func TestEndlessHeadersAreRefused(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 2<<20))
	}))
	defer site.Close()
	cfg := config(site.URL)
	cfg.FirstBackoff = time.Millisecond
	if _, failure := send(t, transport(t, cfg), "GET", site.URL+"/", ""); failure == nil {
		t.Error("two megabytes of headers were taken")
	}
}

func TestAnAnswerThatIsCutOffMayBeAskedForAgain(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"id":`)
	}))
	defer site.Close()
	_, failure := send(t, transport(t, config(site.URL)), "GET", site.URL+"/", "")
	if failure == nil || !failure.Temporary() || !errors.Is(failure, io.ErrUnexpectedEOF) {
		t.Errorf("%v", failure)
	}
}
