package admin_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aofctl/aofctl/internal/admin"
)

func TestATokenIsAskedForWhereThereIsOne(t *testing.T) {
	d := newDaemon(t, "the-admin-token")
	for _, c := range []struct {
		name, header string
		status       int
		text         string
	}{
		{"none", "", 401, "this daemon asks for its admin token: set AOF_ADMIN_TOKEN to it"},
		{"another scheme", "Basic dGhlLWFkbWluLXRva2Vu", 401, "asks for its admin token"},
		{"without a scheme", "the-admin-token", 401, "asks for its admin token"},
		{"a wrong one", "Bearer wrong", 401, "not the daemon's admin token"},
		{"the beginning", "Bearer the-admin", 401, "not the daemon's admin token"},
		{"more than it", "Bearer the-admin-token2", 401, "not the daemon's admin token"},
		{"an empty one", "Bearer ", 401, "asks for its admin token"},
		{"the right one", "Bearer the-admin-token", 200, "v1.2.3"},
		{"its scheme in small letters", "bearer the-admin-token", 200, "v1.2.3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := d.call(t, http.MethodGet, "/api/v1/status", "Authorization", c.header)
			r.has(t, c.status, c.text)
			if want := `Bearer realm="aofctl"`; c.status == 401 && r.header.Get("WWW-Authenticate") != want {
				t.Errorf("WWW-Authenticate is %q", r.header.Get("WWW-Authenticate"))
			}
			if r.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be kept by a cache")
			}
		})
	}
	for _, path := range []string{"/metrics", "/api/v1/runs", "/api/v1/events", "/api/v1/agents/triager", "/api/v1/deliveries/x"} {
		d.get(t, path).has(t, 401, "admin token")
	}
	for _, path := range []string{"/healthz", "/readyz"} { // what watches the process has no token
		d.get(t, path).has(t, 200, "status")
	}
	// With a token any name will do: the token is the proof.
	d.call(t, http.MethodGet, "/metrics", "Authorization", "Bearer the-admin-token", "Host", "aof.example.com").has(t, 200, "aof_build_info")
}

func TestWithoutATokenOnlyLoopbackNamesAreAnswered(t *testing.T) {
	d := newDaemon(t, "")
	for host, status := range map[string]int{
		"localhost": 200, "localhost:3001": 200, "127.0.0.1": 200, "127.0.0.1:3001": 200, "127.9.9.9:1": 200, "[::1]:3001": 200, "[::1]": 200,
		"aof.example.com": 403, "127.0.0.1.evil.example": 403, "localhost.evil.example:3001": 403, "10.0.0.1:3001": 403, "0.0.0.0:3001": 403,
		"[fe80::1]:3001": 403, "2130706433": 403,
	} {
		r := d.call(t, http.MethodGet, "/api/v1/status", "Host", host)
		text := "v1.2.3"
		if status == 403 {
			text = "set AOF_ADMIN_TOKEN"
		}
		r.has(t, status, text)
	}
	d.call(t, http.MethodGet, "/healthz", "Host", "10.0.0.1:3001").has(t, 200, "ok") // probes go by address
}

func TestWhatIsNotThereIsSaidSo(t *testing.T) {
	d := newDaemon(t, "")
	for path, text := range map[string]string{
		"/":                        "there is nothing at /; the API is below /api/v1",
		"/api/v1/nonsense":         "there is nothing at /api/v1/nonsense",
		"/api/v1/runs/01X":         "run 01X",
		"/api/v1/deliveries/01X":   "no such delivery",
		"/api/v1/agents/nobody":    "there is no nobody in agents",
		"/api/v1/triggers/triager": "there is no triager in triggers",
		"/api/v1/tools/jira":       "there is nothing at",
	} {
		r := d.get(t, path)
		r.has(t, 404, text)
		if r.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s is answered as %s", path, r.header.Get("Content-Type"))
		}
	}
	for _, method := range []string{"PATCH", "PUT", "DELETE"} {
		d.call(t, method, "/api/v1/runs").has(t, 405, method+" is not allowed at /api/v1/runs")
	}
}

func TestReadinessTellsWhatIsAmiss(t *testing.T) {
	d := newDaemon(t, "")
	well, broken := admin.Check{Name: "store", OK: true}, admin.Check{Name: "store", Detail: "disk full"}
	minor := admin.Check{Name: "jira", Optional: true, Detail: "wrong token"}
	for _, c := range []struct {
		name   string
		checks []admin.Check
		status int
		text   string
	}{
		{"all well", []admin.Check{well}, 200, "ready"},
		{"something minor", []admin.Check{well, minor}, 200, "degraded"},
		{"something grave", []admin.Check{broken}, 503, "not ready"},
		{"both", []admin.Check{broken, minor}, 503, "not ready"},
		{"both the other way", []admin.Check{minor, broken}, 503, "not ready"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d.checks = c.checks
			r := d.get(t, "/readyz")
			r.has(t, c.status, `"status": "`+c.text+`"`)
			if strings.Contains(r.body, "checks") {
				t.Error("the checks are told to whoever did not ask for them")
			}
			verbose := d.get(t, "/readyz?verbose")
			for _, check := range c.checks {
				verbose.has(t, c.status, check.Detail)
			}
			d.get(t, "/healthz").has(t, 200, "ok")
		})
	}
}

func TestAPageOfAnotherOriginChangesNothing(t *testing.T) {
	d := newDaemon(t, "")
	for name, header := range map[string][]string{
		"a form":         {"Origin", "https://evil.example"},
		"as of a file":   {"Origin", "null"},
		"as told by":     {"Sec-Fetch-Site", "cross-site"},
		"a sister":       {"Sec-Fetch-Site", "same-site"},
		"another port's": {"Origin", "http://localhost:8080"},
	} {
		for _, path := range []string{"/api/v1/runs", "/api/v1/runs/x/cancel", "/api/v1/approvals/K7QX2M/approve"} {
			t.Run(name+path, func(t *testing.T) {
				d.call(t, http.MethodPost, path, append(header, "Host", "localhost:3001")...).has(t, 403, "another origin")
			})
		}
	}
	d.call(t, http.MethodPost, "/api/v1/runs/x/cancel", "Host", "localhost:3001", "Origin", "http://localhost:3001").has(t, 404, "x")
}
