package push

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"github.com/aofctl/aofctl/internal/hosts"
)

const (
	dialTimeout = 5 * time.Second
	sendTimeout = 15 * time.Second
	idleTimeout = 30 * time.Second
	// maxAnswer is how much of an answer is read, so that its connection serves again.
	maxAnswer = 16 << 10
)

// receivers are the hosts that may be told.
type receivers struct {
	listed hosts.List
}

// check reads the address of a receiver and says which host that is. The error is
// a *hosts.RefusedError.
func (r receivers) check(address string) (*url.URL, hosts.Host, error) {
	if u, h, err := r.listed.Check(address); err == nil {
		return u, h, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return nil, hosts.Host{}, &hosts.RefusedError{Reason: "it must be an https address"}
	}
	h, err := hosts.Parse(u.Host)
	if err != nil {
		return nil, hosts.Host{}, &hosts.RefusedError{Reason: err.Error()}
	}
	u, _, err = hosts.List{h}.Check(address)
	if err != nil {
		return nil, hosts.Host{}, err
	}
	if addr, err := netip.ParseAddr(h.Name); err == nil {
		return u, h, h.CheckAddress(addr)
	}
	return u, h, nil
}

type hostKey struct{}

// reaching remembers for the dialer which host a request is for.
func reaching(ctx context.Context, h hosts.Host) context.Context {
	return context.WithValue(ctx, hostKey{}, h)
}

// carrier connects to the hosts of requests, at addresses that these may lead to,
// without a proxy: one would look names up anew.
func carrier(trust *tls.Config) *http.Transport {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		h, ok := ctx.Value(hostKey{}).(hosts.Host)
		if !ok {
			return nil, errors.New("nobody checked where this request goes")
		}
		d := net.Dialer{Timeout: dialTimeout, ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("read address: %w", err)
			}
			return h.CheckAddress(at.Addr().Unmap())
		}}
		return d.DialContext(ctx, network, address)
	}
	return &http.Transport{DialContext: dial, TLSClientConfig: trust, ForceAttemptHTTP2: true, MaxIdleConns: 32, MaxIdleConnsPerHost: 2,
		IdleConnTimeout: idleTimeout, TLSHandshakeTimeout: dialTimeout, ResponseHeaderTimeout: sendTimeout, MaxResponseHeaderBytes: maxAnswer}
}
