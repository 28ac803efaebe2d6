package atlassian

import (
	"context"
	"net/http"
)

// guarded asks before each request, and each redirect that is followed, whether it
// may be made at all.
type guarded struct {
	next http.RoundTripper
	may  func(ctx context.Context) error
}

// RoundTrip implements http.RoundTripper.
func (g *guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	if g.may != nil {
		if err := g.may(req.Context()); err != nil {
			closeBody(req)
			return nil, unsent(req, &deniedError{err})
		}
	}
	return g.next.RoundTrip(req)
}
