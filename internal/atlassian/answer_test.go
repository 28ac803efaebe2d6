package atlassian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func answer(method string, status int, header map[string]string, body string) *http.Response {
	h := http.Header{}
	for k, v := range header {
		h.Set(k, v)
	}
	req := &http.Request{Method: method, URL: &url.URL{Scheme: "https", Host: "h", Path: "/rest/api/2/issue/A-1", RawQuery: "secret=1"}}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: req}
}

func failureOf(t *testing.T, resp *http.Response) *Error {
	t.Helper()
	_, err := ReadAnswer(resp)
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("err %v", err)
	}
	return failure
}

func TestErrorsKeepTheAnswersOwnWords(t *testing.T) {
	html := `<html><head><title>Log in &ndash; Jira</title><style>b{}</style></head><body>x</body></html>`
	tests := map[string]struct {
		kind, body string
		want       string
		fields     map[string]string
	}{
		"error collection": {
			"application/json", `{"errorMessages":["Cannot."],"errors":{"summary":"Too long.","priority":"No such."}}`,
			"Cannot.; priority: No such.; summary: Too long.",
			map[string]string{"summary": "Too long.", "priority": "No such."},
		},
		"values that are not text": {"application/json", `{"errors":{"a":{"b":1}}}`, `a: {"b":1}`, map[string]string{"a": `{"b":1}`}},
		"message":                  {"application/json", `{"message":"Site is suspended"}`, "Site is suspended", nil},
		"problem+json":             {"application/problem+json", `{"title":"Bad","detail":"The field is odd","status":400}`, "Bad; The field is odd", nil},
		"list of errors":           {"application/json", `{"errors":[{"status":404,"code":"NOT_FOUND","title":"Not Found","detail":null},"x"]}`, "Not Found; x", nil},
		"gateway":                  {"application/json", `{"code":401,"message":"Unauthorized; scope does not match"}`, "Unauthorized; scope does not match", nil},
		"OAuth":                    {"application/json", `{"error":"invalid_grant","error_description":"expired"}`, "invalid_grant; expired", nil},
		"web page":                 {"text/html", html, "Log in – Jira", nil},
		"web page without a title": {"text/html", "<p>Over\n<b>loaded</b><script>evil()</script></p>", "Over loaded", nil},
		"XML":                      {"application/xml", "<status><status-code>401</status-code><message>No</message></status>", "401 No", nil},
		"text":                     {"text/plain", "  upstream\n connect error ", "upstream connect error", nil},
		"nothing":                  {"", "", "", nil},
		"broken JSON":              {"application/json", `{"errorMessages":[`, `{"errorMessages":[`, nil},
		"bytes that are no text":   {"", "a\xff\xfeb", "ab", nil},
		"long":                     {"text/plain", strings.Repeat("é", 1000), strings.Repeat("é", maxErrorText) + "…", nil},
		"other JSON":               {"application/json", `[1,2]`, "[1,2]", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			failure := failureOf(t, answer("POST", 400, map[string]string{"Content-Type": tt.kind}, tt.body))
			if got := failure.Detail(); got != tt.want {
				t.Errorf("detail %q, want %q", got, tt.want)
			}
			if diff := cmp.Diff(tt.fields, failure.Fields); diff != "" {
				t.Error(diff)
			}
			if text := failure.Error(); !strings.HasPrefix(text, "POST /rest/api/2/issue/A-1: 400 Bad Request") || strings.Contains(text, "secret") {
				t.Errorf("error %q", text)
			}
		})
	}
}

func TestErrorTellsWhatMayBeTriedAgainAndWhatCannotHaveHappened(t *testing.T) {
	tests := []struct {
		status             int
		retryAfter         string
		temporary, refused bool
	}{
		{302, "", false, true},
		{400, "", false, true},
		{401, "", false, true},
		{403, "", false, true},
		{404, "", false, true},
		{408, "", true, false},
		{409, "", false, true},
		{410, "", false, true},
		{413, "", false, true},
		{425, "", true, true},
		{429, "", true, true},
		{500, "", true, false},
		{501, "", false, false},
		{502, "", true, false},
		{503, "", true, false},
		{503, "10", true, true},
		{504, "", true, false},
	}
	for _, tt := range tests {
		header := map[string]string{"Location": "https://h/login"}
		if tt.retryAfter != "" {
			header["Retry-After"] = tt.retryAfter
		}
		failure := failureOf(t, answer("POST", tt.status, header, "{}"))
		if failure.Temporary() != tt.temporary || failure.Refused() != tt.refused {
			t.Errorf("%d %q: temporary %v, refused %v", tt.status, tt.retryAfter, failure.Temporary(), failure.Refused())
		}
	}
}

func TestErrorWithoutAnswer(t *testing.T) {
	req := &http.Request{Method: "POST", URL: &url.URL{Path: "/x"}}
	tests := map[string]struct {
		err                error
		temporary, refused bool
	}{
		"dial":     {&url.Error{Op: "Post", URL: "https://h/x?token=1", Err: errDial}, true, true},
		"reset":    {&url.Error{Op: "Post", URL: "https://h/x?token=1", Err: errReset}, true, false},
		"canceled": {&url.Error{Op: "Post", URL: "https://h/x?token=1", Err: context.Canceled}, false, false},
		"ours":     {&url.Error{Op: "Post", URL: "https://h/x?token=1", Err: unsent(req, errReset)}, true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := FromDo(req, tt.err)
			if got.Temporary() != tt.temporary || got.Refused() != tt.refused {
				t.Errorf("temporary %v, refused %v", got.Temporary(), got.Refused())
			}
			if strings.Contains(got.Error(), "token") {
				t.Errorf("the error tells the query: %v", got)
			}
		})
	}
}

