package llm

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Kind says what went wrong with a call, in terms of what can be done about it.
type Kind string

// The kinds of error. RateLimit, Overloaded, Timeout and Unavailable pass by
// themselves; the others need somebody to change something.
const (
	// KindAuth: the key is missing, wrong or not allowed to use the model.
	KindAuth Kind = "auth"
	// KindQuota: the account has no credit left.
	KindQuota Kind = "quota"
	// KindRateLimit: too many requests or tokens in a short time.
	KindRateLimit Kind = "rate_limit"
	// KindOverloaded: the provider has no capacity at the moment.
	KindOverloaded Kind = "overloaded"
	// KindUnavailable: no connection, a cut one, a 5xx or an unusable answer.
	KindUnavailable Kind = "unavailable"
	// KindTimeout: no answer in time.
	KindTimeout Kind = "timeout"
	// KindInvalid: the provider or this package refuses the request as it is.
	KindInvalid Kind = "invalid"
	// KindNotFound: there is no such model, deployment or address.
	KindNotFound Kind = "not_found"
	// KindTooLong: the conversation does not fit into the model's context.
	KindTooLong Kind = "too_long"
	// KindContent: a content filter of the provider stopped the answer.
	KindContent Kind = "content"
	// KindConfig: what answers is not the configured provider, such as a web
	// page, a redirect or a server with an untrusted certificate.
	KindConfig Kind = "config"
)

// Error is a failed call of a model.
type Error struct {
	// Ref is the model that was asked, as "provider:model".
	Ref string
	// Status is the HTTP status; 0 if there was no answer or the request was
	// refused before it was sent.
	Status int
	// Kind says what can be done about it.
	Kind Kind
	// Message is the provider's explanation, made printable, without the key and
	// at most a kilobyte long.
	Message string
	// Advice says what somebody can do about it; "" if only time helps.
	Advice string
	// RetryAfter is how long the provider asks to wait, at most an hour; 0 if it
	// does not say.
	RetryAfter time.Duration
	// RequestID is the provider's name for the call, for its support.
	RequestID string
	// Usage and CostMicroUSD are what the call took although it gave no answer;
	// a filtered answer is billed like another.
	Usage        Usage
	CostMicroUSD *int64

	cause error
	// ours: a limit of this program and not the provider refused the call.
	ours bool
}

// Error tells the model, the kind, the status, the provider's explanation and
// what to do.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "call model %s: %s", e.Ref, strings.ReplaceAll(string(e.Kind), "_", " "))
	if e.Status != 0 {
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Advice != "" {
		b.WriteString("; " + e.Advice)
	}
	return b.String()
}

// Unwrap gives the error of the connection, if that is what failed.
func (e *Error) Unwrap() error { return e.cause }

// Temporary reports whether the same request may succeed later.
func (e *Error) Temporary() bool {
	switch e.Kind {
	case KindRateLimit, KindOverloaded, KindUnavailable, KindTimeout:
		return true
	default:
		return false
	}
}

// RetryDelay is RetryAfter, in the form that a retrying caller asks for without
// knowing this package.
func (e *Error) RetryDelay() time.Duration { return e.RetryAfter }

// kindOfStatus is the kind that a status alone tells.
func kindOfStatus(status int) Kind {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return KindAuth
	case http.StatusPaymentRequired:
		return KindQuota
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return KindNotFound
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return KindTimeout
	case http.StatusRequestEntityTooLarge:
		return KindTooLong
	case http.StatusTooManyRequests:
		return KindRateLimit
	case http.StatusServiceUnavailable, 498, 529: // 498 is Groq's, 529 Anthropic's "no capacity"
		return KindOverloaded
	case http.StatusConflict, http.StatusTooEarly:
		return KindUnavailable
	}
	switch {
	case status >= 300 && status < 400:
		return KindConfig
	case status >= 400 && status < 500:
		return KindInvalid
	default:
		return KindUnavailable
	}
}
