package atlassian

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxBody is the largest answer that is read, in bytes.
const MaxBody = 32 << 20

// maxErrorText is how much of an answer without structure goes into an error.
const maxErrorText = 300

// ReadAnswer reads and closes the answer to a request. An answer that is not a
// success is an *Error with what the body says. So is a read that was answered
// to nobody because our credentials were not accepted: Jira says 200 to that,
// with less in it.
func ReadAnswer(resp *http.Response) ([]byte, error) {
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err == nil && len(body) > MaxBody {
		err = fmt.Errorf("the answer has more than %d bytes", MaxBody)
	} else if err != nil {
		err = &cutOffError{err}
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, answered(resp, body)
	}
	if err != nil {
		failure := blank(resp)
		failure.Err = err
		return nil, failure
	}
	if isRead(resp.Request) && anonymous(resp.Header) {
		failure := blank(resp)
		failure.Anonymous = true
		return nil, failure
	}
	return body, nil
}

// Decode reads the JSON of an answer.
func Decode(resp *http.Response, body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		failure := blank(resp)
		failure.Err = fmt.Errorf("decode answer: %w", err)
		if text := plainText(resp.Header, body); !json.Valid(body) && text != "" {
			failure.Err = fmt.Errorf("the answer is not JSON: %s", text)
		}
		return failure
	}
	return nil
}

// cutOffError is a body that ended too early. What was asked for may have
// happened, and may be asked for again.
type cutOffError struct{ cause error }

func (e *cutOffError) Error() string { return "read answer: " + e.cause.Error() }
func (e *cutOffError) Unwrap() error { return e.cause }

func cutOff(err error) bool {
	var cut *cutOffError
	return errors.As(err, &cut)
}

func blank(resp *http.Response) *Error {
	return &Error{Method: resp.Request.Method, Path: resp.Request.URL.Path, Status: resp.StatusCode}
}

func answered(resp *http.Response, body []byte) *Error {
	e := blank(resp)
	e.RetryAfter = min(retryAfter(resp.Header, time.Now()), maxRetryAfter)
	e.Anonymous = anonymous(resp.Header)
	e.Messages, e.Fields = words(body)
	if len(e.Messages) == 0 && len(e.Fields) == 0 {
		if text := plainText(resp.Header, body); text != "" {
			e.Messages = []string{text}
		}
	}
	if e.Status >= 300 && e.Status < 400 {
		e.Messages = []string{"redirected to " + redirectTarget(resp) + ", which is not followed; check base_url"}
	}
	if reason := resp.Header.Get("RateLimit-Reason"); reason != "" {
		e.Messages = append(e.Messages, "rate limit: "+reason)
	}
	return e
}

func redirectTarget(resp *http.Response) string {
	location, err := resp.Location()
	if err != nil {
		return "nowhere"
	}
	return (&url.URL{Scheme: location.Scheme, Host: location.Host, Path: location.Path}).String()
}

// anonymous reads the headers of Jira's login filter (Seraph).
func anonymous(h http.Header) bool {
	reason := h.Get("X-Seraph-LoginReason")
	return strings.EqualFold(h.Get("X-AUSERNAME"), "anonymous") ||
		strings.Contains(reason, "AUTHENTICATED_FAILED") || strings.Contains(reason, "AUTHENTICATION_DENIED")
}

// maxRetryAfter is where a wish to wait becomes absurd. The longest sane one is
// Cloud's hourly quota.
const maxRetryAfter = time.Hour

// retryAfter reads Retry-After, in seconds or as a date (RFC 9110, 10.2.3), or
// else Cloud's X-RateLimit-Reset, a time. What makes no sense is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if raw := strings.TrimSpace(h.Get("Retry-After")); raw != "" {
		if seconds, err := strconv.ParseFloat(raw, 64); err == nil {
			return sane(seconds)
		}
		if at, err := http.ParseTime(raw); err == nil {
			return sane(at.Sub(now).Seconds())
		}
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if at, err := time.Parse(layout, h.Get("X-RateLimit-Reset")); err == nil {
			return sane(at.Sub(now).Seconds())
		}
	}
	return 0
}

// sane drops times that nobody can mean: negative, not a number, over a day.
func sane(seconds float64) time.Duration {
	if math.IsNaN(seconds) || seconds < 0 || seconds > 24*60*60 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// words finds what a JSON body says, in the shapes that Atlassian's products and
// gateways have: Jira's error collection, a message, problem+json, lists of
// errors, OAuth.
func words(body []byte) (messages []string, fields map[string]string) {
	var doc struct {
		ErrorMessages    []string        `json:"errorMessages"`
		Errors           json.RawMessage `json:"errors"`
		Message          string          `json:"message"`
		Title            string          `json:"title"`
		Detail           string          `json:"detail"`
		Error            json.RawMessage `json:"error"`
		ErrorDescription string          `json:"error_description"`
	}
	if json.Unmarshal(body, &doc) != nil {
		return nil, nil
	}
	messages = append(messages, doc.ErrorMessages...)
	for _, m := range []string{doc.Message, doc.Title, doc.Detail, text(doc.Error), doc.ErrorDescription} {
		if m != "" {
			messages = append(messages, m)
		}
	}
	more, fields := listed(doc.Errors)
	return append(messages, more...), fields
}

func listed(raw json.RawMessage) (messages []string, fields map[string]string) {
	var byField map[string]json.RawMessage
	if json.Unmarshal(raw, &byField) == nil && len(byField) > 0 {
		fields = make(map[string]string, len(byField))
		for field, value := range byField {
			fields[field] = text(value)
		}
		return nil, fields
	}
	var list []json.RawMessage
	_ = json.Unmarshal(raw, &list)
	for _, item := range list {
		if m, _ := words(item); len(m) > 0 {
			messages = append(messages, m...)
		} else if t := text(item); t != "" {
			messages = append(messages, t)
		}
	}
	return messages, nil
}

// text is a JSON string's value, or other JSON as it stands.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// plainText makes a short text of a body without structure. Of a web page it
// keeps the title, or else the words.
func plainText(h http.Header, body []byte) string {
	s := string(body[:min(len(body), 64<<10)])
	if m := titlePattern.FindStringSubmatch(s); m != nil && strings.TrimSpace(m[1]) != "" {
		s = m[1]
	} else if strings.Contains(h.Get("Content-Type"), "html") || strings.Contains(h.Get("Content-Type"), "xml") || strings.HasPrefix(strings.TrimSpace(s), "<") {
		s = tagPattern.ReplaceAllString(s, " ")
	}
	s = strings.Join(strings.Fields(html.UnescapeString(strings.ToValidUTF8(s, ""))), " ")
	if utf8.RuneCountInString(s) > maxErrorText {
		s = string([]rune(s)[:maxErrorText]) + "…"
	}
	return s
}

var (
	titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	tagPattern   = regexp.MustCompile(`(?is)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`)
)
