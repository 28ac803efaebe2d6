package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"

	"github.com/aofctl/aofctl/internal/atlassian"
)

// unreachable says why a site does not answer and what to look at.
func (s Site) unreachable(err error) Result {
	var e *atlassian.Error
	if errors.As(err, &e) && e.Status != 0 {
		return fail("reachable", s.URL+" answers, but not as Jira: "+err.Error(),
			"base_url must be the address at which people open Jira, with its context path if it has one")
	}
	what, cure := s.cause(err)
	detail := s.URL + ": " + what
	if s.Proxy != "" {
		detail += " (through proxy " + s.Proxy + ")"
	}
	return fail("reachable", detail, cure)
}

// cause names the layer at which a connection failed.
func (s Site) cause(err error) (what, cure string) {
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var verify *tls.CertificateVerificationError
	var host x509.HostnameError
	var old x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case strings.Contains(err.Error(), "proxy"):
		return "the proxy does not let us through: " + err.Error(), "check proxy.https_proxy (or HTTPS_PROXY), its user and password, and no_proxy"
	case s.Proxy != "" && errors.Is(err, syscall.ECONNREFUSED):
		return "the proxy refuses the connection", "check proxy.https_proxy (or HTTPS_PROXY), and whether the proxy runs"
	case errors.As(err, &dns):
		return "the name " + dns.Name + " is not known", "check base_url and the machine's name server (DNS)"
	case errors.As(err, &host):
		return "TLS: the certificate is for another host: " + host.Error(), "check base_url"
	case errors.As(err, &old):
		return "TLS: the certificate is not valid: " + old.Error(), "renew the server's certificate, or mend this machine's clock"
	case errors.As(err, &authority), errors.As(err, &verify):
		return "TLS: the certificate is signed by an authority that is not known here", "set tls.ca_cert_path to the company's CA, in PEM"
	case errors.As(err, &record):
		return "TLS: the server does not speak it at this port", "check base_url: it may want http:// or another port"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens there", "check base_url, its port, and whether Jira runs"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time", "check the network, the firewall and whether a proxy is needed"
	}
	return err.Error(), "check base_url, proxy and network"
}
