package fit

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aofctl/aofctl/internal/a2a"
)

// Reason is why a token is refused, in a word: bounded, for metrics.
type Reason string

// The reasons.
const (
	Malformed   Reason = "malformed"
	Algorithm   Reason = "algorithm"
	Header      Reason = "header"
	UnknownKey  Reason = "unknown_key"
	Signature   Reason = "signature"
	Expired     Reason = "expired"
	NotYetValid Reason = "not_yet_valid"
	Issuer      Reason = "issuer"
	Audience    Reason = "audience"
	Tenant      Reason = "tenant"
	Deployment  Reason = "environment"
	Route       Reason = "module"
	Isolated    Reason = "isolated_cloud"
	// NoKeys is not the token's fault: it could not be checked.
	NoKeys Reason = "no_keys"
)

// Error refuses a token. Its text may be told to whoever sent it.
type Error struct {
	Reason Reason
	// Why says it in words, after "the token".
	Why string
}

// Error implements error.
func (e *Error) Error() string { return "the Forge invocation token " + e.Why }

func bad(reason Reason, format string, args ...any) error {
	return &Error{Reason: reason, Why: fmt.Sprintf(format, args...)}
}

// KeysError says that there is no key to check a token with, and that the token is
// neither good nor bad.
type KeysError struct {
	// RetryAfter is when keys are asked for again.
	RetryAfter time.Duration
	Cause      error
}

// Error implements error.
func (e *KeysError) Error() string {
	return fmt.Sprintf("get the keys of Forge: %v", e.Cause)
}

// Unwrap gives the cause.
func (e *KeysError) Unwrap() error { return e.Cause }

// Refuse turns an error of Verify into the answer to the request: 401 for a bad
// token, which Forge takes for a reason to send a retry with a new one, and 503
// where there are no keys.
func Refuse(err error) *a2a.Refusal {
	var wrong *Error
	var keys *KeysError
	switch {
	case errors.As(err, &wrong):
		return &a2a.Refusal{
			Status: http.StatusUnauthorized, Message: "Unauthorized: " + wrong.Error(),
			Challenge: `Bearer error="invalid_token", error_description="` + wrong.Error() + `"`,
		}
	case errors.As(err, &keys):
		return &a2a.Refusal{
			Status: http.StatusServiceUnavailable, Message: "The keys of Forge cannot be had now",
			RetryAfter: max(keys.RetryAfter, time.Second), Cause: err,
		}
	default:
		return &a2a.Refusal{
			Status: http.StatusServiceUnavailable, Message: "The token could not be checked now",
			RetryAfter: time.Second, Cause: err,
		}
	}
}
