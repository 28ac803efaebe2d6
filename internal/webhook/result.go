package webhook

import "net/http"

// Result says what became of a request, in a word that may be a metric's label.
type Result string

// The results. All up to Duplicate are answered with 200, those about
// signatures, tokens and secrets with 401, the others as their comments say.
const (
	Accepted  Result = "accepted"
	Duplicate Result = "duplicate"

	SignatureMissing   Result = "signature_missing"
	SignatureMalformed Result = "signature_malformed"
	// SignatureMethod is a hash that is too weak or not known.
	SignatureMethod Result = "signature_method"
	SignatureWrong  Result = "signature_wrong"
	TokenWrong      Result = "token_wrong"
	// NoSecret says that no secret is configured with which to verify.
	NoSecret Result = "no_secret"

	// BadMethod is 405, BadEncoding 415, TooLarge 413, TooSlow 408, Aborted 400.
	BadMethod   Result = "bad_method"
	BadEncoding Result = "bad_encoding"
	TooLarge    Result = "too_large"
	TooSlow     Result = "too_slow"
	Aborted     Result = "aborted"

	// Draining, Full and Unavailable are 503: the sender has to try again.
	Draining    Result = "draining"
	Full        Result = "full"
	Unavailable Result = "unavailable"
)

// Metrics counts requests.
type Metrics interface {
	// Webhook counts one request of a source and site. Requests for unknown paths
	// are not counted, since anybody can send them.
	Webhook(source, site string, result Result)
}

// reply is the fixed answer to a refused request. It tells a stranger nothing
// about the reason beyond the status.
type reply struct {
	status int
	text   string
}

func (r Result) reply() reply {
	switch r {
	case BadMethod:
		return reply{http.StatusMethodNotAllowed, "only POST is allowed here"}
	case BadEncoding:
		return reply{http.StatusUnsupportedMediaType, "the body must not be encoded"}
	case TooLarge:
		return reply{http.StatusRequestEntityTooLarge, "the body is too large"}
	case TooSlow:
		return reply{http.StatusRequestTimeout, "the body came too slowly"}
	case Aborted:
		return reply{http.StatusBadRequest, "the body could not be read"}
	case Draining, Full, Unavailable:
		return reply{http.StatusServiceUnavailable, "try again later"}
	default:
		return reply{http.StatusUnauthorized, "the delivery could not be verified"}
	}
}
