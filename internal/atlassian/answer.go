package atlassian

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxBody is the largest answer that is read, in bytes.
const MaxBody = 32 << 20

// maxErrorText is how much of an answer without structure goes into an error.
const maxErrorText = 300

// Answer is an answer that was read to its end.
type Answer struct {
	// Response has no body any more; it is nil if nobody answered.
	Response *http.Response
	Body     []byte
}

// Decode reads the JSON of the answer into out; nil wants none, and an answer that
// says it has none leaves out as it is. The error is an *Error.
func (a Answer) Decode(out any) error {
	if out == nil || (len(bytes.TrimSpace(a.Body)) == 0 && a.Response.StatusCode == http.StatusNoContent) {
		return nil
	}
	return decode(a.Response, a.Body, out)
}

// ReadAnswer reads and closes the answer to a request. An answer that is not a
// success is an *Error with what the body says. So is a read that was answered
// to nobody because our credentials were not accepted: Jira says 200 to that,
// with less in it.
func ReadAnswer(resp *http.Response) (Answer, error) {
	body, err := readWhole(resp)
	return Answer{Response: resp, Body: body}, err
}

func readWhole(resp *http.Response) ([]byte, error) {
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
		failure.Messages = challenge(resp.Header)
		return nil, failure
	}
	if webPage(resp) {
		return nil, notAPI(resp, body)
	}
	return body, nil
}

// webPage reports whether a web page came where the API never sends one. To take
// it for success would lose what was to be written.
func webPage(resp *http.Response) bool {
	path := resp.Request.URL.Path
	return strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") && strings.Contains(path, "/rest/") &&
		!strings.Contains(path, "/attachment") && !isDownload(resp.Request.Context())
}

// notAPI is the error of a web page in place of an answer.
func notAPI(resp *http.Response, body []byte) *Error {
	failure := blank(resp)
	title := plainText(resp.Header, body)
	failure.login = loginPattern.MatchString(title)
	what := "the answer is a web page"
	if title != "" {
		what += " (" + title + ")"
	}
	failure.Err = errors.New(what + " and not the REST API's: a login page or a proxy stands in between; check base_url and the credentials")
	return failure
}

// challenge says what the login filter wants of people (Data Center asks for a
// CAPTCHA after some failed logins).
func challenge(h http.Header) []string {
	if strings.Contains(h.Get("X-Authentication-Denied-Reason"), "CAPTCHA") {
		return []string{"the account has to solve a CAPTCHA: log in with it once in a browser"}
	}
	return nil
}

// decode reads the JSON of an answer.
func decode(resp *http.Response, body []byte, v any) error {
	if err := json.Unmarshal(body, v); err != nil {
		failure := blank(resp)
		failure.Err = fmt.Errorf("decode answer: %w", err)
		if endless(body, err) {
			failure.Err = &cutOffError{err}
		} else if text := plainText(resp.Header, body); !json.Valid(body) && text != "" {
			failure.Err = fmt.Errorf("the answer is not JSON: %s", text)
		}
		return failure
	}
	return nil
}

// endless reports whether JSON lacks its end: who tells the end of a body by closing
// the connection ends it anywhere, and nobody notices.
func endless(body []byte, err error) bool {
	var syntax *json.SyntaxError
	body = bytes.TrimLeft(body, " \t\r\n")
	return errors.As(err, &syntax) && syntax.Offset >= int64(len(body)) && len(body) > 0 && (body[0] == '{' || body[0] == '[')
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
	e.RetryAfter = asked(resp.Header, time.Now())
	e.shed = turnedAway(resp)
	e.Anonymous = anonymous(resp.Header) && !transient(e.Status)
	e.Messages, e.Fields = words(body)
	if len(e.Messages) == 0 && len(e.Fields) == 0 {
		if text := plainText(resp.Header, body); text != "" {
			e.Messages = []string{text}
		}
	}
	if e.Status >= 300 && e.Status < 400 {
		target := redirectTarget(resp)
		e.Messages = []string{"redirected to " + target + ", which is not followed; check base_url"}
		if e.login = loginPattern.MatchString(target); e.login {
			e.Messages = []string{"redirected to the login page " + target + ": the credentials were not accepted, or single sign-on stands before the REST API"}
		}
	}
	e.Messages = append(e.Messages, challenge(resp.Header)...)
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

// turnedAway reports whether the answer proves that the work never began: who
// limits a rate, and who says when to come back because the service is not
// available, stands before it.
func turnedAway(resp *http.Response) bool {
	return resp.StatusCode == http.StatusTooManyRequests ||
		(resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("Retry-After") != "")
}

// anonymous reads the headers of Jira's login filter (Seraph).
func anonymous(h http.Header) bool {
	reason := h.Get("X-Seraph-LoginReason")
	return strings.EqualFold(h.Get("X-AUSERNAME"), "anonymous") ||
		strings.Contains(reason, "AUTHENTICATED_FAILED") || strings.Contains(reason, "AUTHENTICATION_DENIED")
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
	loginPattern = regexp.MustCompile(`(?i)\blog[ -]?in\b|\bsign[ -]?in\b|\bsso\b|\bsaml|/authorize\b|\bid\.atlassian\.com`)
	titlePattern = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)
	tagPattern   = regexp.MustCompile(`(?is)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`)
)
