package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/aofctl/aofctl/internal/hosts"
)

func checkRequest(req Request) error {
	methods := []string{"", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	switch {
	case !slices.Contains(methods, req.Method):
		return &hosts.RefusedError{Reason: "the method is one of " + strings.Join(methods[1:], ", ")}
	case len(req.Body) > MaxRequest:
		return &hosts.RefusedError{Reason: fmt.Sprintf("the body has %d bytes, at most %d are sent", len(req.Body), MaxRequest)}
	case len(req.Body) > 0 && !writes(req.Method):
		return &hosts.RefusedError{Reason: "a GET or HEAD has no body"}
	}
	for name, list := range req.Header {
		if !slices.Contains(AllowedHeaders(), http.CanonicalHeaderKey(name)) {
			return &hosts.RefusedError{Reason: fmt.Sprintf("the header %.50q cannot be set, only %s", name, strings.Join(AllowedHeaders(), ", "))}
		}
		for _, value := range list {
			if len(value) > maxValue || !httpguts.ValidHeaderFieldValue(value) {
				return &hosts.RefusedError{Reason: fmt.Sprintf("the value of the header %s is too long or has characters that it may not have", name)}
			}
		}
	}
	return nil
}

func writes(method string) bool {
	return method != "" && method != http.MethodGet && method != http.MethodHead
}

// redirect returns where an answer sends the request on. A request that writes is
// not sent on: whoever asked gets the answer and decides.
func redirect(method string, u *url.URL, answer *http.Response) (*url.URL, bool) {
	switch answer.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, false
	}
	location := answer.Header.Get("Location")
	if writes(method) || location == "" {
		return nil, false
	}
	next, err := u.Parse(location)
	if err != nil { // not an address: let the check say so
		return &url.URL{Scheme: u.Scheme, Opaque: location}, true
	}
	return next, true
}

// kept are the headers that another host may see, too.
func kept(header http.Header) http.Header {
	out := http.Header{}
	for _, name := range []string{"Accept", "Accept-Language"} {
		if list := header[name]; len(list) > 0 {
			out[name] = list
		}
	}
	return out
}

type hostKey struct{}

func withHost(ctx context.Context, h hosts.Host) context.Context {
	return context.WithValue(ctx, hostKey{}, h)
}

// connect looks a name up once, checks every address, and connects to what was
// checked: a name that leads elsewhere the next time gains nothing.
func (c *Client) connect(ctx context.Context, network, address string) (net.Conn, error) {
	host, ok := ctx.Value(hostKey{}).(hosts.Host)
	if !ok {
		return nil, errors.New("connect: it is not known which host is meant")
	}
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	list, err := c.lookUp(ctx, name, host.Private)
	if err != nil {
		return nil, err
	}
	for _, addr := range list {
		if err := host.CheckAddress(addr); err != nil {
			return nil, err
		}
	}
	var errs []error
	for _, addr := range list {
		conn, err := c.dial(ctx, network, net.JoinHostPort(addr.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (c *Client) lookUp(ctx context.Context, name string, private bool) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(name); err == nil {
		return []netip.Addr{addr}, nil
	}
	if !private {
		// With a dot at its end a name is looked up as it is, not below the domains
		// that the machine searches.
		name += "."
	}
	list, err := c.cfg.Resolver.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no address", name)
	}
	const most = 8
	return list[:min(len(list), most)], nil
}
