package llm

import "net/http"

// Unbilled reports whether a failed call is known to have cost nothing: the
// provider, or each of those that were asked, refused the request before any
// model saw it. Of one that broke off or ran out of time nobody knows.
func Unbilled(err error) bool {
	switch e := err.(type) { //nolint:errorlint // what wraps an error is looked into below
	case *Error:
		return e.unbilled()
	case interface{ Unwrap() []error }:
		list := e.Unwrap()
		for _, one := range list {
			if !Unbilled(one) {
				return false
			}
		}
		return len(list) > 0
	case interface{ Unwrap() error }:
		return Unbilled(e.Unwrap())
	}
	return false
}

func (e *Error) unbilled() bool {
	if e.Usage.In+e.Usage.Out > 0 {
		return false
	}
	switch e.Kind {
	case KindAuth, KindQuota, KindRateLimit, KindNotFound, KindTooLong:
		return true
	case KindInvalid:
		return e.Status == 0 || e.Status >= http.StatusBadRequest && e.Status < http.StatusInternalServerError
	case KindOverloaded, KindUnavailable, KindTimeout, KindContent, KindConfig:
	}
	return false
}