func TestRetryAfterIsReadInAllItsForms(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC)
	tests := []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "5", 5 * time.Second},
		{"Retry-After", " 1.5 ", 1500 * time.Millisecond},
		{"Retry-After", "Fri, 02 Jan 2026 03:05:00 GMT", time.Minute},
		{"Retry-After", "Fri, 02 Jan 2026 03:00:00 GMT", 0},
		{"Retry-After", "-1", 0},
		{"Retry-After", "1e300", 0},
		{"Retry-After", "Inf", 0},
		{"Retry-After", "never", 0},
		{"X-RateLimit-Reset", "2026-01-02T03:04:30Z", 30 * time.Second},
		{"X-RateLimit-Reset", "2026-01-02T03:05Z", time.Minute},
		{"X-RateLimit-Reset", "1767323070", 0},
		{"X-Other", "5", 0},
	}
	for _, tt := range tests {
		h := http.Header{}
		h.Set(tt.name, tt.value)
		if got := retryAfter(h, now); got != tt.want {
			t.Errorf("%s: %s gives %s, want %s", tt.name, tt.value, got, tt.want)
		}
	}
}

func TestRetryAfterOfAnErrorIsBounded(t *testing.T) {
	failure := failureOf(t, answer("GET", 429, map[string]string{"Retry-After": "80000", "RateLimit-Reason": "jira-quota-tenant-based"}, ""))
	if failure.RetryAfter != time.Hour || failure.RetryDelay() != time.Hour || !strings.Contains(failure.Detail(), "jira-quota-tenant-based") {
		t.Errorf("after %s: %v", failure.RetryAfter, failure)
	}
}

func TestAnonymousAnswersAreNoticed(t *testing.T) {
	for _, header := range []map[string]string{
		{"X-AUSERNAME": "anonymous"},
		{"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
		{"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"},
	} {
		failure := failureOf(t, answer("GET", 200, header, `{"issues":[]}`))
		if !failure.Anonymous || !failure.Unauthorized() || failure.Temporary() || !strings.Contains(failure.Error(), "not accepted") {
			t.Errorf("%v: %v", header, failure)
		}
		if failure := failureOf(t, answer("GET", 404, header, `{}`)); !failure.Unauthorized() {
			t.Errorf("%v: a 404 for nobody is about the credentials", header)
		}
	}
	if _, err := ReadAnswer(answer("GET", 200, map[string]string{"X-AUSERNAME": "bot", "X-Seraph-LoginReason": "OK"}, `{}`)); err != nil {
		t.Error(err)
	}
	if _, err := ReadAnswer(answer("POST", 201, map[string]string{"X-AUSERNAME": "anonymous"}, `{}`)); err != nil {
		t.Errorf("a write that happened was reported as an error: %v", err)
	}
}

func TestAnswersAreReadWithinBounds(t *testing.T) {
	resp := answer("GET", 200, nil, "")
	resp.Body = io.NopCloser(io.LimitReader(zeros{}, MaxBody+10))
	if _, err := ReadAnswer(resp); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("err %v", err)
	}
	resp = answer("POST", 201, nil, "")
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"id"`), iotest.ErrReader(errReset)))
	_, err := ReadAnswer(resp)
	var failure *Error
	if !errors.As(err, &failure) || !failure.Temporary() || failure.Refused() {
		t.Errorf("err %v: a write whose answer was cut off may have happened", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestDecodeSaysWhatTheAnswerWasInstead(t *testing.T) {
	resp := answer("GET", 200, map[string]string{"Content-Type": "text/html"}, "")
	var v struct{ ID string }
	err := decode(resp, []byte("<html><title>Sign in</title></html>"), &v)
	var failure *Error
	if !errors.As(err, &failure) || failure.Temporary() || !strings.Contains(err.Error(), "not JSON: Sign in") {
		t.Errorf("err %v", err)
	}
	if err := decode(resp, []byte(`{"id":1}`), &v); err == nil || strings.Contains(err.Error(), "not JSON") {
		t.Errorf("err %v", err)
	}
	if err := decode(resp, []byte(`{"id":"1"}`), &v); err != nil || v.ID != "1" {
		t.Errorf("err %v", err)
	}
}

func TestJSONThatEndsTooEarlyWasCutOff(t *testing.T) {
	whole := `{"id":"1","list":[true,{"a":"b"}]}`
	for n := 1; n < len(whole); n++ {
		var v any
		err := decode(answer("POST", 200, nil, ""), []byte(whole[:n]), &v)
		var failure *Error
		if !errors.As(err, &failure) || !failure.Temporary() || failure.Refused() {
			t.Errorf("%s: err %v: what was written may have been", whole[:n], err)
		}
	}
}

func FuzzReadAnswer(f *testing.F) {
	for _, seed := range []string{``, `{}`, `{"errors":[{"errors":[[]]}]}`, `<title>`, `{"errorMessages":[null]}`, "<script", "\xff", `{"error":{"a":1}}`} {
		f.Add(400, "text/html", seed)
		f.Add(200, "text/html", seed)
	}
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		if status < 200 || status > 599 {
			t.Skip()
		}
		_, err := ReadAnswer(answer("GET", status, map[string]string{"Content-Type": kind}, body))
		if (status > 299 || strings.HasPrefix(kind, "text/html")) != (err != nil) {
			t.Errorf("status %d: err %v", status, err)
		}
		if err != nil && !strings.Contains(err.Error(), fmt.Sprint(status)) {
			t.Errorf("the error does not tell the status: %v", err)
		}
	})
}
